//! A person's direct chat with the bot: found, or made once.

use ruma::{OwnedRoomId, OwnedUserId, RoomId, UserId};
use serde_json::Value;

use super::Bridge;
use super::bridge::room_id;
use crate::error::JobError;
use crate::matrix::{CreateRoom, MatrixError};
use crate::network::Network;

impl<N: Network> Bridge<N> {
    /// Says something to a person in their direct chat with the bot, which is made if there is none.
    pub(crate) async fn tell(&self, mxid: &str, markdown: &str, key: &str) -> Result<OwnedRoomId, JobError> {
        let room = self.direct_chat(mxid).await?;
        self.say(&room, markdown, key).await?;
        Ok(room)
    }

    /// A person's direct chat with the bot. It is made under an alias, so that a room whose record a crash lost is found
    /// again instead of made a second time.
    pub(crate) async fn direct_chat(&self, mxid: &str) -> Result<OwnedRoomId, JobError> {
        if let Some(room) = self.store.management_room_of(mxid).await? {
            return Ok(room_id(&room)?.to_owned());
        }
        let person =
            UserId::parse(mxid).map_err(|_| JobError::Park("The user id is malformed.".to_owned()))?;
        let bot = self.app.bot();
        bot.ensure_registered().await?;
        let alias = self.app.ghosts().own_alias(&format!("direct chat with {person}"));
        let mut made = bot.create_room_at(&alias, new_chat::<N>(&person)).await?;
        if made.is_found && !self.are_together(&made.room_id, &person).await? {
            // One of the two has left it; nobody would read there.
            bot.remove_alias(&alias).await?;
            made = bot.create_room_at(&alias, new_chat::<N>(&person)).await?;
        }
        self.store.put_management_room(made.room_id.as_str(), mxid).await?;
        Ok(made.room_id)
    }

    /// Whether the bot is in the room, and the person is or is invited.
    pub(crate) async fn are_together(&self, room: &RoomId, person: &UserId) -> Result<bool, MatrixError> {
        let bot = self.app.bot();
        // Asked first: whoever has left a room may still read its state as it was then.
        match bot.joined_members(room).await {
            Ok(members) if members.contains_key(person) => return Ok(true),
            Ok(_) => {}
            Err(error) if matches!(error.status(), Some(403 | 404)) => return Ok(false),
            Err(error) => return Err(error),
        }
        let member = bot.state(room, "m.room.member", person.as_str()).await?.unwrap_or_default();
        Ok(member.get("membership").and_then(Value::as_str) == Some("invite"))
    }
}

fn new_chat<N: Network>(person: &OwnedUserId) -> CreateRoom {
    CreateRoom {
        name: Some(format!("{} bridge", N::INFO.name)),
        is_direct: true,
        is_federated: true,
        invite: vec![person.clone()],
        ..CreateRoom::default()
    }
}
