//! `cancel`: ends a login in the making.

use super::Ask;
use crate::command::Command;
use crate::config::Level;
use crate::engine::Bridge;
use crate::network::Network;

pub(super) fn command() -> Command {
    Command { level: Level::User, clap: clap::Command::new("cancel").about("Ends a login in the making.") }
}

pub(super) fn run<N: Network>(bridge: &Bridge<N>, ask: &Ask<'_>) -> String {
    if bridge.conversations.end(ask.sender()) {
        "Cancelled. Nothing was stored.".to_owned()
    } else {
        "There is nothing to cancel.".to_owned()
    }
}
