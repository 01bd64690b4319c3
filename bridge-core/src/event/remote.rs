//! Events that come from the remote network.

use serde::{Deserialize, Serialize};

use crate::content::{Emoji, Message};
use crate::id::{ChatKey, DedupKey, RemoteMessageId, RemoteUserId};

/// One event of the remote network, decoded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RemoteEvent {
    /// What it is about; names the lane.
    pub scope: Scope,
    /// Who did it.
    pub sender: Sender,
    /// When, in milliseconds since 1970, by the network's clock.
    pub at: i64,
    /// What makes a second delivery recognizable.
    pub dedup: DedupKey,
    /// What happened.
    pub kind: RemoteKind,
}

impl RemoteEvent {
    /// An event.
    pub fn new(scope: Scope, sender: Sender, at: i64, dedup: DedupKey, kind: RemoteKind) -> Self {
        Self { scope, sender, at, dedup, kind }
    }
}

/// What an event is about. Events of one scope are handled in order, in one lane.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Scope {
    /// A chat.
    Chat(ChatKey),
    /// A person, wherever they are.
    User(RemoteUserId),
    /// The network or the login as a whole.
    Network,
}

/// Who did something on the remote network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Sender {
    /// A person or bot, who becomes a ghost. A bot that posts under several names is several users: each name needs a
    /// `user_id` of its own, made from bot and name, or each message would rename the one ghost of them all.
    User {
        /// Who.
        user_id: RemoteUserId,
        /// The user's name and picture where the message tells them and [`Session::user_info`] cannot, or may not.
        ///
        /// [`Session::user_info`]: crate::network::Session::user_info
        shown_as: Option<ShownAs>,
    },
    /// The account of our own login: what comes from it was sent through the bridge, or by its other programs.
    Own {
        /// The account.
        user_id: RemoteUserId,
        /// The marker found on the message, exactly as [`MatrixEvent::part_marker`](crate::event::MatrixEvent::part_marker)
        /// made it. It tells that the bridge sent it, so it must not be taken from messages of others.
        marker: Option<String>,
    },
    /// Nobody in particular.
    Network,
}

impl Sender {
    /// A person under their usual name.
    pub fn user(user_id: RemoteUserId) -> Self {
        Self::User { user_id, shown_as: None }
    }

    /// The account, if there is one.
    pub fn user_id(&self) -> Option<&RemoteUserId> {
        match self {
            Self::User { user_id, .. } | Self::Own { user_id, .. } => Some(user_id),
            Self::Network => None,
        }
    }
}

/// A user's name and picture as a message carries them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownAs {
    /// The name.
    pub name: Option<String>,
    /// Where the picture is.
    pub avatar_url: Option<String>,
    /// The name of one of the network's own emoji that is the picture, where there is no other.
    #[serde(default)]
    pub avatar_emoji: Option<String>,
    /// Whether it counts only where the network itself tells nothing: its word goes before. Otherwise this does, and the
    /// network is not asked.
    #[serde(default)]
    pub is_guess: bool,
}

/// What happened on the remote network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RemoteKind {
    /// Somebody wrote a message.
    Message {
        /// Its id.
        id: RemoteMessageId,
        /// What it says.
        message: Message,
    },
    /// A message says something else now.
    Edit {
        /// Which message.
        id: RemoteMessageId,
        /// Which edit of it: another text for each edit, the same for a second delivery.
        revision: String,
        /// All that it says now.
        message: Message,
    },
    /// A message was taken back.
    Delete {
        /// Which message.
        id: RemoteMessageId,
        /// Whether it stays as the empty beginning of a thread, whose replies still name it.
        is_tombstone: bool,
    },
    /// Somebody reacted to a message.
    React {
        /// Which message.
        id: RemoteMessageId,
        /// With what.
        emoji: Emoji,
    },
    /// Somebody took a reaction back.
    Unreact {
        /// Which message.
        id: RemoteMessageId,
        /// Which reaction.
        emoji: Emoji,
    },
    /// Somebody came into the chat or went.
    Member {
        /// Who.
        user_id: RemoteUserId,
        /// What they did.
        change: MemberChange,
    },
    /// What is pinned in the chat changed; it is fetched anew.
    Pins,
    /// The chat goes on under another id.
    Moved(ChatKey),
    /// Somebody asks the bridge for something in the network's own programs; the answer goes to them alone.
    Command {
        /// What they wrote behind the command's name.
        line: String,
        /// Where the answer goes, in the network's own words. It may be good for a short time only.
        answer_to: String,
    },
    /// Our account was removed from the chat.
    Left,
    /// Something in the chat's own data changed (name, topic); it is fetched anew.
    ChatInfo,
    /// The chat was archived, or opened again. Its data is fetched anew; this is what counts if the network tells nothing
    /// of such a chat any more.
    Archived(bool),
    /// The chat was deleted for good.
    Deleted,
    /// Something in a person's own data changed; it is fetched anew.
    UserInfo(RemoteUserId),
    /// The network says that the login's credentials no longer work. It may be an old event of an earlier login, so the
    /// session is asked: [`Session::check`](crate::network::Session::check).
    Credentials,
    /// Our account was added to the chat.
    Joined,
    /// Something the bridge has no use for, or does not know; counted under this name.
    Other(String),
}

/// What somebody did in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum MemberChange {
    /// They came in.
    Joined,
    /// They went, or were removed.
    Left,
}
