//! Section `bots.admin`: where operators reach pages and APIs, and who may.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use bridge_core::secret::Secret;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

/// The port that maubot has: tunnels and scripts made for it find this.
const PORT: u16 = 29_316;

/// The section.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Admin {
    /// Where pages and APIs are served; none for nowhere.
    pub(crate) listen: Listen,
    /// By which address people reach that, for links in messages.
    pub(crate) public_url: Option<Url>,
    /// Who may sign in with a password.
    #[serde(serialize_with = "without_hashes")]
    pub(crate) users: BTreeMap<String, Password>,
    /// The health documents of programs that run beside this one, by the name under which they are shown.
    pub(crate) beside: BTreeMap<String, Url>,
}

/// Where operators are served.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listen {
    /// None for nowhere.
    pub(crate) address: Option<SocketAddr>,
    /// Whether the file says it.
    pub(crate) is_written: bool,
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { address: Option::deserialize(deserializer)?, is_written: true })
    }
}

impl Serialize for Listen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.address.serialize(serializer)
    }
}

/// A password's hash, or the file in which it stands.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Password {
    /// As argon2 or bcrypt writes it.
    Hash(Secret),
    /// Relative to the config file.
    File {
        /// The file.
        file: PathBuf,
    },
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

impl Default for Admin {
    fn default() -> Self {
        Self {
            listen: Listen { address: Some(([127, 0, 0, 1], PORT).into()), is_written: false },
            public_url: None,
            users: BTreeMap::new(),
            beside: BTreeMap::new(),
        }
    }
}

impl Admin {
    /// The address for links, without a slash at its end.
    pub(crate) fn address(&self) -> Option<String> {
        let public = self.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
        public.or_else(|| self.listen.address.map(|address| format!("http://{address}")))
    }
}

fn without_hashes<S: Serializer>(
    users: &BTreeMap<String, Password>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(users.keys().map(|name| (name, "…")))
}
