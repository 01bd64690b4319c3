//! Everything a black-box test of a Matrix bridge needs around the bridge: homeserver, users, programs, databases.
//!
//! - [`Homeserver`] is a homeserver of one [`Kind`]: an in-process fake with faults and two profiles, a real Synapse,
//!   or any server that runs already. [`Homeserver::lease`] also gives an appservice registered there.
//! - [`User`] is a person with a client: creates rooms, sends, and waits for what the bridge does.
//! - [`Program`] runs a binary, keeps its output, kills it, starts it again.
//! - [`Postgres`] is a throw-away Postgres server.
//! - [`Port`] is a port nobody else takes; [`eventually`] waits for a condition.
//!
//! ```no_run
//! # async fn example() -> testkit::Result<()> {
//! let slot = testkit::Homeserver::lease(testkit::Kind::FakeSynapse).await?;
//! // … start the bridge with `slot.appservice` …
//! let alice = slot.homeserver.user("alice").await?;
//! let room = alice.create_dm(&slot.appservice.bot_id()).await?;
//! alice.send_text(&room, "help").await?;
//! alice.wait_for_text_with(&room, "Commands").await?;
//! # Ok(()) }
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test-support crate: a broken harness should stop the test"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "stands outside of the programs: has real time, chance, tasks and clients of its own"
)]
#![allow(clippy::struct_field_names, reason = "Matrix's own words: room_id stays room_id in a room")]

mod guard;
pub mod homeserver;
mod http_client;
pub mod port;
pub mod postgres;
pub mod process;
pub mod user;
pub mod wait;

pub use homeserver::fake::{Fake, Fault, Profile};
pub use homeserver::{Appservice, Homeserver, Kind, Slot};
pub use port::Port;
pub use postgres::Postgres;
pub use process::Program;
pub use user::User;
pub use wait::eventually;

/// What every fallible function here answers; the error is a sentence for the person who reads a failed test.
pub type Result<T, E = anyhow::Error> = std::result::Result<T, E>;
