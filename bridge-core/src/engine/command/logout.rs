//! `logout`: ends a login.

use clap::{Arg, ArgMatches};

use super::Ask;
use crate::command::Command;
use crate::config::Level;
use crate::engine::Bridge;
use crate::error::JobError;
use crate::network::{Network, Session};

/// Said when the bridge may have carried the command out before it was restarted.
const ENDED_BEFORE: &str = "There is no such login any more. The bridge was restarted after you asked, and has \
                            probably ended it before. `list-logins` shows what is left.";

pub(super) fn command() -> Command {
    let login =
        Arg::new("login").help("Its id, as `list-logins` shows it; needed only if there are several.");
    let about = "Ends a login and forgets its credentials. Rooms and messages stay.";
    Command { level: Level::User, clap: clap::Command::new("logout").about(about).arg(login) }
}

pub(super) async fn run<N: Network>(
    bridge: &Bridge<N>,
    ask: &Ask<'_>,
    args: &ArgMatches,
) -> Result<String, JobError> {
    let named = args.get_one::<String>("login");
    let mut logins = bridge.logins_of(ask.sender(), ask.level).await?;
    if let Some(named) = named {
        logins.retain(|login| login.login_id.as_str() == named);
    }
    let login = match logins.as_slice() {
        [login] => login,
        [] if ask.job.maybe_sent => return Ok(ENDED_BEFORE.to_owned()),
        [] if named.is_some() => {
            return Ok("You have no login of that id. `list-logins` shows them.".to_owned());
        }
        [] => return Ok("You are not logged in.".to_owned()),
        _ => {
            return Ok("You have several logins. Name one: `logout <login>`, as `list-logins` shows them."
                .to_owned());
        }
    };
    bridge.store.forget_login(&login.login_id).await?;
    bridge.stop_login(&login.login_id);
    if let Some(live) = &login.live
        && let Err(error) = live.session.log_out().await
    {
        tracing::debug!(login = %login.login_id, %error, "the network did not end the login on its side");
    }
    Ok(format!("Logged out of {}. Its rooms stay, but nothing is carried over any more.", login.name))
}
