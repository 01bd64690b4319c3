//! Our account was removed from a chat, or the chat goes on under another id.

use super::super::Bridge;
use super::super::bridge::room_id;
use super::message::chat_of;
use crate::error::JobError;
use crate::event::RemoteEvent;
use crate::id::ChatKey;
use crate::network::Network;
use crate::queue::Closing;

impl<N: Network> Bridge<N> {
    /// Tells the room that nothing is carried over any more.
    pub(super) async fn remote_left(&self, event: &RemoteEvent) -> Result<Closing, JobError> {
        let Some(portal) = self.known_portal(chat_of(event)?).await? else { return Ok(Closing::default()) };
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        let text = format!(
            "The bridge was removed from this chat on {}. Nothing is carried over until it is let in again there.",
            N::INFO.name
        );
        self.say(room, &text, &format!("left/{}", event.dedup)).await?;
        Ok(Closing::default())
    }

    /// Ties the room to the chat's new id.
    pub(super) async fn remote_moved(&self, event: &RemoteEvent, to: &ChatKey) -> Result<Closing, JobError> {
        let from = chat_of(event)?;
        let Some(portal) = self.store.portal(from).await? else { return Ok(Closing::default()) };
        if !self.store.move_portal(from, to).await? {
            return Ok(Closing::default());
        }
        self.portals.invalidate(from).await;
        self.portals.invalidate(to).await;
        if let Some(room) = portal.room_id {
            self.rooms.insert(room, Some(to.clone())).await;
        }
        Ok(Closing::default())
    }
}
