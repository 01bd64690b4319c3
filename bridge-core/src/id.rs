//! Identifiers of the remote network as types, so that one kind can never be passed for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the network's own text for this id. Any text is accepted; the network decides what it means.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id as the network wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

text_id!(
    /// A chat of the remote network: a channel, a direct message, a group.
    ChatId
);
text_id!(
    /// A person or a bot of the remote network.
    RemoteUserId
);
text_id!(
    /// A message of the remote network, unique over the whole network (a network whose own ids are unique
    /// only within a chat puts the chat into it).
    RemoteMessageId
);
text_id!(
    /// A saved connection to the remote network.
    LoginId
);
text_id!(
    /// One Matrix event's share of a remote message; empty for a message's only or first part.
    PartId
);
text_id!(
    /// What makes a second delivery of the same event recognizable.
    DedupKey
);

impl PartId {
    /// The part id of a message's only or first part.
    pub fn first() -> Self {
        Self(String::new())
    }

    /// The id of the `index`-th part, counted from 0; the 0th is [`PartId::first`].
    pub fn numbered(index: usize) -> Self {
        if index == 0 { Self::first() } else { Self(index.to_string()) }
    }
}

/// A chat as seen by one receiver. Networks in which all logins see the same chat leave the receiver out;
/// where each login has its own view (direct messages of people), it names the login.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChatKey {
    /// The chat.
    pub chat_id: ChatId,
    /// The login whose view this is, if views differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver: Option<LoginId>,
}

impl ChatKey {
    /// A chat that every login sees alike.
    pub fn shared(chat_id: ChatId) -> Self {
        Self { chat_id, receiver: None }
    }

    /// The receiver as stored: empty for a shared chat.
    pub fn receiver_str(&self) -> &str {
        self.receiver.as_ref().map_or("", LoginId::as_str)
    }
}

impl fmt::Display for ChatKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.receiver {
            None => write!(f, "{}", self.chat_id),
            Some(receiver) => write!(f, "{}\u{1f}{receiver}", self.chat_id),
        }
    }
}

impl FromStr for ChatKey {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.split_once('\u{1f}') {
            None => Self::shared(ChatId::new(text)),
            Some((chat, receiver)) => {
                Self { chat_id: ChatId::new(chat), receiver: Some(LoginId::new(receiver)) }
            }
        })
    }
}
