//! Events that come from Matrix, ready for a network: no Matrix id in them.

use serde::{Deserialize, Serialize};

use crate::content::Message;
use crate::id::{ChatKey, DedupKey};

/// One Matrix event for a network to carry out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MatrixEvent {
    /// The chat it belongs to.
    pub chat: ChatKey,
    /// Who speaks.
    pub speaker: Speaker,
    /// When, in milliseconds since 1970, by the homeserver's clock.
    pub at: i64,
    /// What `find_sent` finds the event by; each remote message carries it as [`MatrixEvent::part_marker`]. Stable over
    /// retries.
    pub marker: DedupKey,
    /// What happened.
    pub kind: MatrixKind,
}

impl MatrixEvent {
    /// An event.
    pub fn new(chat: ChatKey, speaker: Speaker, at: i64, marker: DedupKey, kind: MatrixKind) -> Self {
        Self { chat, speaker, at, marker, kind }
    }

    /// The marker to leave on the `index`-th remote message (from 0) that this event becomes. When the message comes back
    /// to us, [`Sender::Own`](crate::event::Sender::Own) holds it, and the core reads the event out of it.
    pub fn part_marker(&self, index: usize) -> String {
        format!("{}/{index}", self.marker)
    }
}

/// Who speaks on the remote network for a Matrix user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Speaker {
    /// The login's own account, for its owner.
    Login,
    /// A relay login, for somebody without one: name and picture go with the message where the network can show
    /// them.
    Relayed {
        /// The person's display name in the room, or the local part of their id.
        name: String,
        /// Where the person's picture can be fetched by anyone, if anywhere.
        avatar_url: Option<String>,
    },
}

/// What happened on Matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum MatrixKind {
    /// A message.
    Message(Message),
}
