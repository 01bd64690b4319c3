//! Carries Matrix events over to the remote network; one file per kind.

mod delivery;
mod edit;
mod lookup;
mod member;
mod message;
mod reaction;
mod redaction;
mod room_info;

use serde::Deserialize;
use serde_json::Value;

use super::Bridge;
use crate::config::Level;
use crate::error::JobError;
use crate::event::Sent;
use crate::id::ChatKey;
use crate::metrics;
use crate::network::Network;
use crate::queue::{Closing, Job};
use crate::store::message::MessageRow;

/// A Matrix event as far as the bridge reads it. Absent fields are empty: the homeserver families differ.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Incoming {
    #[serde(default)]
    pub(crate) event_id: String,
    #[serde(default)]
    pub(crate) room_id: String,
    #[serde(default)]
    pub(crate) sender: String,
    #[serde(default, rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) state_key: Option<String>,
    #[serde(default)]
    pub(crate) origin_server_ts: i64,
    #[serde(default)]
    pub(crate) content: Value,
    #[serde(default)]
    redacts: Option<String>,
}

impl Incoming {
    /// The event that a redaction takes back: in its content from room version 11 on, beside it before.
    pub(crate) fn redacts(&self) -> Option<&str> {
        self.content.get("redacts").and_then(Value::as_str).or(self.redacts.as_deref())
    }

    pub(crate) fn read(payload: &str) -> Result<Self, JobError> {
        serde_json::from_str(payload).map_err(|error| {
            JobError::Park(format!("The Matrix event has an unexpected form ({}).", error.classify_name()))
        })
    }
}

/// Names a JSON error without the text that caused it.
trait ClassifyName {
    fn classify_name(&self) -> &'static str;
}

impl ClassifyName for serde_json::Error {
    fn classify_name(&self) -> &'static str {
        match self.classify() {
            serde_json::error::Category::Data => "a field has the wrong type",
            serde_json::error::Category::Eof => "it is cut off",
            _ => "it is not JSON",
        }
    }
}

impl<N: Network> Bridge<N> {
    pub(super) async fn handle_matrix(&self, job: &Job) -> Result<Closing, JobError> {
        let Ok(event) = Incoming::read(&job.payload) else {
            metrics::passed_over("matrix: malformed");
            return Ok(Closing::default());
        };
        if self.app.owns(&event.sender) {
            return Ok(Closing::default());
        }
        match event.kind.as_str() {
            "m.room.message" => self.matrix_message(job, &event).await,
            "m.sticker" => self.matrix_sticker(job, event).await,
            "m.room.member" => self.matrix_member(job, &event).await.map(|()| Closing::default()),
            "m.room.encrypted" => self.matrix_encrypted(&event).await,
            "m.reaction" | "m.room.redaction" | "m.room.name" | "m.room.topic" => {
                self.matrix_in_portal(job, &event).await
            }
            _ => {
                metrics::passed_over("matrix: other");
                Ok(Closing::default())
            }
        }
    }

    /// What only concerns portals, and only from people who may use them.
    async fn matrix_in_portal(&self, job: &Job, event: &Incoming) -> Result<Closing, JobError> {
        let chat: Option<ChatKey> = self.chat_of_room(&event.room_id).await?;
        let Some(chat) = chat.filter(|_| self.permissions.level(&event.sender) >= Level::Relay) else {
            return Ok(Closing::default());
        };
        match event.kind.as_str() {
            "m.reaction" => self.matrix_react(job, event, &chat).await,
            "m.room.redaction" => self.matrix_redaction(job, event, &chat).await,
            _ => self.matrix_room_info(job, event, &chat).await,
        }
    }

    /// A sticker is a picture.
    async fn matrix_sticker(&self, job: &Job, mut event: Incoming) -> Result<Closing, JobError> {
        if let Some(content) = event.content.as_object_mut() {
            content.insert("msgtype".to_owned(), "m.image".into());
        }
        self.matrix_message(job, &event).await
    }

    /// The bridge has no keys: in a portal that has to be said, elsewhere it does not matter.
    async fn matrix_encrypted(&self, event: &Incoming) -> Result<Closing, JobError> {
        let is_ours = self.chat_of_room(&event.room_id).await?.is_some()
            || self.store.management_room_owner(&event.room_id).await?.is_some();
        if !is_ours {
            return Ok(Closing::default());
        }
        Err(JobError::Reject(
            "It is encrypted, and the bridge cannot read encrypted messages. Use a room without encryption."
                .to_owned(),
        ))
    }
}

/// The remote messages that an event became, in order.
fn sent(rows: &[MessageRow]) -> Vec<Sent> {
    let mut rows: Vec<&MessageRow> = rows.iter().collect();
    rows.sort_by(|a, b| (a.sent_at, &a.message_id).cmp(&(b.sent_at, &b.message_id)));
    rows.into_iter().map(|row| Sent { part: row.part_id.clone(), id: row.message_id.clone() }).collect()
}
