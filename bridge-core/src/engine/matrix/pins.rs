//! Somebody on Matrix changed what is pinned in a room.

use ruma::RoomId;

use super::super::Bridge;
use super::super::bridge::room_id;
use super::super::pinned::listed;
use super::Incoming;
use crate::error::JobError;
use crate::event::MatrixKind;
use crate::id::ChatKey;
use crate::network::{Network, Session};
use crate::queue::{Closing, Job};
use crate::store::message::MessageRow;
use crate::store::portal::PortalRow;

/// A change that the network did not take.
struct Refusal {
    event_id: String,
    is_pinned: bool,
    why: String,
}

impl<N: Network> Bridge<N> {
    /// Carries over what was pinned and what was taken off, of the messages that are on both sides. What the network does
    /// not take is undone, with the reason.
    pub(super) async fn matrix_pins(
        &self,
        job: &Job,
        event: &Incoming,
        chat: &ChatKey,
    ) -> Result<Closing, JobError> {
        if event.state_key.as_deref() != Some("") {
            return Ok(Closing::default());
        }
        let Some(portal) = self.known_portal(chat).await? else { return Ok(Closing::default()) };
        let room = room_id(&event.room_id)?;
        let (wanted, now) = (listed(&event.content), self.pinned_now(room).await?);
        let mut on_both = match self.pinned_on_both(room).await? {
            Some(on_both) => on_both,
            None => self.pinned_over_there(event, &portal, &wanted).await?,
        };
        let mut changes: Vec<(String, bool)> = Vec::new();
        changes.extend(wanted.iter().filter(|pin| !on_both.contains(pin)).map(|pin| (pin.clone(), true)));
        // What is there now was pinned remotely after this event: whoever sent it did not know of it.
        let is_taken_off = |pin: &&String| !wanted.contains(pin) && !now.contains(pin);
        changes.extend(on_both.iter().filter(is_taken_off).map(|pin| (pin.clone(), false)));
        let mut refusals = Vec::new();
        for (event_id, is_pinned) in changes {
            let rows = self.store.event_pairs(&event_id).await?;
            let voice = self.voice_of(event, &portal).await?;
            if rows.is_empty() || !voice.live.session.capabilities(chat).pins {
                continue;
            }
            match self.set_pin(job, event, &portal, &rows, is_pinned).await {
                Ok(()) if is_pinned => on_both.push(event_id),
                Ok(()) => on_both.retain(|pin| *pin != event_id),
                Err(JobError::Reject(why)) => refusals.push(Refusal { event_id, is_pinned, why }),
                Err(error) => return Err(error),
            }
        }
        self.note_pinned(room, &on_both).await?;
        self.undo_pins(job, room, now, &refusals).await?;
        Ok(Closing::default())
    }

    /// The pins of the network, as events: what is on both sides in a room from before that was noted.
    async fn pinned_over_there(
        &self,
        event: &Incoming,
        portal: &PortalRow,
        wanted: &[String],
    ) -> Result<Vec<String>, JobError> {
        let session = &self.voice_of(event, portal).await?.live.session;
        if !session.capabilities(&portal.chat).pins {
            return Ok(Vec::new());
        }
        let mut pinned = Vec::new();
        for id in session.pins(&portal.chat).await? {
            let pairs = self.store.message_pairs(&id).await?;
            let mut pairs = pairs.iter().filter(|row| row.has_event());
            let known = pairs.clone().find(|row| wanted.contains(&row.event_id)).or_else(|| pairs.next());
            pinned.extend(known.map(|row| row.event_id.clone()));
        }
        Ok(pinned)
    }

    /// Pins the first of an event's messages, or takes off all of them: somebody over there may have pinned any.
    async fn set_pin(
        &self,
        job: &Job,
        event: &Incoming,
        portal: &PortalRow,
        rows: &[MessageRow],
        is_pinned: bool,
    ) -> Result<(), JobError> {
        let meant = if is_pinned { 1 } else { rows.len() };
        for row in rows.iter().take(meant) {
            let voice = self.voice_of(event, portal).await?;
            let kind = MatrixKind::Pin { message: row.message_id.clone(), is_pinned };
            self.deliver(job, event, &portal.chat, voice, kind).await?;
        }
        Ok(())
    }

    async fn undo_pins(
        &self,
        job: &Job,
        room: &RoomId,
        mut now: Vec<String>,
        refusals: &[Refusal],
    ) -> Result<(), JobError> {
        let Some(first) = refusals.first() else { return Ok(()) };
        for Refusal { event_id, is_pinned, .. } in refusals {
            if *is_pinned {
                now.retain(|pin| pin != event_id);
            } else if !now.contains(event_id) {
                now.push(event_id.clone());
            }
        }
        let text = if self.pin(room, &now).await? {
            format!("What is pinned was set back to what it was on {}. {}", N::INFO.name, first.why)
        } else {
            format!("What is pinned here is not what is pinned on {}. {}", N::INFO.name, first.why)
        };
        self.say(room, &text, &format!("undone/{}", job.dedup)).await
    }
}
