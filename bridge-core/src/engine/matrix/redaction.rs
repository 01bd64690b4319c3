//! Somebody on Matrix took back a message or a reaction.

use super::super::Bridge;
use super::super::bridge::room_id;
use super::super::relay::Voice;
use super::{Incoming, sent};
use crate::error::{JobError, NetworkError};
use crate::event::MatrixKind;
use crate::id::ChatKey;
use crate::network::{Network, Session};
use crate::queue::{Closing, Job};

impl<N: Network> Bridge<N> {
    pub(super) async fn matrix_redaction(
        &self,
        job: &Job,
        event: &Incoming,
        chat: &ChatKey,
    ) -> Result<Closing, JobError> {
        let Some(target) = event.redacts() else { return Ok(Closing::default()) };
        if let Some(row) = self.store.reaction_of_event(target).await? {
            return self.matrix_unreact(job, event, chat, row).await;
        }
        let rows = self.store.event_pairs(target).await?;
        if rows.is_empty() {
            return Ok(Closing::default());
        }
        let mut going = Vec::new();
        for row in &rows {
            // First: an answer that stays would hold the empty beginning of its thread.
            going.extend(self.note_of(&row.message_id).await?);
        }
        let mut all = sent(&going);
        all.extend(sent(&rows));
        going.extend(rows);
        let Some(portal) = self.known_chat(chat).await? else { return Ok(Closing::default()) };
        let voice = self.voice_of(event, &portal).await?;
        let Voice { live, .. } = &voice;
        if !live.session.capabilities(chat).deletes {
            return Err(NetworkError::Unsupported("Taking a message back").into());
        }
        let delivered = self.deliver(job, event, chat, voice, MatrixKind::Delete { sent: all }).await?;
        if portal.room_id.as_deref() == Some(event.room_id.as_str()) {
            self.unpin_gone(room_id(&event.room_id)?, &[target.to_owned()]).await?;
        }
        let gone = going.into_iter().map(|row| (row.message_id, row.part_id)).collect();
        Ok(Closing { sent: delivered.is_new, gone, ..Closing::default() })
    }
}
