//! The homeserver harness: the same calls against the fake and real Synapse (what passes here and fails there is a bug
//! of the fake), then the fake's second profile and its faults.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]
#![allow(clippy::disallowed_methods, reason = "test code has real time, tasks and clients")]

mod basics;
mod bridge;
mod continuwuity;
mod devices;
mod faults;
mod outages;
mod pushes;
mod remote;
mod restart;
mod transcript;

/// One test per homeserver from one function that takes a [`testkit::Slot`].
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test]
            async fn fake() {
                super::$name(testkit::Homeserver::lease(testkit::Kind::FakeSynapse).await.unwrap()).await;
            }
            #[tokio::test]
            async fn synapse() {
                if testkit::homeserver::synapse::is_available_or_skip(module_path!()) {
                    super::$name(testkit::Homeserver::lease(testkit::Kind::Synapse).await.unwrap()).await;
                }
            }
        }
    )+};
}
pub(crate) use on_both;
