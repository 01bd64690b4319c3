//! Section `bots`: accounts and instances that the config file declares.

pub(crate) mod admin;
pub(crate) mod services;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use bridge_core::secret::Secret;

use crate::plugin::Problem;
use admin::Admin;
use services::Services;

/// The section.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Section {
    /// How many seconds a plugin may work on one event.
    pub(crate) event_limit: u64,
    /// The folder of databases that bots have for themselves.
    pub(crate) databases: Option<PathBuf>,
    /// How long each of them may be, in MiB.
    pub(crate) database_limit: u32,
    /// Where operators reach pages and APIs, and who may.
    pub(crate) admin: Admin,
    /// The accounts, by their names.
    pub(crate) accounts: BTreeMap<String, Account>,
    /// The instances, by their names.
    pub(crate) instances: BTreeMap<String, Declared>,
    /// What the control page shows, by its names.
    pub(crate) services: Services,
}

impl Default for Section {
    fn default() -> Self {
        Self {
            event_limit: 30,
            databases: None,
            database_limit: 1_024,
            admin: Admin::default(),
            accounts: BTreeMap::new(),
            instances: BTreeMap::new(),
            services: Services::new(),
        }
    }
}

/// An account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Account {
    /// Its display name; its own name if left out.
    pub(crate) displayname: Option<String>,
    /// Its picture's `mxc://` address.
    pub(crate) avatar: Option<String>,
    /// Whether it takes invitations of everybody with the level `user`, not of admins only.
    pub(crate) autojoin: bool,
    /// Where it is, if it is not in our namespace.
    pub(crate) homeserver: Option<String>,
    /// Its full id then.
    pub(crate) user_id: Option<String>,
    /// A file with its access token.
    pub(crate) token_file: Option<PathBuf>,
    /// Its access token itself; never in the file.
    #[serde(skip)]
    pub(crate) token: Option<Secret>,
}

impl Account {
    /// Whether it is not in our namespace.
    pub(crate) fn is_outside(&self) -> bool {
        self.homeserver.is_some()
    }
}

impl Default for Account {
    fn default() -> Self {
        Self {
            displayname: None,
            avatar: None,
            autojoin: true,
            homeserver: None,
            user_id: None,
            token_file: None,
            token: None,
        }
    }
}

/// An instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Declared {
    /// The plugin's id.
    pub(crate) plugin: String,
    /// The account's name.
    pub(crate) account: String,
    /// Whether it is to run.
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    /// The plugin's config: keys, or a text in YAML or JSON.
    #[serde(default)]
    pub(crate) config: serde_yaml::Value,
}

fn yes() -> bool {
    true
}

impl Declared {
    /// The config as text.
    pub(crate) fn config_text(&self) -> String {
        match &self.config {
            serde_yaml::Value::Null => String::new(),
            serde_yaml::Value::String(text) => text.clone(),
            keys => serde_yaml::to_string(keys).unwrap_or_default(),
        }
    }
}

/// The notes of the example.
pub(crate) const NOTES: &[(&str, &str)] = &[
    ("event_limit", "How many seconds a bot may work on one event before it is cut off and restarted."),
    (
        "databases",
        "The folder of databases that bots have for themselves, one file for each bot that asks for one. If left out,\n\
         `databases` beside the SQLite file; with PostgreSQL in $STATE_DIRECTORY or beside this file.",
    ),
    ("database_limit", "How many MiB each of them may have."),
    (
        "admin",
        "Pages and APIs for operators. `users` has names and hashes of passwords (`bridge-bots hash-password` makes one), or\n\
         `{ file: FILE }`; `public_url` is how people reach the pages, `beside` has health documents of other programs by a\n\
         name: `slack: http://127.0.0.1:29400/health`. `listen: null` has no pages.",
    ),
    (
        "accounts",
        "Bots' Matrix users, by name: `helper` becomes @bots_helper:example.org. `displayname`, `avatar` (mxc://…),\n\
         `autojoin: false` (only admins may invite it). One elsewhere has `homeserver: https://matrix.org`, `user_id` and\n\
         `token_file`, a file with its access token. The file wins over what was set by `ctl`.",
    ),
    (
        "instances",
        "Bots: a name, and `plugin`, `account`, `config`, `enabled: false`. The verb `ctl plugins` lists the plugins. Example:\n\
         greeter: { plugin: hello, account: helper, config: { greeting: \"Hi, {name}!\" } }",
    ),
    (
        "services",
        "What the page *Services* shows and starts, stops, restarts, updates: a name, and `by: systemd` with `unit`, `by: docker` with\n\
         `container` (or `compose` and `service`), or `by: command`. See docs/bots-control.md. Example:\n\
         slack: { by: systemd, unit: bridge-slack.service, health: http://127.0.0.1:29400/health }",
    ),
];

/// What is wrong with a name of an account or instance.
pub(crate) fn name_problem(field: &str, name: &str) -> Option<Problem> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
    // They stand in addresses, where a dot at the beginning and this word mean something else.
    let is_other = name.starts_with('.') || name == "new";
    if !name.is_empty() && name.len() <= 64 && name.bytes().all(fits) && !is_other {
        return None;
    }
    Some(Problem::new(
        field,
        "has to be a name of a-z, 0-9 and - _ . of 64 characters at most, not \"new\", and not begin with a dot.",
    ))
}
