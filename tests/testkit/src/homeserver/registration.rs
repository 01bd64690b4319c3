//! What the harness reads of a registration file.
use anyhow::Context as _;
use regex::Regex;
use serde::Deserialize;

use crate::Result;

/// A registration as a homeserver reads it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Registration {
    pub(crate) id: String,
    pub(crate) url: Option<String>,
    pub(crate) as_token: String,
    pub(crate) hs_token: String,
    pub(crate) sender_localpart: String,
    #[serde(default)]
    pub(crate) namespaces: Namespaces,
    #[serde(default)]
    pub(crate) protocols: Vec<String>,
    #[serde(default)]
    receive_ephemeral: bool,
    #[serde(default, rename = "de.sorunome.msc2409.push_ephemeral")]
    push_ephemeral: bool,
    #[serde(default, rename = "io.element.msc4190")]
    pub(crate) manages_devices: bool,
}

/// The namespaces of a registration.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Namespaces {
    #[serde(default)]
    pub(crate) users: Vec<Namespace>,
    #[serde(default)]
    pub(crate) aliases: Vec<Namespace>,
    #[serde(default)]
    pub(crate) rooms: Vec<Namespace>,
}

/// One namespace.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Namespace {
    #[serde(default)]
    pub(crate) exclusive: bool,
    #[serde(with = "anchored")]
    pub(crate) regex: Regex,
}

impl Registration {
    pub(crate) fn parse(yaml: &str) -> Result<Self> {
        serde_yaml::from_str(yaml).context("This registration cannot be read")
    }

    /// Where pushes go, without a slash at the end; `None` if this appservice wants none.
    pub(crate) fn push_url(&self) -> Option<&str> {
        self.url
            .as_deref()
            .map(|url| url.trim_end_matches('/'))
            .filter(|url| !url.is_empty() && *url != "null")
    }

    pub(crate) fn wants_ephemeral(&self) -> bool {
        self.receive_ephemeral || self.push_ephemeral
    }

    pub(crate) fn sender(&self, server_name: &str) -> String {
        format!("@{}:{server_name}", self.sender_localpart)
    }

    /// Whether this user is the sender or in the users namespace.
    pub(crate) fn has_user(&self, user_id: &str, server_name: &str) -> bool {
        user_id == self.sender(server_name) || matches(&self.namespaces.users, user_id)
    }

    pub(crate) fn owns_user(&self, user_id: &str, server_name: &str) -> bool {
        user_id == self.sender(server_name) || owns(&self.namespaces.users, user_id)
    }
}

/// Whether one of the namespaces takes this id.
pub(crate) fn matches(namespaces: &[Namespace], id: &str) -> bool {
    namespaces.iter().any(|namespace| namespace.regex.is_match(id))
}

/// Whether one of the exclusive namespaces takes this id.
pub(crate) fn owns(namespaces: &[Namespace], id: &str) -> bool {
    namespaces.iter().any(|namespace| namespace.exclusive && namespace.regex.is_match(id))
}

/// Homeservers match from the beginning of the id.
mod anchored {
    use regex::Regex;
    use serde::{Deserialize as _, Deserializer, de::Error as _};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Regex, D::Error> {
        let pattern = String::deserialize(deserializer)?;
        Regex::new(&format!("^(?:{pattern})")).map_err(D::Error::custom)
    }
}
