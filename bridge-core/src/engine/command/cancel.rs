//! `cancel`: ends a login in the making.

use super::Ask;
use crate::command::Command;
use crate::config::Level;
use crate::engine::Bridge;
use crate::network::Network;

pub(super) fn command() -> Command {
    Command {
        level: Level::User,
        clap: clap::Command::new("cancel")
            .about("Ends a login that still asks you something. Nothing of it is stored."),
    }
}

pub(super) fn run<N: Network>(bridge: &Bridge<N>, ask: &Ask<'_>) -> String {
    if bridge.conversations.end(ask.sender()) {
        "Cancelled. Nothing was stored.".to_owned()
    } else if ask.job.maybe_sent {
        "There is nothing to cancel: the bridge was restarted, and with that every login in the making ended. Nothing was \
         stored of it."
            .to_owned()
    } else {
        "There is nothing to cancel.".to_owned()
    }
}
