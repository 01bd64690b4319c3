//! Section `appservice`: how we appear on the homeserver.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use super::homeserver::{check_url, is_localhost};
use super::{Defaults, NameTemplate};

/// The section as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    id: Option<String>,
    bot: Option<String>,
    bot_displayname: Option<String>,
    user_prefix: Option<String>,
    ghost_name: Option<String>,
    command_prefix: Option<String>,
    delivery_events: DeliveryEvents,
    listen: Option<String>,
    url: Option<String>,
    registration: Option<PathBuf>,
    public_url: Option<String>,
}

/// How we appear on the homeserver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appservice {
    /// The registration's id.
    pub id: String,
    /// The bot's local part: the registration's `sender_localpart`.
    pub bot: String,
    /// The bot's display name.
    pub bot_displayname: String,
    /// What ghosts' local parts begin with.
    pub user_prefix: String,
    /// Ghosts' display names.
    pub ghost_name: NameTemplate,
    /// What commands in shared rooms begin with.
    pub command_prefix: String,
    /// Which messages' clients are told by an event what became of them.
    pub delivery_events: DeliveryEvents,
    /// Where the homeserver's transactions are received.
    pub listen: SocketAddr,
    /// Where the homeserver reaches that, without a slash at its end, if it is not `http://` and `listen`: what stands as
    /// `url` in the registration.
    pub url: Option<String>,
    /// The registration file, which holds our tokens.
    pub registration: PathBuf,
    /// Where the `/public/` path of `listen` is reached from outside, if it is published.
    pub public_url: Option<Url>,
}

/// Which messages from Matrix get an event that tells clients what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryEvents {
    /// None.
    None,
    /// Those that were not delivered, and those that were after all.
    #[default]
    Failures,
    /// Each one, which doubles what rooms hold.
    All,
}

impl Section {
    pub(super) fn check(
        self,
        defaults: &Defaults,
        folder: &Path,
        problems: &mut Vec<String>,
    ) -> Option<Appservice> {
        let id = self.id.unwrap_or_else(|| defaults.id.to_owned());
        if id.trim().is_empty() {
            problems.push(format!(
                "appservice.id: is empty. Write the id that stands in the registration; usually that is {}.",
                defaults.id
            ));
        }
        let listen = self.listen.unwrap_or_else(|| format!("127.0.0.1:{}", defaults.port));
        let listen = check_listen(&listen, problems);
        let ghost_name = match self.ghost_name.as_deref().map(NameTemplate::read) {
            Some(Err(why)) => {
                problems.push(format!("appservice.ghost_name: {why}"));
                NameTemplate::default()
            }
            Some(Ok(template)) => template,
            None => NameTemplate::default(),
        };
        let public_url = match self.public_url {
            Some(text) => Some(check_public(check_url("appservice.public_url", &text, problems)?, problems)?),
            None => None,
        };
        let url = match self.url {
            Some(text) => Some(check_called(&text, problems)?),
            None => None,
        };
        Some(Appservice {
            url,
            public_url,
            bot: self.bot.unwrap_or_else(|| defaults.bot.to_owned()),
            bot_displayname: self.bot_displayname.unwrap_or_else(|| format!("{} bridge", defaults.name)),
            user_prefix: self.user_prefix.unwrap_or_else(|| format!("{id}_")),
            ghost_name,
            delivery_events: self.delivery_events,
            command_prefix: self.command_prefix.unwrap_or_else(|| format!("!{}", defaults.id)),
            listen: listen?,
            registration: super::placed(
                folder,
                &self.registration.unwrap_or_else(|| "registration.yaml".into()),
            ),
            id,
        })
    }
}

impl Appservice {
    /// Where the homeserver reaches us. The error is a sentence with the key's path: where that cannot be known, the file has
    /// to say it.
    pub fn called_at(&self) -> Result<String, String> {
        match &self.url {
            Some(url) => Ok(url.clone()),
            None if self.listen.ip().is_unspecified() => Err(format!(
                "appservice.url: missing. appservice.listen is {}, which nobody can call. Write the address by which the \
                 homeserver reaches this program, such as http://10.0.0.4:{}.",
                self.listen,
                self.listen.port()
            )),
            None => Ok(format!("http://{}", self.listen)),
        }
    }
}

/// The address that the homeserver puts its own paths behind.
fn check_called(text: &str, problems: &mut Vec<String>) -> Option<String> {
    let url = check_url("appservice.url", text, problems)?;
    let is_unspecified = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_unspecified(),
        Some(url::Host::Ipv6(ip)) => ip.is_unspecified(),
        _ => false,
    };
    if is_unspecified {
        problems.push(format!(
            "appservice.url: {text} can be listened on but not called. Write the address by which the homeserver reaches \
             this program."
        ));
    } else if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        problems.push(
            "appservice.url: holds more than an address and a path. Write it without a name before @, and without what \
             stands behind a question mark or #."
                .to_owned(),
        );
    } else {
        return Some(url.as_str().trim_end_matches('/').to_owned());
    }
    None
}

/// The address without the path that the program puts behind it.
fn check_public(mut url: Url, problems: &mut Vec<String>) -> Option<Url> {
    if url.query().is_some() || url.fragment().is_some() {
        problems.push(
            "appservice.public_url: ends with a question mark or # and more. Write the address without it."
                .to_owned(),
        );
        return None;
    }
    let path = url.path().trim_end_matches('/').to_owned();
    let Some(path) = path.strip_suffix("/public") else { return Some(url) };
    url.set_path(&format!("{path}/"));
    problems.push(format!(
        "appservice.public_url: ends with /public/, which the program adds by itself. Write {url}."
    ));
    None
}

fn check_listen(text: &str, problems: &mut Vec<String>) -> Option<SocketAddr> {
    if is_localhost(text.rsplit_once(':').map_or(text, |(host, _)| host)) {
        problems.push(
            "appservice.listen: names localhost, which may mean ::1. Write 127.0.0.1 instead.".to_owned(),
        );
        return None;
    }
    match text.parse::<SocketAddr>() {
        Ok(address) if address.port() == 0 => {
            problems.push(
                "appservice.listen: needs a fixed port, since it stands in the registration.".to_owned(),
            );
            None
        }
        Ok(address) => Some(address),
        Err(_) => {
            problems.push(
                "appservice.listen: has to be an address and a port, such as 127.0.0.1:29400.".to_owned(),
            );
            None
        }
    }
}
