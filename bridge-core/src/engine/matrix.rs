//! Carries Matrix events over to the remote network; one file per kind.

mod member;
mod message;

use serde::Deserialize;
use serde_json::Value;

use super::Bridge;
use crate::error::JobError;
use crate::metrics;
use crate::network::Network;
use crate::queue::{Closing, Job};

/// A Matrix event as far as the bridge reads it. Absent fields are empty: the homeserver families differ.
#[derive(Debug, Deserialize)]
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
}

impl Incoming {
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
            "m.room.member" => self.matrix_member(job, &event).await.map(|()| Closing::default()),
            "m.room.encrypted" => self.matrix_encrypted(&event).await,
            _ => {
                metrics::passed_over("matrix: other");
                Ok(Closing::default())
            }
        }
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
