//! `help`: what there is.

use std::fmt::Write as _;

use super::Ask;
use crate::command::Command;
use crate::config::Level;
use crate::engine::Bridge;
use crate::network::Network;

pub(super) fn command() -> Command {
    Command {
        level: Level::Relay,
        clap: clap::Command::new("help").about("Lists the commands that you can use."),
    }
}

pub(super) fn run<N: Network>(bridge: &Bridge<N>, ask: &Ask<'_>) -> String {
    let mut text = bridge.catalogue.help(ask.level);
    if ask.level >= Level::User {
        text.push_str("\n**Ways to log in**\n\n");
        for flow in N::login_flows() {
            let _ = writeln!(text, "- `login {}`: {}", flow.id, flow.summary);
        }
    }
    text
}
