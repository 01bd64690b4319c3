//! Section `members`: which people of a chat are shown as members of its room.

use serde::Deserialize;

/// How many are brought in at most unless the file says otherwise.
const USUAL_LIMIT: usize = 500;

/// Which people of a chat are shown as members of its room.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Members {
    /// Who is brought in without having spoken.
    pub show: Shown,
    /// How many are brought into a room at most; who speaks always is.
    pub limit: usize,
}

/// Who is brought into a room without having spoken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Nobody; whoever comes into the chat from now on is seen to.
    #[default]
    Speakers,
    /// Everybody who is in the chat.
    All,
}

impl Default for Members {
    fn default() -> Self {
        Self { show: Shown::Speakers, limit: USUAL_LIMIT }
    }
}
