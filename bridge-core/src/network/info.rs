//! A network's name and habits, and what a chat can do.

use serde::{Deserialize, Serialize};

use super::formatting::{Formatting, Support};

/// A network's name and habits.
#[derive(Debug, Clone, Copy)]
pub struct NetworkInfo {
    /// Short name in lower case: names the config section, the registration and the command prefix (`!name`).
    pub id: &'static str,
    /// The name people know.
    pub name: &'static str,
    /// The network's home page.
    pub url: &'static str,
    /// The bot's local part when the config names none.
    pub default_bot: &'static str,
    /// The port the appservice listens on when the config names none.
    pub default_port: u16,
    /// Libraries (log targets) that print message text or tokens below the level `warn`; they are kept at it.
    pub quiet: &'static [&'static str],
}

/// What a chat can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "each says whether one thing can be done")]
pub struct Capabilities {
    /// Whether anything can be written.
    pub writable: bool,
    /// The longest text in characters that goes through in one piece; longer ones are split by the network.
    pub max_text: usize,
    /// The longest text in characters that goes through at all.
    pub max_text_total: usize,
    /// The longest file in bytes; 0 where files are not taken.
    pub max_file_bytes: u64,
    /// Whether messages can be changed afterwards.
    pub edits: bool,
    /// Whether messages can be taken back.
    pub deletes: bool,
    /// Whether messages can be reacted to.
    pub reactions: bool,
    /// Whether there are threads.
    pub threads: bool,
    /// Whether messages can be pinned for everybody. Where they cannot, what people pin on Matrix stays there.
    pub pins: bool,
    /// How well an answer to a message arrives that is not in a thread.
    pub replies: Support,
    /// Whether a file can have a text with it.
    pub captions: bool,
    /// How well places arrive.
    pub places: Support,
    /// How well polls arrive.
    pub polls: Support,
    /// Whether the network's own emoji can be reacted with.
    pub custom_emoji: bool,
    /// Whether the network shows that somebody on Matrix types, and tells who types there. Few networks let programs
    /// know or say it.
    pub typing: bool,
    /// Whether the network shows how far somebody on Matrix has read, and tells it of its own people.
    pub read_marks: bool,
    /// Whether the network shows who on Matrix is there, and tells it of its own people.
    pub presence: bool,
    /// How well each kind of formatting arrives.
    pub formatting: Formatting,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            writable: true,
            max_text: 4_000,
            max_text_total: 60_000,
            max_file_bytes: 0,
            edits: false,
            deletes: false,
            reactions: false,
            threads: false,
            pins: false,
            replies: Support::Dropped,
            captions: false,
            places: Support::Partial,
            polls: Support::Refused,
            custom_emoji: false,
            typing: false,
            read_marks: false,
            presence: false,
            formatting: Formatting::default(),
        }
    }
}
