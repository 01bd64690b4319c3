//! `list-logins`: who is logged in, and how the connections are doing.

use std::fmt::Write as _;

use super::Ask;
use crate::command::Command;
use crate::config::Level;
use crate::engine::Bridge;
use crate::network::Network;

pub(super) fn command() -> Command {
    let about = "Lists your logins and how their connections are doing; for an admin, everybody's.";
    Command { level: Level::User, clap: clap::Command::new("list-logins").about(about) }
}

pub(super) fn run<N: Network>(bridge: &Bridge<N>, ask: &Ask<'_>) -> String {
    let mut text = String::new();
    for live in bridge.logins_of(ask) {
        let row = &live.row;
        let _ =
            writeln!(text, "- `{}`: {}, by {}: {}.", row.login_id, row.name, row.owner, live.context.state());
    }
    if text.is_empty() { "There is no login. `login` makes one.".to_owned() } else { text }
}
