//! The one way to start a task: named, and never silent when it dies.

use std::future::Future;

use futures_util::FutureExt;
use tokio::task::JoinHandle;

/// Starts a task. A panic in it is logged with its name and ends only this task.
#[allow(clippy::disallowed_methods, reason = "the replacement that the ban names")]
pub fn spawn<F>(name: &'static str, future: F) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        if std::panic::AssertUnwindSafe(future).catch_unwind().await.is_err() {
            tracing::error!(task = name, "a task panicked and ended");
        }
    })
}
