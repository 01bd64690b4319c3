//! A message of a thread is also shown outside of it, some time after it was written.

use serde_json::Value;

use super::super::Bridge;
use super::super::supervisor::Live;
use super::message::{Key, Place};
use super::relation::{Relation, first_event, is_outside};
use crate::content::Message;
use crate::error::JobError;
use crate::event::RemoteEvent;
use crate::id::{PartId, RemoteMessageId};
use crate::network::Network;
use crate::queue::Closing;
use crate::store::message::MessageRow;

impl<N: Network> Bridge<N> {
    /// A message came that is shown already: what is missing of it is at most its showing outside of its thread.
    pub(super) async fn remote_broadcast(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        id: &RemoteMessageId,
        message: &Message,
        shown: &[MessageRow],
    ) -> Result<Closing, JobError> {
        if !lacks_outside(message, shown) || shown.iter().any(|row| !self.app.owns(&row.sender)) {
            return Ok(Closing::default());
        }
        let Some(place) = self.place_of_shown(&shown[0]).await? else { return Ok(Closing::default()) };
        let contents = self.edited(live, message, shown, &place).await?;
        let pairs = self.shown_outside(event, id, message, shown, contents, &place).await?;
        Ok(Closing { pairs, ..Closing::default() })
    }

    /// Shows outside of its thread a message that is `shown` in it only, and gives the pairs. `contents`: what of it is to be
    /// seen there.
    pub(super) async fn shown_outside(
        &self,
        event: &RemoteEvent,
        id: &RemoteMessageId,
        message: &Message,
        shown: &[MessageRow],
        contents: Vec<(PartId, Value)>,
        place: &Place,
    ) -> Result<Vec<MessageRow>, JobError> {
        let Some(root) = message.thread_root.as_ref().filter(|_| lacks_outside(message, shown)) else {
            return Ok(Vec::new());
        };
        let thread = first_event(&self.store.message_pairs(root).await?);
        let relation = Relation { thread, broadcast: true, ..Relation::default() };
        let mut pairs = Vec::new();
        for (part, content) in relation.apply(contents) {
            if !is_outside(&part) {
                continue;
            }
            let key = Key { kind: "message", id, part: &part, revision: "" };
            let event_id = self.send_part(place, event, &key, content).await?;
            pairs.push(MessageRow { part_id: part, event_id, sent_at: event.at, ..shown[0].clone() });
        }
        Ok(pairs)
    }
}

fn lacks_outside(message: &Message, shown: &[MessageRow]) -> bool {
    message.broadcast && !shown.is_empty() && !shown.iter().any(|row| is_outside(&row.part_id))
}
