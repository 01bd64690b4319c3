//! A message of the remote network was taken back.

use super::super::Bridge;
use super::super::bridge::room_id;
use super::super::catch_up::Overtaken;
use super::super::supervisor::Live;
use crate::error::{JobError, NetworkError};
use crate::event::{MatrixEvent, MatrixKind, RemoteEvent, Sent, Speaker};
use crate::id::{DedupKey, RemoteMessageId};
use crate::matrix::{Intent, MatrixError, TxnKey, txn_id};
use crate::metrics;
use crate::network::{Network, Session};
use crate::queue::Closing;
use crate::store::message::MessageRow;

impl<N: Network> Bridge<N> {
    /// Redacts all events that show the message. One that begins a thread keeps its pairs: answers still refer to it.
    pub(super) async fn remote_delete(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        id: &RemoteMessageId,
        is_tombstone: bool,
    ) -> Result<Closing, JobError> {
        let pairs = self.store.message_pairs(id).await?;
        if pairs.is_empty() {
            metrics::passed_over("deletion of an unknown message");
        }
        self.note_overtaking(live, id, Overtaken::Deleted).await?;
        let mut closing = Closing::default();
        if let Some(note) = self.note_of(id).await? {
            remove_note(live, event, &note).await?;
            closing.gone.push((note.message_id, note.part_id));
        }
        if is_tombstone {
            // Nothing is left to react to; where the pairs go as well, the reactions go with them.
            self.store.remove_reactions(id).await?;
        }
        for row in &pairs {
            self.redact_shown(row, event.at).await?;
        }
        self.unpin_shown(&pairs).await?;
        for row in pairs {
            if !is_tombstone {
                closing.gone.push((row.message_id, row.part_id));
            }
        }
        Ok(closing)
    }

    async fn unpin_shown(&self, pairs: &[MessageRow]) -> Result<(), JobError> {
        let Some(first) = pairs.first() else { return Ok(()) };
        let Some(portal) = self.known_portal(&first.chat).await? else { return Ok(()) };
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        let events: Vec<String> = pairs.iter().map(|row| row.event_id.clone()).collect();
        match self.unpin_gone(room, &events).await {
            Err(error) if !error.is_tried_again() => {
                tracing::debug!(%error, "what is pinned in a room cannot be read or changed; the deletion is shown");
                Ok(())
            }
            done => done,
        }
    }

    /// Redacts one event: a ghost its own, the bot that of somebody on Matrix, whose message was removed over there.
    pub(super) async fn redact_shown(&self, row: &MessageRow, at: i64) -> Result<(), JobError> {
        let Some(portal) = self.known_portal(&row.chat).await? else { return Ok(()) };
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        let by = match ruma::UserId::parse(&row.sender) {
            Ok(sender) if self.app.owns(&row.sender) => self.app.intent(&sender),
            _ => self.app.bot(),
        };
        self.redact_event(&by, room, &row.event_id, at).await
    }

    /// Redacts an event, once however often it is called. One that is gone, or that the user may not redact, is passed
    /// over.
    pub(super) async fn redact_event(
        &self,
        by: &Intent,
        room: &ruma::RoomId,
        event_id: &str,
        at: i64,
    ) -> Result<(), JobError> {
        let Ok(parsed) = <&ruma::EventId>::try_from(event_id) else { return Ok(()) };
        let ghost = by.user_id().as_str();
        let txn = txn_id(&TxnKey { kind: "redaction", remote_id: event_id, part: "", ghost, revision: "" });
        match by.redact(room, parsed, None, &txn, Some(at)).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => Ok(()),
            Err(MatrixError::Refused { status: 403, .. }) if !by.is_bot() => {
                // The ghost is not in the room any more; the bot may redact whatever is there.
                Box::pin(self.redact_event(&self.app.bot(), room, event_id, at)).await
            }
            Err(error) if error.is_forbidden() => {
                metrics::passed_over("redaction that is not allowed");
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Takes back our own message that says who reacted. That it stays where the network does not let go of it harms nobody.
async fn remove_note<S: Session>(
    live: &Live<S>,
    event: &RemoteEvent,
    note: &MessageRow,
) -> Result<(), JobError> {
    let sent = vec![Sent { part: note.part_id.clone(), id: note.message_id.clone() }];
    let marker = DedupKey::new(format!("note/{}", event.dedup));
    let (chat, kind) = (note.chat.clone(), MatrixKind::Delete { sent });
    let order = MatrixEvent::new(chat, Speaker::Login, event.at, marker, kind);
    match live.session.send(&order, Vec::new()).await {
        Err(NetworkError::Rejected(why)) => {
            tracing::debug!(why, "the note about who reacted to a removed message stays");
            Ok(())
        }
        done => Ok(done.map(drop)?),
    }
}
