//! What is answered to a message: decided and kept before the first word is sent, so that a repeat says the same, and kept
//! on, so that it can be taken back.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::plugin::{Event, PluginContext, PluginError, Timer};

/// For how long an answer can be taken back, in milliseconds: thirty days.
const KEPT_MS: i64 = 30 * 24 * 3_600_000;
/// What whoever looks at a redaction sees.
const WHY: &str = "The message with the link was taken back.";

/// The answer to a message.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Record {
    room_id: String,
    /// What is still to be sent, without its relation to the message.
    left: VecDeque<Value>,
    /// The events that were sent.
    sent: Vec<String>,
}

impl Record {
    /// The answer that was decided on.
    pub(super) async fn find(event_id: &str, context: &PluginContext) -> Result<Option<Self>, PluginError> {
        let Some(text) = context.value(&name(event_id)).await? else { return Ok(None) };
        // The library's own words might quote the text.
        let read = serde_json::from_str(&text);
        read.map(Some)
            .map_err(|_| PluginError::Fault("What was kept of an answer cannot be read.".to_owned()))
    }

    /// Decides that this is the answer to a message.
    pub(super) async fn begin(
        event: &Event,
        parts: Vec<Value>,
        context: &PluginContext,
    ) -> Result<Self, PluginError> {
        // First the timer: one that finds nothing does no harm, and an answer without one would be kept for ever.
        let due_at = event.accepted_at.saturating_add(KEPT_MS);
        let (name, room_id) = (name(&event.id), event.room_id.clone());
        context.set_timer(&Timer { name, room_id: room_id.clone(), due_at, payload: String::new() }).await?;
        let record = Self { room_id, left: parts.into(), sent: Vec::new() };
        record.keep(&event.id, context).await?;
        Ok(record)
    }

    /// Sends what is still to be sent.
    pub(super) async fn tell(mut self, event: &Event, context: &PluginContext) -> Result<(), PluginError> {
        while let Some(part) = self.left.front().cloned() {
            // Known by its place in the answer, wherever an earlier try ended.
            let place = context.under(&format!("part {}", self.sent.len()));
            self.sent.push(place.reply_with(event, part).await?);
            self.left.pop_front();
            self.keep(&event.id, context).await?;
        }
        Ok(())
    }

    async fn keep(&self, event_id: &str, context: &PluginContext) -> Result<(), PluginError> {
        let text = serde_json::to_string(self);
        let text = text.map_err(|_| PluginError::Fault("An answer cannot be written down.".to_owned()))?;
        context.put(&name(event_id), &text).await
    }
}

/// Takes the answer to a message back that was itself taken back.
pub(super) async fn take_back(event: &Event, context: &PluginContext) -> Result<(), PluginError> {
    // Where this stands depends on the room's version.
    let target = event.redacts.as_deref().unwrap_or_else(|| event.text("redacts"));
    let Some(record) = Record::find(target, context).await? else { return Ok(()) };
    if record.room_id != event.room_id {
        return Ok(());
    }
    let mut refused = Ok(());
    for (at, sent) in record.sent.iter().enumerate() {
        let place = context.under(&format!("take back {at}"));
        match place.redact(&event.room_id, sent, Some(WHY)).await {
            // One of several may be gone already; the others are to go, too.
            Err(PluginError::Refused(why)) => refused = Err(PluginError::Refused(why)),
            other => drop(other?),
        }
    }
    // An empty answer stays: if the message should be tried again, nothing is said to it.
    let empty = Record { room_id: record.room_id, ..Record::default() };
    empty.keep(target, context).await?;
    refused
}

/// Forgets an answer whose time is over.
pub(super) async fn forget(timer: &Timer, context: &PluginContext) -> Result<(), PluginError> {
    context.forget(&timer.name).await
}

/// Under which name an answer is kept, and its timer is set.
fn name(event_id: &str) -> String {
    format!("answer {event_id}")
}
