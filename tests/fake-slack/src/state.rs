//! What the workspace knows: team, people, channels, messages, apps. No clocks, sockets or HTTP in here.
mod app;
mod channel;
mod conversion;
mod file;
mod membership;
mod message;
mod pin;
mod reaction;
mod restriction;
mod seed;
mod slash;
mod team;
mod user;

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

pub(crate) use app::{App, Grant, TokenKind};
pub(crate) use channel::{Channel, Kind};
pub(crate) use file::{File, HeldShare, Stage};
pub(crate) use message::{Change, bot_message, human_message};
pub use slash::SlashAnswer;
pub(crate) use slash::SlashCommand;
pub(crate) use team::Team;
pub(crate) use user::User;

use crate::clock::Clock;
use crate::error::ApiError;

/// Everything the workspace knows, kept in memory.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) clock: Clock,
    /// Where this workspace serves its pictures, without a slash at the end.
    pub(crate) base_url: String,
    pub(crate) team: Team,
    /// What other workspaces are called that share channels with this one.
    pub(crate) foreign_teams: BTreeMap<String, String>,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) channels: BTreeMap<String, Channel>,
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) grants: HashMap<String, Grant>,
    pub(crate) emoji: BTreeMap<String, String>,
    pub(crate) usergroups: Vec<Value>,
    pub(crate) ephemeral: Vec<Value>,
    pub(crate) files: BTreeMap<String, File>,
    /// Which file an upload's address is for.
    pub(crate) uploads: HashMap<String, String>,
    /// How many of the next looks at a file's shares find none yet.
    pub(crate) slow_shares: u32,
    /// What waits to be shown, while files of apps are held back.
    pub(crate) held_shares: Option<Vec<HeldShare>>,
    pub(crate) slash_commands: Vec<SlashCommand>,
    /// The texts of all messages, also as they were before an edit or a deletion.
    pub(crate) said: Vec<String>,
    /// Whether a reply also brings `message_replied` for the thread.
    pub(crate) reply_noise: bool,
}

impl State {
    /// Finds a user by id or by handle.
    pub(crate) fn user_id(&self, name: &str) -> Result<String, ApiError> {
        if self.users.contains_key(name) {
            return Ok(name.to_owned());
        }
        let handle = name.trim_start_matches('@');
        let found = self.users.values().find(|user| user.name == handle);
        found.map(|user| user.id.clone()).ok_or_else(|| "user_not_found".into())
    }

    /// Finds a channel by id or by name, with or without `#`.
    pub(crate) fn channel_id(&self, name: &str) -> Result<String, ApiError> {
        if self.channels.contains_key(name) {
            return Ok(name.to_owned());
        }
        let bare = name.trim_start_matches('#');
        let found = self.channels.values().find(|channel| !bare.is_empty() && channel.name == bare);
        found.map(|channel| channel.id.clone()).ok_or_else(|| "channel_not_found".into())
    }

    /// A channel by its id.
    pub(crate) fn channel(&self, id: &str) -> Result<&Channel, ApiError> {
        self.channels.get(id).ok_or_else(|| "channel_not_found".into())
    }

    /// A channel by its id, to change it.
    pub(crate) fn channel_mut(&mut self, id: &str) -> Result<&mut Channel, ApiError> {
        self.channels.get_mut(id).ok_or_else(|| "channel_not_found".into())
    }

    /// A user by its id.
    pub(crate) fn user(&self, id: &str) -> Result<&User, ApiError> {
        self.users.get(id).ok_or_else(|| "user_not_found".into())
    }
}
