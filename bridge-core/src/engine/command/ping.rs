//! `ping`: whether everything is alive.

use std::fmt::Write as _;

use tokio::time::Instant;

use crate::command::Command;
use crate::config::Level;
use crate::engine::Bridge;
use crate::network::Network;

pub(super) fn command() -> Command {
    Command {
        level: Level::Relay,
        clap: clap::Command::new("ping")
            .about("Says whether the homeserver, the database and the logins are alive."),
    }
}

pub(super) async fn run<N: Network>(bridge: &Bridge<N>) -> String {
    let mut text = String::new();
    let started = Instant::now();
    let _ = match bridge.app.bot().whoami().await {
        Ok(_) => writeln!(text, "- The homeserver answered in {} ms.", started.elapsed().as_millis()),
        Err(error) => writeln!(text, "- The homeserver does not answer well: {error}"),
    };
    let started = Instant::now();
    let _ = match bridge.store.ping().await {
        Ok(()) => writeln!(text, "- The database answered in {} ms.", started.elapsed().as_millis()),
        Err(error) => writeln!(text, "- The database does not answer well: {error}"),
    };
    // A database that does not answer was told of above.
    if let Ok(logins) = bridge.known_logins().await {
        if logins.is_empty() {
            let _ = writeln!(text, "- Nobody is logged in to {}.", N::INFO.name);
        }
        for login in logins {
            let _ = writeln!(text, "- {}, {}: {}.", N::INFO.name, login.name, login.state);
        }
    }
    text
}
