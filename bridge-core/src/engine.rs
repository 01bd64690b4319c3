//! What a bridge does: remote events become Matrix events, Matrix events become remote ones.

mod begin_chat;
mod beginner;
pub(crate) mod bridge;
pub(crate) mod catch_up;
pub(crate) mod command;
pub(crate) mod conversation;
mod delivery_event;
pub(crate) mod direct_chat;
mod furnish;
pub(crate) mod ghost;
mod handover;
pub(crate) mod known_login;
pub(crate) mod matrix;
mod media;
pub(crate) mod members;
pub(crate) mod missing_room;
mod notify;
mod own_field;
pub(crate) mod persist;
mod pinned;
pub(crate) mod portal;
mod powerless;
mod preview;
mod reacted;
mod reaction_note;
pub(crate) mod rebuild;
pub(crate) mod relay;
pub(crate) mod remote;
mod room_state;
mod sealed;
pub(crate) mod status;
pub(crate) mod supervisor;
#[cfg(test)]
pub(crate) mod testing;
mod turns;

pub(crate) use bridge::Bridge;
