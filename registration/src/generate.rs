//! Making a registration from a plan, new or over an older one.

use std::net::SocketAddr;

use regex::escape;
use serde_yaml::Value;

use crate::{Error, Namespace, Namespaces, Registration, Severity, Token, check};

/// Lets Synapse hand ghosts their devices (`PUT /devices`) without a login, which makes a repeated send
/// recognizable. The price: `inhibit_login` is then required in `/register`, and `/login` is refused. Servers
/// that don't know the key ignore it.
pub(crate) const DEVICES: &str = "io.element.msc4190";

/// What a registration is to say; the rest follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The name the homeserver knows the appservice by.
    pub id: String,
    /// The bot's name, without `@` and server. It becomes `sender_localpart`, always.
    pub bot_localpart: String,
    /// What every ghost's name begins with, in lower case; the bot's must not begin with it.
    pub user_prefix: String,
    /// What every alias of ours begins with; `None` when there are no aliases.
    pub alias_prefix: Option<String>,
    /// The homeserver's name, as in user ids.
    pub server_name: String,
    /// Where we listen.
    pub address: SocketAddr,
    /// Where the homeserver reaches us, if that is not `http://` and `address`.
    pub url: Option<String>,
    /// The networks we answer third-party lookups for.
    pub protocols: Vec<String>,
}

impl Registration {
    /// Makes a registration with new tokens. Gives [`Error::Broken`] when the plan would make one that
    /// [`check`] finds an error in (an upper-case bot, no server name), and [`Error::Random`].
    pub fn generate(plan: &Plan) -> Result<Self, Error> {
        Self::with_tokens(plan, Token::random()?, Token::random()?)
    }

    /// As [`generate`](Self::generate), but with the tokens given: for reproducible examples and tests.
    pub fn with_tokens(plan: &Plan, as_token: Token, hs_token: Token) -> Result<Self, Error> {
        let name = |sigil: &str, pattern: &str| Namespace {
            exclusive: true,
            regex: format!("^{sigil}{pattern}:{}$", escape(&plan.server_name)),
        };
        let range = |sigil: &str, prefix: &str| name(sigil, &format!("{}.*", escape(prefix)));
        let made = Self {
            id: plan.id.clone(),
            url: Some(plan.url.clone().unwrap_or_else(|| format!("http://{}", plan.address))),
            as_token,
            hs_token,
            sender_localpart: plan.bot_localpart.clone(),
            rate_limited: false,
            receive_ephemeral: true,
            namespaces: Namespaces {
                users: vec![name("@", &escape(&plan.bot_localpart)), range("@", &plan.user_prefix)],
                aliases: plan.alias_prefix.iter().map(|prefix| range("#", prefix)).collect(),
                rooms: Vec::new(),
            },
            protocols: plan.protocols.clone(),
            extra: [(DEVICES.to_owned(), Value::Bool(true))].into(),
        };
        made.sound()
    }

    /// Makes the registration anew from the plan. The id, the keys we don't know and, with `keep_tokens`, the
    /// tokens stay; everything else is the plan's. Unstable names of `receive_ephemeral` are dropped: a server
    /// that knows both names may take them for one key given twice. Errors as in [`generate`](Self::generate).
    pub fn regenerate(self, plan: &Plan, keep_tokens: bool) -> Result<Self, Error> {
        let mut made = if keep_tokens {
            Self::with_tokens(plan, self.as_token, self.hs_token)?
        } else {
            Self::generate(plan)?
        };
        made.id = self.id;
        let ours = made.extra;
        made.extra = self.extra;
        made.extra.retain(|key, _| !is_unstable_ephemeral(key));
        made.extra.extend(ours);
        made.sound()
    }

    fn sound(self) -> Result<Self, Error> {
        let mut problems = check(&self.to_yaml()?, None);
        problems.retain(|problem| problem.severity == Severity::Error);
        if problems.is_empty() { Ok(self) } else { Err(Error::Broken(problems)) }
    }
}

/// Whether a key is one of the names `receive_ephemeral` had before it was stable.
pub(crate) fn is_unstable_ephemeral(key: &str) -> bool {
    key.contains("msc2409") || key == "push_ephemeral"
}

#[cfg(test)]
pub(crate) mod tests;
