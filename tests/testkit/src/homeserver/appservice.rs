//! An appservice's identity on a homeserver: names, tokens, port.
use std::sync::Arc;

use super::Homeserver;
use crate::{Port, Result};

/// A homeserver and one appservice that is registered there.
#[derive(Debug)]
pub struct Slot {
    /// The homeserver; it may be shared with other tests, so use names of your own for users and rooms.
    pub homeserver: Homeserver,
    /// The appservice that is yours.
    pub appservice: Appservice,
}

/// Everything a bridge needs for its configuration.
#[derive(Debug, Clone)]
pub struct Appservice {
    /// The registration's id.
    pub id: String,
    /// What the bridge shows to the homeserver.
    pub as_token: String,
    /// What the homeserver shows to the bridge.
    pub hs_token: String,
    /// The bot's localpart (`sender_localpart`).
    pub bot: String,
    /// What localparts of ghosts begin with.
    pub user_prefix: String,
    /// The server's name.
    pub server_name: String,
    /// Where the homeserver pushes to. Nothing listens there until the bridge does.
    pub port: Arc<Port>,
}

impl Appservice {
    /// A fresh identity: names that no other has, and a port.
    pub fn new(server_name: &str) -> Result<Self> {
        let tag = format!("{:08x}", rand::random::<u32>());
        Ok(Self {
            id: format!("bridge-{tag}"),
            as_token: format!("as-{tag}-{:032x}", rand::random::<u128>()),
            hs_token: format!("hs-{tag}-{:032x}", rand::random::<u128>()),
            bot: format!("bot{tag}"),
            user_prefix: format!("br{tag}_"),
            server_name: server_name.to_owned(),
            port: Arc::new(Port::reserve()?),
        })
    }

    /// The bot's full id.
    pub fn bot_id(&self) -> String {
        format!("@{}:{}", self.bot, self.server_name)
    }

    /// The full id of the ghost of a remote user.
    pub fn ghost_id(&self, remote_id: &str) -> String {
        format!("@{}{remote_id}:{}", self.user_prefix, self.server_name)
    }

    /// The registration file: both user namespaces exclusive, ephemeral events wanted, devices by MSC4190.
    pub fn registration_yaml(&self) -> String {
        let Self { id, as_token, hs_token, bot, user_prefix, .. } = self;
        let (url, server) = (self.port.url(), regex::escape(&self.server_name));
        format!(
            "id: {id}\nurl: {url}\nas_token: {as_token}\nhs_token: {hs_token}\nsender_localpart: {bot}\n\
             rate_limited: false\nreceive_ephemeral: true\nde.sorunome.msc2409.push_ephemeral: true\n\
             org.matrix.msc3202: true\nio.element.msc4190: true\nnamespaces:\n  users:\n  - exclusive: true\n    \
             regex: '@{user_prefix}.*:{server}'\n  - exclusive: true\n    regex: '@{bot}:{server}'\n  aliases:\n  \
             - exclusive: true\n    regex: '#{user_prefix}.*:{server}'\n  rooms: []\n"
        )
    }
}
