//! What a command answers, kept until it is sent: its effect happens once, whatever becomes of the answer.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ruma::OwnedRoomId;

use super::Ask;
use crate::engine::Bridge;
use crate::engine::bridge::room_id;
use crate::error::JobError;
use crate::id::DedupKey;
use crate::network::Network;

/// What a command answers.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// Said where it was asked.
    text: String,
    /// Said in another room, before.
    elsewhere: Option<(OwnedRoomId, String)>,
    /// What begins once all is said.
    then: Option<Then>,
}

/// What a command begins after its answer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Then {
    /// Making all rooms.
    Sync,
}

impl From<String> for Reply {
    fn from(text: String) -> Self {
        Self { text, elsewhere: None, then: None }
    }
}

impl From<&str> for Reply {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl Reply {
    /// The same, with something said in another room.
    pub(super) fn with_elsewhere(self, room: OwnedRoomId, text: String) -> Self {
        Self { elsewhere: Some((room, text)), ..self }
    }

    /// The same, with something that begins once it is sent.
    pub(super) fn with_then(self, then: Then) -> Self {
        Self { then: Some(then), ..self }
    }
}

/// The answers that could not be sent yet, by their jobs' keys: one per lane at most. They live in memory, so a job that
/// a process left is carried out again by the next.
#[derive(Debug, Default)]
pub(crate) struct Replies(Mutex<HashMap<DedupKey, Reply>>);

impl Replies {
    fn map(&self) -> MutexGuard<'_, HashMap<DedupKey, Reply>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<N: Network> Bridge<N> {
    /// Sends a job's answer. `work` carries the job out and makes the answer; it is not called again for a job that is
    /// tried again only because its answer did not get through.
    pub(super) async fn reply(
        &self,
        ask: &Ask<'_>,
        work: impl Future<Output = Result<Reply, JobError>>,
    ) -> Result<(), JobError> {
        let kept = self.replies.map().get(&ask.job.dedup).cloned();
        let reply = if let Some(reply) = kept {
            reply
        } else {
            let reply = work.await?;
            self.replies.map().insert(ask.job.dedup.clone(), reply.clone());
            reply
        };
        let sent = self.send_reply(ask, &reply).await;
        if !matches!(&sent, Err(error) if error.is_tried_again()) {
            self.replies.map().remove(&ask.job.dedup);
        }
        sent?;
        match reply.then {
            Some(Then::Sync) => self.start_sync(ask),
            None => {}
        }
        Ok(())
    }

    async fn send_reply(&self, ask: &Ask<'_>, reply: &Reply) -> Result<(), JobError> {
        if let Some((room, text)) = &reply.elsewhere {
            self.say(room, text, &format!("elsewhere/{}", ask.job.dedup)).await?;
        }
        let room = room_id(&ask.event.room_id)?;
        self.say(room, &reply.text, &format!("answer/{}", ask.job.dedup)).await
    }
}
