//! The answers a pure conversion needs, gathered before it runs.

use std::collections::HashMap;

use super::{File, FileSource};
use crate::id::{ChatId, RemoteMessageId, RemoteUserId};

/// Names and addresses known on both sides, for one conversion.
#[derive(Debug, Clone, Default)]
pub struct Lookup {
    /// Remote person → how Matrix mentions them.
    pub users: HashMap<RemoteUserId, MatrixName>,
    /// Remote chat → how Matrix mentions its room.
    pub chats: HashMap<ChatId, MatrixName>,
    /// Matrix user id → the remote person behind the ghost, or the login's own account.
    pub remote_users: HashMap<String, RemoteUserId>,
    /// Matrix room id or alias → the chat it is a portal of.
    pub remote_chats: HashMap<String, ChatId>,
    /// Matrix event id → the remote message it shows or became.
    pub remote_messages: HashMap<String, KnownMessage>,
    /// Named group of the remote network → what it is called, with the sign that stands before it (`@designers`).
    pub groups: HashMap<String, String>,
    /// Servers that know the rooms that are linked to; a room's id alone does not lead there.
    pub via: Vec<String>,
    /// Whether the writer of a Matrix message may notify the whole room.
    pub may_notify_room: bool,
    /// A file of the remote network → where it is on Matrix, or a sentence that says why it is not.
    pub files: HashMap<FileSource, Result<CarriedFile, String>>,
    /// The name of one of the network's own emoji → the `mxc://` address of its picture.
    pub emoji: HashMap<String, String>,
    /// A remote message → the address (`https://matrix.to/…`) of the event that shows it.
    pub messages: HashMap<RemoteMessageId, String>,
}

/// A message of the remote network that a Matrix event shows or became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownMessage {
    /// Which.
    pub id: RemoteMessageId,
    /// Its address on the remote network, if it has one.
    pub link: Option<String>,
}

/// How something is named on Matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixName {
    /// The full Matrix id (`@user:server`, `!room:server`), if there is one.
    pub mxid: Option<String>,
    /// The name to show.
    pub name: String,
}

/// A file as it lies on Matrix.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CarriedFile {
    /// The `mxc://` address.
    pub mxc: String,
    /// The media type as found.
    pub media_type: String,
    /// The length in bytes as found.
    pub size: u64,
    /// Width and height in pixels, of pictures and videos.
    pub dimensions: Option<(u32, u32)>,
    /// A blurred picture to show while the real one loads (`xyz.amorgan.blurhash`).
    pub blurhash: Option<String>,
    /// A smaller picture.
    pub thumbnail: Option<Thumbnail>,
    /// All about the file, where its message told less than was found when it was fetched.
    pub about: Option<Box<File>>,
}

/// A smaller picture of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// The `mxc://` address.
    pub mxc: String,
    /// The media type.
    pub media_type: String,
    /// The length in bytes.
    pub size: u64,
    /// Width and height in pixels.
    pub dimensions: (u32, u32),
}
