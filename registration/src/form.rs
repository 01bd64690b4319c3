//! The three forms a registration is handed to a homeserver in.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_yaml::Value;

use crate::{Error, Namespace, Registration, Token, generate::DEVICES};

/// How a registration is handed to the homeserver.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// The YAML file; Synapse names it in `app_service_config_files`, tuwunel reads it from `appservice_dir`.
    #[default]
    File,
    /// A message to paste into the admin room of the conduwuit family.
    Admin,
    /// Tables for tuwunel's own configuration file.
    Tuwunel,
}

/// Tuwunel names some keys in its own way; the names are those of its documentation.
#[derive(Serialize)]
struct Inline<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    as_token: &'a Token,
    hs_token: &'a Token,
    sender_localpart: &'a str,
    rate_limited: bool,
    protocols: &'a [String],
    receive_ephemeral: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_management: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msc3202_transaction_extensions: Option<bool>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    users: &'a [Namespace],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    aliases: &'a [Namespace],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    rooms: &'a [Namespace],
}

impl Registration {
    /// The text in the form asked for, tokens and all. Errors as in [`to_yaml`](Self::to_yaml).
    pub fn to_form(&self, form: Form) -> Result<String, Error> {
        match form {
            Form::File => self.to_yaml(),
            Form::Admin => self.to_admin_message(),
            Form::Tuwunel => self.to_tuwunel_config(),
        }
    }

    /// The registration file. Gives [`Error::Format`] when an unknown key cannot be written.
    pub fn to_yaml(&self) -> Result<String, Error> {
        serde_yaml::to_string(self).map_err(|_| Error::Format("YAML"))
    }

    /// The message that registers us when an admin sends it in the admin room of the conduwuit family. It works
    /// at once; the same id replaces an earlier registration. Errors as in [`to_yaml`](Self::to_yaml).
    pub fn to_admin_message(&self) -> Result<String, Error> {
        Ok(format!("!admin appservices register\n```yaml\n{}```\n", self.to_yaml()?))
    }

    /// The tables for tuwunel's configuration file. Of the unknown keys only those tuwunel has a name for are
    /// in it. Gives [`Error::Format`] when a value has no place in TOML.
    pub fn to_tuwunel_config(&self) -> Result<String, Error> {
        let switch = |key: &str| self.extra.get(key).and_then(Value::as_bool);
        let inline = Inline {
            url: self.url.as_deref(),
            as_token: &self.as_token,
            hs_token: &self.hs_token,
            sender_localpart: &self.sender_localpart,
            rate_limited: self.rate_limited,
            protocols: &self.protocols,
            receive_ephemeral: self.receive_ephemeral,
            device_management: switch(DEVICES),
            msc3202_transaction_extensions: switch("org.matrix.msc3202"),
            users: &self.namespaces.users,
            aliases: &self.namespaces.aliases,
            rooms: &self.namespaces.rooms,
        };
        let appservice = BTreeMap::from([(self.id.as_str(), inline)]);
        let global = BTreeMap::from([("appservice", appservice)]);
        toml::to_string(&BTreeMap::from([("global", global)])).map_err(|_| Error::Format("TOML"))
    }
}

#[cfg(test)]
mod tests;
