//! Somebody on Matrix changed a message.

use serde_json::Value;

use super::super::Bridge;
use super::super::relay::Voice;
use super::delivery::pairs;
use super::{Incoming, sent};
use crate::error::{JobError, NetworkError};
use crate::event::{MatrixKind, from_matrix};
use crate::id::{ChatKey, LoginId};
use crate::metrics;
use crate::network::{Network, Session};
use crate::queue::{Closing, Job};

/// The event that this one changes.
pub(in crate::engine) fn target(content: &Value) -> Option<&str> {
    let relation = content.get("m.relates_to")?;
    let is_edit = relation.get("rel_type").and_then(Value::as_str) == Some("m.replace");
    is_edit.then(|| relation.get("event_id").and_then(Value::as_str))?
}

/// The memo of which change of an event was the last that was carried over.
fn edit_of(target: &str) -> String {
    format!("edit of {target}")
}

impl<N: Network> Bridge<N> {
    pub(super) async fn matrix_edit(
        &self,
        job: &Job,
        event: &Incoming,
        chat: &ChatKey,
        target: &str,
    ) -> Result<Closing, JobError> {
        let Some(portal) = self.known_chat(chat).await? else { return Ok(Closing::default()) };
        let rows = self.store.event_pairs(target).await?;
        let Some(first) = rows.first().cloned() else {
            return Err(JobError::Reject(
                "The message that was changed did not go through the bridge, so the change cannot either."
                    .to_owned(),
            ));
        };
        // Of a message that was found again on the network it is not known who on Matrix said it.
        let is_known = first.sender.starts_with('@');
        if is_known && first.sender != event.sender {
            // Homeservers let nobody change others' messages; whoever gets around that changes nothing here.
            metrics::passed_over("matrix: edit of another's message");
            return Ok(Closing::default());
        }
        let new = event.content.get("m.new_content").unwrap_or(&event.content);
        let lookup = self.matrix_lookup(new, &portal, &event.sender).await?;
        let Some(mut message) = from_matrix::message(new, &lookup) else { return Ok(Closing::default()) };
        message.thread_root.clone_from(&first.thread_root);
        let voice = self.voice_of(event, &portal).await?;
        let Voice { live, .. } = &voice;
        let login_id = live.row.login_id.clone();
        // In the order of acceptance, as in the lane: two changes may be of one millisecond.
        let accepted = job.letter_id.map_or(job.id, |letter| letter.0);
        if job.letter_id.is_some() && self.is_overtaken(&login_id, target, accepted).await? {
            metrics::passed_over("matrix: edit that was tried again after a later one");
            return Ok(Closing::default());
        }
        self.settle_emoji(live, &mut message).await?;
        if !live.session.capabilities(chat).edits {
            return Err(NetworkError::Unsupported("Changing a message").into());
        }
        let message = self.fitting(&live.session, chat, event, message)?;
        let kind = MatrixKind::Edit { sent: sent(&rows), message };
        let delivered = self.deliver(job, event, chat, voice, kind).await?;
        self.store.put_memo(&login_id, &edit_of(target), Some(&accepted.to_string())).await?;
        let gone = rows.iter().filter(|row| !delivered.parts.iter().any(|part| part.id == row.message_id));
        let gone = gone.map(|row| (row.message_id.clone(), row.part_id.clone())).collect();
        let added: Vec<_> = delivered
            .parts
            .into_iter()
            .filter(|part| !rows.iter().any(|row| row.message_id == part.id))
            .collect();
        let pairs = pairs(event, target, chat, first.thread_root.as_ref(), added);
        Ok(Closing { sent: delivered.is_new, pairs, gone })
    }

    /// Whether a later change of the event was carried over already, while this one was a dead letter.
    async fn is_overtaken(&self, login_id: &LoginId, target: &str, accepted: i64) -> Result<bool, JobError> {
        let last = self.store.memo(login_id, &edit_of(target)).await?;
        Ok(last.and_then(|last| last.parse().ok()).is_some_and(|last: i64| last > accepted))
    }
}
