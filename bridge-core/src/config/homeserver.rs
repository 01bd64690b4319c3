//! Section `homeserver`: which homeserver we stand beside.

use std::time::Duration;

use serde::Deserialize;
use url::Url;

/// The section as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    url: Option<String>,
    name: Option<String>,
    startup_wait: Option<u64>,
}

/// Which homeserver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Homeserver {
    /// Where its client API answers.
    pub url: Url,
    /// Its server name: what stands behind the colon in user ids.
    pub name: String,
    /// How long the program waits at its start for a homeserver that does not answer yet.
    pub startup_wait: Duration,
}

impl Section {
    pub(super) fn check(self, problems: &mut Vec<String>) -> Option<Homeserver> {
        let before = problems.len();
        let url = match self.url {
            None => {
                problems.push(
                    "homeserver.url: missing. Give the address of the homeserver's client API, such as http://127.0.0.1:8008."
                        .to_owned(),
                );
                None
            }
            Some(text) => check_url("homeserver.url", &text, problems),
        };
        let name = self.name.filter(|name| !name.is_empty());
        match &name {
            None => problems.push(
                "homeserver.name: missing. Give the server name, the part behind the colon in user ids (example.org)."
                    .to_owned(),
            ),
            Some(name) if name.contains('/') || name.contains(char::is_whitespace) => problems.push(format!(
                "homeserver.name: {name:?} is not a server name. Give the part behind the colon in user ids, without https://."
            )),
            Some(_) => {}
        }
        if problems.len() > before {
            return None;
        }
        let startup_wait = Duration::from_secs(self.startup_wait.unwrap_or(60));
        Some(Homeserver { url: url?, name: name?, startup_wait })
    }
}

/// An address of http or https that does not name `localhost`: that may resolve to `::1`, where nobody listens.
pub(super) fn check_url(key: &str, text: &str, problems: &mut Vec<String>) -> Option<Url> {
    if !text.contains("://") && !text.is_empty() && !text.contains(char::is_whitespace) {
        let whole = text.strip_prefix("localhost").map(|rest| format!("127.0.0.1{rest}"));
        let whole = whole.as_deref().unwrap_or(text);
        let scheme = if whole.starts_with(|c: char| c.is_ascii_digit()) { "http" } else { "https" };
        problems.push(format!(
            "{key}: {text:?} begins with neither http:// nor https://. Write it whole, like {scheme}://{whole}."
        ));
        return None;
    }
    let Ok(url) = Url::parse(text) else {
        problems.push(format!("{key}: not an address. Write it like http://127.0.0.1:8008."));
        return None;
    };
    if !matches!(url.scheme(), "http" | "https") {
        problems.push(format!("{key}: has to start with http:// or https://."));
    } else if is_localhost(url.host_str().unwrap_or_default()) {
        problems.push(format!("{key}: names localhost, which may mean ::1. Write 127.0.0.1 instead."));
    } else {
        return Some(url);
    }
    None
}

/// Whether a host is written as the ambiguous name.
pub(super) fn is_localhost(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
}
