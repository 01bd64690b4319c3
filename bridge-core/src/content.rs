//! The neutral value between networks: a message as parts of rich text and media.

pub mod encrypted_file;
pub mod file;
pub mod html_read;
pub mod html_write;
pub mod lookup;
pub mod picture;
pub mod plain;
pub mod preview;
pub mod rich_text;
pub mod split;
mod style;
mod walk;

pub use encrypted_file::EncryptedFile;
pub use file::{File, FileKind, FileSource, Preview};
pub use lookup::{CarriedFile, KnownMessage, Lookup, MatrixName, Thumbnail};
pub use preview::LinkPreview;
pub use rich_text::{Block, Emoji, Item, Mention, RichText, Span, Style};

use serde::{Deserialize, Serialize};

use crate::id::{PartId, RemoteMessageId, RemoteUserId};

/// A message of any network, without any network's formats in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// What it consists of; each part becomes at least one Matrix event.
    pub parts: Vec<Part>,
    /// How it is meant.
    pub style: MessageStyle,
    /// The first message of the thread it stands in.
    pub thread_root: Option<RemoteMessageId>,
    /// The message it answers.
    pub reply_to: Option<RemoteMessageId>,
    /// Whether a message of a thread is also shown outside of it.
    pub broadcast: bool,
    /// Pages that it links to, as its network shows them below it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previews: Vec<LinkPreview>,
    /// The reactions it has already, where it is shown later than they were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reacted>,
}

/// Who reacted with one emoji.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reacted {
    /// With what.
    pub emoji: Emoji,
    /// Who.
    pub users: Vec<RemoteUserId>,
    /// Whether the network leaves some of them out.
    #[serde(default)]
    pub is_cut: bool,
}

impl Message {
    /// A message of one text part.
    pub fn text(text: RichText) -> Self {
        Self { parts: vec![Part::text(text)], ..Self::default() }
    }

    /// What it says as plain text, one part below the other: for networks without formatting.
    pub fn plain(&self) -> String {
        let texts: Vec<String> = self
            .parts
            .iter()
            .map(|part| match &part.body {
                PartBody::Text(text) => plain::write(text),
                PartBody::File(file) => plain_file(file),
            })
            .collect();
        texts.join("\n")
    }
}

/// How a message is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum MessageStyle {
    /// Somebody says something (`m.text`).
    #[default]
    Normal,
    /// Somebody does something (`m.emote`, `/me`).
    Emote,
    /// A program says something; other programs do not answer it (`m.notice`).
    Notice,
}

/// One piece of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Part {
    /// Which piece; unique within its message and stable over edits.
    pub id: PartId,
    /// What it holds.
    pub body: PartBody,
}

impl Part {
    /// A text part that is its message's first part.
    pub fn text(text: RichText) -> Self {
        Self { id: PartId::first(), body: PartBody::Text(text) }
    }

    /// A part with its own id.
    pub fn new(id: PartId, body: PartBody) -> Self {
        Self { id, body }
    }
}

/// What a part holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum PartBody {
    /// Formatted text.
    Text(RichText),
    /// A file, with what is said about it.
    File(File),
}

fn plain_file(file: &File) -> String {
    match file.caption.as_ref().map(plain::write).filter(|caption| !caption.is_empty()) {
        Some(caption) => format!("[{}]\n{caption}", file.name),
        None => format!("[{}]", file.name),
    }
}
