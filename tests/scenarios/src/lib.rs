//! What scenarios are told with: a world of homeserver, fake Slack, bridge and people, and the demo made of it.
//!
//! The bridge is the real program, run as a black box: this crate knows its config file, its commands and the two
//! wires, and none of its code. A scenario is an `async fn(&mut World) -> Result<()>` under `tests/scenarios/`, mounted
//! by [`scenario!`] in every world it holds in:
//!
//! ```ignore
//! scenario!(text_both_ways in everywhere);
//! async fn text_both_ways(world: &mut World) -> Result<()> {
//!     world.log_in().await?;
//!     let room = world.portal("general").await?;
//!     world.slack_says("alice", "general", "hello").await?;
//!     world.admin.wait_for_text(&room, "hello").await?;
//!     Ok(())
//! }
//! ```
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test-support crate: a broken world should stop the test"
)]

pub mod bots;
pub mod demo;
pub mod failpoints;
pub mod layout;
mod mount;
pub mod planted;
pub mod power_loss;
mod recovery;
pub mod soak;
pub mod world;

pub use bots::Bots;
pub use mount::{run, run_alone};
pub use planted::Planted;
pub use recovery::Recovery;
pub use world::{Balancer, Bridge, Dam, Database, Place, World};

/// What every step of a scenario answers; the error is a sentence for the person who reads a failed test.
pub type Result<T, E = anyhow::Error> = std::result::Result<T, E>;
