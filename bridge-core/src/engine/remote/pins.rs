//! What is pinned in a chat of the remote network changed.

use super::super::Bridge;
use super::super::bridge::room_id;
use super::super::catch_up::Overtaken;
use super::super::pinned::{merged, refused};
use super::super::supervisor::Live;
use super::message::chat_of;
use crate::error::JobError;
use crate::event::RemoteEvent;
use crate::network::{Network, Session};
use crate::queue::Closing;
use crate::store::message::MessageRow;

impl<N: Network> Bridge<N> {
    /// Pins the events of the pinned messages, of those that are shown. What people pinned on Matrix that was never
    /// carried over stays pinned. Our own change comes back here, too, and changes nothing.
    pub(super) async fn remote_pins(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
    ) -> Result<Closing, JobError> {
        let chat = chat_of(event)?;
        let Some(portal) = self.known_portal(chat).await? else { return Ok(Closing::default()) };
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        let mut remote = Vec::new();
        for id in live.session.pins(chat).await? {
            let pairs = self.store.message_pairs(&id).await?;
            if pairs.is_empty() {
                // It may still be to come.
                self.note_overtaking(live, &id, Overtaken::Touched).await?;
            }
            remote.push(pairs.into_iter().filter(MessageRow::has_event).map(|row| row.event_id).collect());
        }
        let mut now = Vec::new();
        for event_id in self.pinned_now(room).await? {
            let is_carried = !self.store.event_pairs(&event_id).await?.is_empty();
            now.push((event_id, is_carried));
        }
        // Of an older room: what is pinned in it came from over there.
        let carried =
            || now.iter().filter(|(_, is_carried)| *is_carried).map(|(event, _)| event.clone()).collect();
        let on_both: Vec<String> = self.pinned_on_both(room).await?.unwrap_or_else(carried);
        let merged = merged(&now, &on_both, &remote);
        let mut is_followed = true;
        // What people change in this moment must not be set back to what was there a moment ago.
        if merged.in_room.iter().ne(now.iter().map(|(event_id, _)| event_id)) {
            is_followed = self.pin(room, &merged.in_room).await?;
        }
        let then = if is_followed { merged.on_both } else { refused(&now, on_both, merged.on_both) };
        self.note_pinned(room, &then).await?;
        Ok(Closing::default())
    }
}
