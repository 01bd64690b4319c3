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
    /// What it is about now.
    pub topic: Option<String>,
    /// What it is there for. Shown where there is no topic.
    #[serde(default)]
    pub description: Option<String>,
    /// Where its picture is.
    pub avatar_url: Option<String>,
    /// The other person of a direct chat.
    pub peer: Option<RemoteUserId>,
    /// The other people of a [`ChatKind::Group`], in an order that stays; it is called after them.
    #[serde(default)]
    pub peers: Vec<RemoteUserId>,
    /// Whether nothing can be written any more, until it is opened again.
    pub archived: bool,
    /// Whether it is gone for good.
    #[serde(default)]
    pub deleted: bool,
    /// What may be written in it through this login.
    #[serde(default)]
    pub posting: Posting,
    /// What people keep at hand in it, in their order. None where that is not known; what was known before stays then.
    #[serde(default)]
    pub bookmarks: Option<Vec<Bookmark>>,
    /// Who made it.
    #[serde(default)]
    pub creator: Option<RemoteUserId>,
    /// Its address for people.
    #[serde(default)]
    pub url: Option<String>,
    /// The workspace it belongs to, on networks that are made of such.
    #[serde(default)]
    pub workspace: Option<Workspace>,
}

/// What may be written in a chat through a login. The network may let some of its people write where others may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// Messages outside of threads.
    pub messages: bool,
    /// Messages in threads.
    pub answers: bool,
}

impl Default for Posting {
    fn default() -> Self {
        Self { messages: true, answers: true }
    }
}

/// Something that people keep at hand in a chat.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bookmark {
    /// What it is called.
    pub title: String,
    /// Where it leads.
    pub url: Option<String>,
    /// The emoji in front of it, as text.
    pub emoji: Option<String>,
}

/// A workspace, team or server of a network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Where its picture is; a changed picture has a changed address.
    pub avatar_url: Option<String>,
    /// Its address for people.
    pub url: Option<String>,
}

impl ChatInfo {
    /// A chat about which nothing more is known.
    pub fn new(key: ChatKey, kind: ChatKind) -> Self {
        Self {
            key,
            kind,
            name: None,
            topic: None,
            description: None,
            avatar_url: None,
            peer: None,
            peers: Vec::new(),
            archived: false,
            deleted: false,
            posting: Posting::default(),
            bookmarks: None,
            creator: None,
            url: None,
            workspace: None,
        }
    }

    /// A chat of which the name is known.
    pub fn named(key: ChatKey, kind: ChatKind, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::new(key, kind) }
    }

    /// What a room shows as the topic: the topic, or where there is none the description.
    pub fn shown_topic(&self) -> Option<&str> {
        self.topic.as_deref().or(self.description.as_deref())
    }

    /// The other people of a direct chat or group.
    pub fn others(&self) -> impl Iterator<Item = &RemoteUserId> {
        self.peer.iter().chain(&self.peers)
    }

    /// The same with what this description leaves open taken from an earlier one.
    #[must_use]
    pub(crate) fn completed_by(mut self, earlier: &Self) -> Self {
        self.bookmarks = self.bookmarks.or_else(|| earlier.bookmarks.clone());
        self.workspace = self.workspace.or_else(|| earlier.workspace.clone());
        self
    }
}
