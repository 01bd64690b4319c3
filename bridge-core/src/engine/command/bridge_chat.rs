//! `bridge`: makes one chat's portal at once.

use clap::{Arg, ArgMatches};

use super::Ask;
use crate::command::Command;
use crate::config::Level;
use crate::engine::Bridge;
use crate::engine::bridge::{room_id, soft};
use crate::error::{JobError, NetworkError};
use crate::network::{Network, Session};

pub(super) fn command() -> Command {
    let chat = Arg::new("chat").required(true).help("Its name, id or link.");
    let about = "Makes the room of one chat at once and invites you. `<chat>` is its name, id or link.";
    Command { level: Level::User, clap: clap::Command::new("bridge").about(about).arg(chat) }
}

pub(super) async fn run<N: Network>(
    bridge: &Bridge<N>,
    ask: &Ask<'_>,
    args: &ArgMatches,
) -> Result<String, JobError> {
    let name = args.get_one::<String>("chat").map(String::as_str).unwrap_or_default();
    let mut refusal = None;
    let logins = bridge.logins_of(ask.sender(), ask.level).await?;
    if logins.is_empty() {
        return Ok("You are not logged in. `login` begins. Where somebody else has logged in, they or an admin can bridge a chat."
            .to_owned());
    }
    for live in logins.into_iter().filter_map(|login| login.live) {
        let info = match live.session.find_chat(name).await {
            Ok(Some(info)) => info,
            Ok(None) => continue,
            // Another login may be where this one is not.
            Err(NetworkError::Rejected(why)) => {
                refusal.get_or_insert(why);
                continue;
            }
            Err(error) => return Ok(format!("{} could not be asked for it: {error}", live.row.name)),
        };
        let portal = match bridge.portal_for_command(&live, &info.key).await {
            Ok(portal) => portal,
            Err(error) => return Ok(format!("Its room could not be made: {error}")),
        };
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        if let Ok(person) = ruma::UserId::parse(ask.sender()) {
            soft("invite who asked", bridge.app.bot().invite(room, &person).await);
        }
        let shown = portal.info.name.as_deref().unwrap_or(name);
        return Ok(format!("**{shown}** is bridged with {}. You are invited.", bridge.address_of(room)));
    }
    Ok(refusal.unwrap_or_else(|| {
        format!(
            "No login of yours sees a chat of that name. The bridge's app has to be a member of it on {}.",
            N::INFO.name
        )
    }))
}
