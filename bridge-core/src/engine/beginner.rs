//! Who on Matrix began a chat, and what becomes of its room once everybody has left.

use ruma::{RoomId, UserId};
use serde_json::Value;

use super::Bridge;
use super::bridge::{leave, room_id};
use super::supervisor::Live;
use crate::config::Level;
use crate::error::JobError;
use crate::id::ChatKey;
use crate::network::Network;
use crate::store::StoreError;
use crate::store::portal::PortalRow;

/// The state of a larger room is not looked through: somebody is in it.
pub(crate) const MOST_STATE: usize = 4 * 1024 * 1024;

impl<N: Network> Bridge<N> {
    /// Who began a chat, as far as it was somebody on Matrix.
    pub(super) async fn beginner(&self, chat: &ChatKey) -> Result<Option<String>, StoreError> {
        self.store.fact(&fact(chat)).await
    }

    /// Notes who is about to begin a chat, before there is a room. Where an earlier try of somebody else has left a room
    /// without a record, it stays theirs.
    pub(super) async fn note_beginner(&self, chat: &ChatKey, person: &UserId) -> Result<(), JobError> {
        match self.beginner(chat).await? {
            Some(first) if first == person.as_str() => Ok(()),
            Some(_) if self.app.bot().room_of_alias(&self.alias(chat)).await?.is_some() => Ok(()),
            _ => self.put_beginner(chat, person).await,
        }
    }

    /// Notes who began a chat, in place of whoever did before.
    pub(super) async fn put_beginner(&self, chat: &ChatKey, person: &UserId) -> Result<(), JobError> {
        Ok(self.store.put_fact(&fact(chat), person.as_str()).await?)
    }

    /// Whether somebody began a chat.
    pub(super) async fn is_beginner(&self, chat: &ChatKey, person: &UserId) -> Result<bool, JobError> {
        Ok(self.beginner(chat).await?.as_deref() == Some(person.as_str()))
    }

    /// Whether somebody comes into a chat's room without one of those in it: what was said there is theirs to read.
    pub(super) async fn may_come_in(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        person: &UserId,
    ) -> Result<bool, JobError> {
        Ok(live.row.owner == person.as_str()
            || self.permissions.level(person.as_str()) >= Level::Admin
            || self.is_beginner(chat, person).await?)
    }

    /// Whether a chat has a room for somebody to be let into or pointed to. One that everybody has left is given up unless
    /// they may come in: nobody is there to invite them, and what was said there stays with those who were in it.
    pub(super) async fn has_room_for(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        person: &UserId,
    ) -> Result<bool, JobError> {
        let Some(portal) = self.known_portal(chat).await? else { return Ok(false) };
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        if self.may_come_in(live, chat, person).await? || self.has_people(room).await? {
            return Ok(true);
        }
        self.give_up_room(&portal, room).await?;
        // Should the chat go on over there before they have their room, the next one is theirs as well.
        self.put_beginner(chat, person).await?;
        Ok(false)
    }

    /// Whether people are in a room or invited.
    async fn has_people(&self, room: &RoomId) -> Result<bool, JobError> {
        let bot = self.app.bot();
        let is_person = |who: &str| !self.app.owns(who);
        match bot.joined_members(room).await {
            Ok(members) if members.keys().any(|who| is_person(who.as_str())) => return Ok(true),
            Ok(_) => {}
            // Without the bot in it nobody tells.
            Err(error) if matches!(error.status(), Some(403 | 404)) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
        let Some(state) = bot.full_state(room, MOST_STATE).await? else { return Ok(true) };
        Ok(state.iter().any(|event| {
            let event: Value = serde_json::from_str(event.get()).unwrap_or_default();
            event["type"] == "m.room.member"
                && event.pointer("/content/membership").and_then(Value::as_str) == Some("invite")
                && event["state_key"].as_str().is_some_and(is_person)
        }))
    }

    /// Unties a chat from its room, so that the next one is a new one.
    async fn give_up_room(&self, portal: &PortalRow, room: &RoomId) -> Result<(), JobError> {
        let bot = self.app.bot();
        // Before the record: by its alias the room would be found again.
        bot.remove_alias(&self.alias(&portal.chat)).await?;
        self.store.put_portal(&PortalRow { room_id: None, ..portal.clone() }).await?;
        self.portals.remove(&portal.chat);
        self.rooms.remove(room.as_str());
        tracing::info!(chat = %portal.chat.chat_id, %room, "a room that everybody has left is given up");
        let members = bot.joined_members(room).await?;
        for ghost in members.keys().filter(|who| **who != *bot.user_id() && self.app.owns(who.as_str())) {
            leave(&self.app.intent(ghost), room).await?;
        }
        leave(&bot, room).await
    }
}

/// The name under which it is noted.
fn fact(chat: &ChatKey) -> String {
    format!("begun/{chat}")
}
