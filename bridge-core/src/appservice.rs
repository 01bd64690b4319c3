//! What the homeserver calls: transactions, questions and pings, and making sure that it does call.

pub mod auth;
pub mod exchange;
mod failure;
pub(crate) mod heartbeat;
pub mod nudge;
pub mod ping;
pub mod pulse;
pub mod query;
pub(crate) mod relay;
pub mod server;
#[cfg(test)]
mod testing;
pub mod transactions;

pub use exchange::Exchange;
pub use nudge::Nudge;
pub use ping::{PingError, ping_homeserver};
pub use query::Lookups;
pub use server::{Endpoints, serve};
pub use transactions::{OwnEvents, RoomLanes};
