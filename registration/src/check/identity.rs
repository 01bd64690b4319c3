//! Checks of who we are and where we are reached: id, tokens, sender, url, switches.

use std::collections::BTreeSet;

use serde_yaml::{Mapping, Value};
use url::{Host, Url};

use super::{Problem, boolean, required, text};
use crate::generate::is_unstable_ephemeral;

const MIN_TOKEN_LENGTH: usize = 32;
/// A random token of 32 characters has at least this many different ones, in hex as in base64.
const MIN_TOKEN_VARIETY: usize = 8;

pub(super) fn check(keys: &Mapping, found: &mut Vec<Problem>) {
    text(keys, "id", "id", found);
    url(keys, found);
    tokens(keys, found);
    if let Some(sender) = text(keys, "sender_localpart", "sender_localpart", found) {
        localpart(sender, found);
    }
    switches(keys, found);
    protocols(keys, found);
}

fn url(keys: &Mapping, found: &mut Vec<Problem>) {
    const REMEDY: &str = "write the address the bridge listens on, such as http://127.0.0.1:29400";
    let mut error = |text: &str| found.push(Problem::error("url", text, REMEDY));
    let url = match keys.get("url") {
        None => return error("the key is missing"),
        Some(Value::Null) => return error("it is null, so the homeserver will never send us an event"),
        Some(Value::String(url)) if url.trim().is_empty() => {
            return error("it is empty, so the homeserver will never send us an event");
        }
        Some(Value::String(url)) => url,
        Some(_) => return error("it is not text"),
    };
    let Ok(url) = Url::parse(url) else { return error("it is not a URL") };
    if !matches!(url.scheme(), "http" | "https") {
        return error("it is neither http nor https");
    }
    if url.port() == Some(0) {
        error("its port is 0, which cannot be called");
    }
    match url.host() {
        Some(Host::Domain(name)) if name == "localhost" || name.ends_with(".localhost") => {
            error("localhost may mean ::1 where the bridge does not listen");
        }
        Some(Host::Ipv4(ip)) if ip.is_unspecified() => error("0.0.0.0 can be listened on but not called"),
        Some(Host::Ipv6(ip)) if ip.is_unspecified() => error("[::] can be listened on but not called"),
        Some(host) if url.scheme() == "http" && is_public(&host) => found.push(Problem::warning(
            "url",
            "it is a public address without TLS, so messages and the hs_token cross the network in the open",
            "use https, or a private address",
        )),
        _ => {}
    }
}

fn is_public(host: &Host<&str>) -> bool {
    match host {
        // A name without a dot is one of a container network.
        Host::Domain(name) => {
            let is_private =
                [".local", ".internal", ".lan", ".home.arpa"].iter().any(|end| name.ends_with(end));
            name.contains('.') && !is_private
        }
        Host::Ipv4(ip) => !(ip.is_loopback() || ip.is_private() || ip.is_link_local()),
        Host::Ipv6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => is_public(&Host::Ipv4(ip)),
            None => !(ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()),
        },
    }
}

fn tokens(keys: &Mapping, found: &mut Vec<Problem>) {
    const REMEDY: &str = "generate new tokens and hand the file to the homeserver again";
    let tokens = ["as_token", "hs_token"].map(|key| text(keys, key, key, found).map(|token| (key, token)));
    for (key, token) in tokens.into_iter().flatten() {
        let variety = token.chars().collect::<BTreeSet<_>>().len();
        if token.len() < MIN_TOKEN_LENGTH || variety < MIN_TOKEN_VARIETY {
            let text =
                "it is short or monotonous enough to be guessed, and whoever has it acts as all our users";
            found.push(Problem::error(key, text, REMEDY));
        }
    }
    if let [Some((_, ours)), Some((key, theirs))] = tokens
        && ours == theirs
    {
        found.push(Problem::error(key, "it equals as_token, so whoever sees one has both", REMEDY));
    }
}

fn localpart(sender: &str, found: &mut Vec<Problem>) {
    if sender.chars().any(char::is_uppercase) {
        let text = "it has upper-case letters, which some homeservers refuse";
        found.push(Problem::error("sender_localpart", text, "write it in lower case"));
    }
    let is_valid = |c: char| c.is_alphanumeric() && c.is_ascii() || "._=-/+".contains(c);
    if !sender.chars().all(is_valid) {
        let text = "it has characters a Matrix name cannot have";
        let remedy = "write the bot's name without @ and server, of a-z 0-9 . _ = - / +";
        found.push(Problem::error("sender_localpart", text, remedy));
    }
}

fn switches(keys: &Mapping, found: &mut Vec<Problem>) {
    if let Some(value) = required(keys, "rate_limited", "rate_limited", found)
        && boolean(value, "rate_limited", found) == Some(true)
    {
        let text = "it is true, so a busy chat is slowed down and its messages come late";
        found.push(Problem::error("rate_limited", text, "write false"));
    }
    if let Some(value) = keys.get("receive_ephemeral") {
        boolean(value, "receive_ephemeral", found);
    }
    for key in keys.keys().filter_map(Value::as_str).filter(|key| is_unstable_ephemeral(key)) {
        let text =
            "it is the unstable name of receive_ephemeral, and a homeserver may refuse a file with both";
        found.push(Problem::error(key, text, "remove it and write receive_ephemeral: true"));
    }
}

fn protocols(keys: &Mapping, found: &mut Vec<Problem>) {
    let is_list_of_text =
        |value: &Value| value.as_sequence().is_some_and(|list| list.iter().all(Value::is_string));
    if !keys.get("protocols").is_none_or(is_list_of_text) {
        found.push(Problem::error("protocols", "it is not a list of names", "write a list, such as [slack]"));
    }
}
