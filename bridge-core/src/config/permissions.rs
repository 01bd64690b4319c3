//! Section `permissions`: who may do what, by Matrix id, by server, or for everybody.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::homeserver::is_localhost;

/// The section as written.
pub(super) type Section = BTreeMap<String, Level>;

/// What somebody may do. Each level includes the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing; messages stay on Matrix.
    #[default]
    Block,
    /// Write in portals through a relay.
    Relay,
    /// Log in and use commands.
    User,
    /// Everything.
    Admin,
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Block => "block",
            Self::Relay => "relay",
            Self::User => "user",
            Self::Admin => "admin",
        })
    }
}

/// Who may do what. Without the section nobody may do anything.
#[derive(Debug, Clone, Default)]
pub struct Permissions(BTreeMap<String, Level>);

impl Permissions {
    pub(crate) fn check(section: Section, problems: &mut Vec<String>) -> Self {
        for pattern in section.keys() {
            let is_user = pattern.starts_with('@') && pattern.contains(':');
            let is_server = is_server(pattern);
            if is_server
                && section[pattern] == Level::Admin
                && !pattern.contains(['.', ':'])
                && !is_localhost(pattern)
            {
                problems.push(format!(
                    "permissions.{pattern}: would make everybody of a server with this name an administrator. Write a \
                     person's Matrix id in full: \"@{pattern}:example.org\"."
                ));
            }
            if pattern != "*" && !is_user && !is_server {
                problems.push(format!(
                    "permissions.{pattern}: is neither a Matrix id (@user:example.org) nor a server name \
                     (example.org) nor *."
                ));
            }
        }
        Self(section)
    }

    /// What this user may do: an entry for the id counts more than one for its server, that more than `*`.
    pub fn level(&self, mxid: &str) -> Level {
        let server = mxid.split_once(':').map_or("", |(_, server)| server);
        [mxid, server, "*"].into_iter().find_map(|key| self.0.get(key)).copied().unwrap_or_default()
    }

    /// The ids that are named as admins.
    pub fn admins(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(|(pattern, level)| pattern.starts_with('@') && **level == Level::Admin)
            .map(|(pattern, _)| pattern.as_str())
    }
}

/// Whether it can be a server's name: with a port, or without.
fn is_server(pattern: &str) -> bool {
    let has_port = match pattern.rsplit_once(':') {
        // An IPv6 address has its colons in brackets.
        Some((_, port)) if !pattern.ends_with(']') => port.parse::<u16>().is_ok(),
        _ => true,
    };
    !pattern.is_empty() && !pattern.contains(['@', '*', '/', ' ']) && has_port
}
