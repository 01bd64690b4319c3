//! `help`: what there is.

use std::fmt::Write as _;

use clap::{Arg, ArgMatches};

use super::Ask;
use crate::command::Command;
use crate::config::Level;
use crate::engine::Bridge;
use crate::network::Network;

pub(super) fn command() -> Command {
    let named = Arg::new("command").num_args(0..).help("One of them, to say more of it.");
    let about = "Lists the commands that you can use, or says more of one.";
    Command { level: Level::Relay, clap: clap::Command::new("help").about(about).arg(named) }
}

pub(super) fn run<N: Network>(bridge: &Bridge<N>, ask: &Ask<'_>, args: &ArgMatches) -> String {
    let named: Vec<&str> = args.get_many("command").into_iter().flatten().map(String::as_str).collect();
    if !named.is_empty() {
        return bridge.catalogue.help_for(&named, ask.level);
    }
    let mut text = bridge.catalogue.help(ask.level);
    if ask.level >= Level::User {
        text.push_str("\n**Ways to log in**\n\n");
        for flow in N::login_flows() {
            let _ = writeln!(text, "- `login {}`: {}", flow.id, flow.summary);
        }
    }
    text
}
