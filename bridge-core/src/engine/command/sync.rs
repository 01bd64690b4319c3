//! `sync`: makes all portals at once.

use super::Ask;
use crate::command::Command;
use crate::config::Level;
use crate::engine::Bridge;
use crate::engine::bridge::{room_id, soft};
use crate::error::JobError;
use crate::network::{Network, Session};

pub(super) fn command() -> Command {
    let about = "Makes the rooms of all chats you are in at once, instead of with their first message.";
    Command { level: Level::User, clap: clap::Command::new("sync").about(about) }
}

pub(super) async fn run<N: Network>(bridge: &Bridge<N>, ask: &Ask<'_>) -> Result<String, JobError> {
    let logins = bridge.logins_of(ask);
    if logins.is_empty() {
        return Ok("You are not logged in. `login` begins.".to_owned());
    }
    let (mut made, mut known) = (0, 0);
    for live in logins {
        let chats = match live.session.chats().await {
            Ok(chats) => chats,
            // An answer, not a failure: a job that waits here would hold up the very chat in which this is mended.
            Err(error) => return Ok(format!("The chats of {} could not be listed: {error}", live.row.name)),
        };
        for info in chats {
            let key = info.key.clone();
            known += 1;
            if bridge.known_portal(&key).await?.is_none() {
                bridge.know_chat(&live, info).await?;
                let portal = match bridge.portal_for_command(&live, &key).await {
                    Ok(portal) => portal,
                    Err(error) => {
                        return Ok(format!("{made} rooms were made, then one could not be: {error}"));
                    }
                };
                let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
                if let Ok(person) = ruma::UserId::parse(ask.sender())
                    && live.row.owner != ask.sender()
                {
                    soft("invite who asked", bridge.app.bot().invite(room, &person).await);
                }
                made += 1;
            }
        }
    }
    Ok(format!("{known} chats are known, {made} rooms were made just now. You are invited to these."))
}
