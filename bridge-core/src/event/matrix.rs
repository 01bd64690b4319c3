//! Events that come from Matrix, ready for a network: no Matrix id in them.

use serde::{Deserialize, Serialize};

use crate::content::{Emoji, Message};
use crate::id::{ChatKey, DedupKey, PartId, RemoteMessageId, RemoteUserId};

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
    /// A message says something else now.
    Edit {
        /// The remote messages it became so far, in order.
        sent: Vec<Sent>,
        /// All that it says now.
        message: Message,
    },
    /// A message was taken back.
    Delete {
        /// The remote messages it became, in order, and before them what says who reacted to it. The network's own messages are in it too, where an administrator
        /// redacted them on Matrix; a network that may not delete them answers
        /// [`Rejected`](crate::error::NetworkError::Rejected).
        sent: Vec<Sent>,
    },
    /// Somebody reacted to a message, or took a reaction back.
    React(Reaction),
    /// The room got another name; none takes it away.
    Name(Option<String>),
    /// The room got another topic; none takes it away.
    Topic(Option<String>),
    /// A message was pinned, or is pinned no more.
    Pin {
        /// Which.
        message: RemoteMessageId,
        /// Whether it is to be pinned.
        is_pinned: bool,
    },
    /// Somebody invites a remote person into the chat, or removes one.
    Member {
        /// Who.
        user_id: RemoteUserId,
        /// Whether they are to be in the chat.
        is_in: bool,
    },
}

/// One remote message of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Which part of the event.
    pub part: PartId,
    /// The message.
    pub id: RemoteMessageId,
}

/// A reaction. A relay's account can have each reaction once, however many people it speaks for, so the core counts
/// them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// The message reacted to.
    pub message: RemoteMessageId,
    /// The first message of the thread it stands in, if it stands in one.
    pub thread_root: Option<RemoteMessageId>,
    /// With what.
    pub emoji: Emoji,
    /// Whether the account is to have this reaction afterwards.
    pub is_set: bool,
    /// All reactions that people without a login have on the message now, with their names: for networks that show
    /// in words who reacted.
    pub relayed: Vec<(Emoji, Vec<String>)>,
    /// The remote message that says so, if there is one.
    pub note: Option<RemoteMessageId>,
}
