//! `list-logins`: who is logged in, and how the connections are doing.

use std::fmt::Write as _;

use super::Ask;
use crate::command::Command;
use crate::config::Level;
use crate::engine::Bridge;
use crate::error::JobError;
use crate::network::Network;

pub(super) fn command() -> Command {
    let about = "Lists your logins and how each is doing; an admin sees everybody's.";
    Command { level: Level::User, clap: clap::Command::new("list-logins").about(about) }
}

pub(super) async fn run<N: Network>(bridge: &Bridge<N>, ask: &Ask<'_>) -> Result<String, JobError> {
    let mut text = String::new();
    for login in bridge.logins_of(ask.sender(), ask.level).await? {
        let _ =
            writeln!(text, "- `{}`: {}, by {}: {}.", login.login_id, login.name, login.owner, login.state);
    }
    Ok(if text.is_empty() { "There is no login. `login` makes one.".to_owned() } else { text })
}
