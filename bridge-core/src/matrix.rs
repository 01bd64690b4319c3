//! Acting on the homeserver: one HTTP client, and a handle per Matrix user that acts through it.

pub mod account;
pub mod app_service;
pub mod client;
pub mod error;
pub mod ghost_id;
pub mod intent;
pub mod media;
pub(crate) mod power;
pub mod probe;
pub mod profile;
pub mod public_media;
pub mod room;
pub mod send;
pub mod state;
pub mod sync;
mod transport;
pub mod txn_id;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use app_service::{AppService, Settings};
pub use client::{MatrixClient, Reach};
pub use error::{ErrorClass, MatrixError};
pub use ghost_id::GhostIds;
pub use intent::Intent;
pub use probe::{Family, Features};
pub use profile::Profile;
pub use public_media::{FileAddress, PublicMedia};
pub use room::{CreateRoom, Made};
pub use sync::{RoomNews, Synced, TIMELINE};
pub use txn_id::{TxnKey, txn_id};
