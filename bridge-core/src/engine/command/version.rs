//! `version`: which version runs.

use crate::command::Command;
use crate::config::Level;
use crate::engine::Bridge;
use crate::network::Network;

pub(super) fn command() -> Command {
    Command { level: Level::Relay, clap: clap::Command::new("version").about("Says which version runs.") }
}

pub(super) fn run<N: Network>(_bridge: &Bridge<N>) -> String {
    format!("This is the {} bridge, version {}.", N::INFO.name, env!("CARGO_PKG_VERSION"))
}
