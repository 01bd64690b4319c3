//! What is pinned in a chat of the remote network changed.

use serde_json::json;

use super::super::Bridge;
use super::super::bridge::room_id;
use super::super::supervisor::Live;
use super::message::chat_of;
use super::relation::first_event;
use crate::error::JobError;
use crate::event::RemoteEvent;
use crate::network::{Network, Session};
use crate::queue::Closing;

impl<N: Network> Bridge<N> {
    /// Pins the events of the pinned messages, of those that are shown.
    pub(super) async fn remote_pins(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
    ) -> Result<Closing, JobError> {
        let chat = chat_of(event)?;
        let Some(portal) = self.known_portal(chat).await? else { return Ok(Closing::default()) };
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        let mut pinned = Vec::new();
        for id in live.session.pins(chat).await? {
            pinned.extend(first_event(&self.store.message_pairs(&id).await?));
        }
        self.app.bot().send_state(room, "m.room.pinned_events", "", &json!({ "pinned": pinned })).await?;
        Ok(Closing::default())
    }
}
