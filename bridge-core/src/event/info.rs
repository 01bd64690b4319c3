//! A chat as the network describes it.

use serde::{Deserialize, Serialize};

use crate::id::{ChatKey, RemoteUserId};

/// What kind of place a chat is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ChatKind {
    /// Open to everybody on the network's side.
    #[default]
    Channel,
    /// A channel that people are invited to.
    Private,
    /// A group of people without a name of its own.
    Group,
    /// Two people.
    Direct,
}

/// A chat as the network describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChatInfo {
    /// Which chat.
    pub key: ChatKey,
    /// What kind.
    pub kind: ChatKind,
    /// Its name, as people see it, without a sign in front.
    pub name: Option<String>,
    /// What it is about.
    pub topic: Option<String>,
    /// Where its picture is.
    pub avatar_url: Option<String>,
    /// The other person of a direct chat.
    pub peer: Option<RemoteUserId>,
    /// Whether nothing can be written any more.
    pub archived: bool,
}

impl ChatInfo {
    /// A chat about which nothing more is known.
    pub fn new(key: ChatKey, kind: ChatKind) -> Self {
        Self { key, kind, name: None, topic: None, avatar_url: None, peer: None, archived: false }
    }

    /// A chat of which the name is known.
    pub fn named(key: ChatKey, kind: ChatKind, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::new(key, kind) }
    }
}
