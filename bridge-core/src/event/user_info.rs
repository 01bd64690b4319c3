//! A person as the network describes them.

use serde::{Deserialize, Serialize};

use crate::content::Emoji;

/// A person as the network describes them. Stored with their ghost, so a field that is added has a default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct UserInfo {
    /// The name to show.
    pub name: Option<String>,
    /// The full name.
    pub real_name: Option<String>,
    /// The short name that is typed to mention them.
    pub handle: Option<String>,
    /// What they do, in their words.
    pub title: Option<String>,
    /// The name of the team or workspace that they belong to.
    pub team: Option<String>,
    /// What they say they are doing now.
    pub status: Option<UserStatus>,
    /// Their time zone, by its name in the IANA database.
    pub time_zone: Option<String>,
    /// Where the picture is; a changed picture has a changed address.
    pub avatar_url: Option<String>,
    /// Whether it is a program.
    pub is_bot: bool,
    /// Whether the account is switched off: they are in no chat any more, until it is switched on again.
    pub is_deactivated: bool,
    /// Whether the network may tell more another time, so that it is asked again sooner.
    pub is_partial: bool,
}

/// What somebody says they are doing now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserStatus {
    /// In words.
    pub text: String,
    /// As a sign.
    pub emoji: Option<Emoji>,
    /// When it ends by itself, in milliseconds since 1970.
    pub until: Option<i64>,
}

impl UserInfo {
    /// A person of whom the name is known.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::default() }
    }
}
