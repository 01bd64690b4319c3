//! A network's name and habits, and what a chat can do.

use serde::{Deserialize, Serialize};

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
        }
    }
}
