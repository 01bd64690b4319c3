//! The registration itself, as a homeserver and our programs read it.

use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, Serialize};
use serde_yaml::Value;

use crate::{Error, Problem, Severity, Token, check, file};

/// An appservice registration, key for key as in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    /// The name the homeserver knows the appservice by; must never change.
    pub id: String,
    /// Where the homeserver sends events to; `None` means it sends none.
    pub url: Option<String>,
    /// What we show to the homeserver.
    pub as_token: Token,
    /// What the homeserver shows to us.
    pub hs_token: Token,
    /// The bot's name, without `@` and server.
    pub sender_localpart: String,
    /// Whether our users are slowed down like people. Homeservers take a missing key for `true`.
    #[serde(default = "yes")]
    pub rate_limited: bool,
    /// Whether the homeserver sends typing and read receipts.
    #[serde(default)]
    pub receive_ephemeral: bool,
    /// Which users, aliases and rooms are ours.
    pub namespaces: Namespaces,
    /// The networks we answer third-party lookups for.
    #[serde(default)]
    pub protocols: Vec<String>,
    /// Keys this crate does not know, kept as they are.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

/// The three lists of namespaces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Namespaces {
    /// Over user ids, `@name:server`.
    pub users: Vec<Namespace>,
    /// Over room aliases, `#name:server`.
    pub aliases: Vec<Namespace>,
    /// Over room ids, `!opaque`.
    pub rooms: Vec<Namespace>,
}

/// One namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namespace {
    /// Whether nobody else may make something in it.
    pub exclusive: bool,
    /// What belongs to it. Some homeservers search it anywhere in the id, so `^` and `$` matter.
    pub regex: String,
}

fn yes() -> bool {
    true
}

impl Registration {
    /// Reads a registration. A mistake that can be understood (a wrong `url`, say) passes, so that
    /// regenerating can mend it; [`check`] names those too. Gives [`Error::Broken`] for text that is no registration.
    pub fn from_yaml(text: &str) -> Result<Self, Error> {
        serde_yaml::from_str(text).map_err(|_| {
            let mut problems = check(text, None);
            problems.retain(|problem| problem.severity == Severity::Error);
            if problems.is_empty() {
                // serde's own words could quote a value, and the value could be a token.
                problems.push(Problem::error("the file", "it is not a registration", "generate a new one"));
            }
            Error::Broken(problems)
        })
    }

    /// Reads the registration in a file. Gives [`Error::Read`] or [`Error::Broken`].
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|source| Error::Read { path: path.into(), source })?;
        Self::from_yaml(&text)
    }

    /// Whether an id (`@name:server`) is in one of the `users` namespaces, matched from its beginning as Synapse does.
    pub fn takes_in_user(&self, user_id: &str) -> bool {
        let matches = |namespace: &Namespace| {
            let found = regex::Regex::new(&namespace.regex).ok().and_then(|regex| regex.find(user_id));
            found.is_some_and(|found| found.start() == 0)
        };
        self.namespaces.users.iter().any(matches)
    }

    /// Whether it was made for users whose names begin with this, on whatever server.
    pub fn is_for_prefix(&self, user_prefix: &str) -> bool {
        let start = format!("^@{}.*:", regex::escape(user_prefix));
        self.namespaces.users.iter().any(|users| users.regex.starts_with(&start))
    }

    /// Writes the registration as YAML, in one step and readable by its owner only; see
    /// [`write_private`](crate::write_private), whose errors it gives.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        file::write_private(path, &self.to_yaml()?)
    }
}

#[cfg(test)]
mod tests;
