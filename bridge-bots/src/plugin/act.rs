//! What a bot does outside, as a value: performed by the homeserver, or noted down by a test.

use std::fmt::Debug;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::PluginError;

/// One effect of a plugin.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Act {
    /// An event is sent: a message, a reaction, an edit.
    Send {
        /// Where.
        room_id: String,
        /// The event's type, such as `m.room.message`.
        kind: String,
        /// Its content.
        content: Value,
    },
    /// An event is taken back.
    Redact {
        /// Where.
        room_id: String,
        /// Which.
        event_id: String,
        /// Why, for whoever looks.
        reason: Option<String>,
    },
    /// A file is uploaded.
    Upload {
        /// What is in it.
        content: Vec<u8>,
        /// What kind it is.
        content_type: String,
        /// What it is called.
        name: Option<String>,
    },
    /// A file is uploaded from this machine's disk, piece by piece.
    UploadFile {
        /// Where it is.
        path: PathBuf,
        /// How long it is, in bytes.
        size: u64,
        /// What kind it is.
        content_type: String,
        /// What it is called.
        name: Option<String>,
    },
    /// The account is shown as typing for this long, or no longer.
    Typing {
        /// Where.
        room_id: String,
        /// How long.
        time: Option<Duration>,
    },
    /// A room is marked as read up to an event.
    Read {
        /// Where.
        room_id: String,
        /// Up to which.
        event_id: String,
    },
}

impl Act {
    /// The content of an event that is sent; none for other effects.
    pub fn content(&self) -> Option<&Value> {
        match self {
            Self::Send { content, .. } => Some(content),
            _ => None,
        }
    }
}

/// Performs effects for one account, and knows what it may do.
pub(crate) trait Voice: Debug + Send + Sync {
    /// Performs one. The same `key` a second time has no second effect and gives the same answer: the event's id, the file's
    /// address, or nothing.
    fn perform<'a>(&'a self, act: Act, key: &'a str) -> BoxFuture<'a, Result<String, PluginError>>;

    /// Whether somebody may change a room's settings.
    fn may_change_room<'a>(
        &'a self,
        room_id: &'a str,
        user_id: &'a str,
    ) -> BoxFuture<'a, Result<bool, PluginError>>;

    /// How long a file may be that the homeserver takes, in bytes.
    fn upload_limit(&self) -> u64;

    /// Whether somebody is an admin of the host.
    fn is_admin(&self, user_id: &str) -> bool;
}
