//! `capabilities`: what the room that it is asked in can carry.

use super::Ask;
use crate::command::Command;
use crate::config::Level;
use crate::engine::Bridge;
use crate::engine::room_state::features;
use crate::error::JobError;
use crate::network::{Network, Session};

pub(super) fn command() -> Command {
    let about = "Says what the room in which you ask carries over, and how. Ask in the room of a chat.";
    Command { level: Level::Relay, clap: clap::Command::new("capabilities").about(about) }
}

pub(super) async fn run<N: Network>(bridge: &Bridge<N>, ask: &Ask<'_>) -> Result<String, JobError> {
    let Some(chat) = bridge.chat_of_room(&ask.event.room_id).await? else {
        return Ok(super::NOT_A_PORTAL.to_owned());
    };
    let Some(portal) = bridge.known_portal(&chat).await? else { return Ok(super::NOT_A_PORTAL.to_owned()) };
    let Some(live) = bridge.logins.live(&portal.login_id) else {
        return Ok("The login that carries this room has ended, so nothing is carried over.".to_owned());
    };
    let able = live.session.capabilities(&chat);
    Ok(features::sentences(&portal.info, &able, N::INFO.name))
}
