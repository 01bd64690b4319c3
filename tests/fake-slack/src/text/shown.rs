//! Wire text as people read it.
use serde_json::Value;

use super::{emoji, inline, unescape};

/// The text with its references named, its links by their labels, and known emoji as signs; `name_of` names the people
/// and channels that it knows by their ids.
pub(crate) fn shown(wire: &str, name_of: &impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(wire.len());
    let mut plain = String::new();
    let mut rest = wire;
    while let Some(first) = rest.chars().next() {
        let found = match first {
            '<' => reference(rest, name_of),
            ':' => named_emoji(rest),
            _ => None,
        };
        if let Some((text, taken)) = found {
            out.push_str(&unescape(&std::mem::take(&mut plain)));
            out.push_str(&text);
            rest = &rest[taken..];
        } else {
            plain.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out.push_str(&unescape(&plain));
    out
}

fn reference(rest: &str, name_of: &impl Fn(&str) -> Option<String>) -> Option<(String, usize)> {
    let end = rest.find('>')?;
    let inner = &rest[1..end];
    let element = inline::reference(inner)?;
    let text = |key: &str| element[key].as_str().map(str::to_owned);
    let label = inner.split_once('|').map(|(_, label)| unescape(label));
    let named = |sign: &str, key: &str| {
        let id = text(key)?;
        Some(format!("{sign}{}", label.clone().or_else(|| name_of(&id)).unwrap_or(id)))
    };
    let shown = match element["type"].as_str()? {
        "user" => named("@", "user_id"),
        "channel" => named("#", "channel_id"),
        "usergroup" => label.clone().or_else(|| named("@", "usergroup_id")),
        "broadcast" => text("range").map(|range| format!("@{range}")),
        "date" => text("fallback"),
        _ => label.clone().or_else(|| text("url")),
    };
    Some((shown?, end + 1))
}

fn named_emoji(rest: &str) -> Option<(String, usize)> {
    let (name, _) = rest[1..].split_once(':')?;
    Some((emoji::sign(name)?.to_owned(), name.len() + 2))
}

/// A reaction as people see it: the sign of a known emoji, else its name.
pub(crate) fn reaction(name: &Value) -> String {
    let name = name.as_str().unwrap_or_default();
    emoji::sign(name).map_or_else(|| format!(":{name}:"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_links_and_emoji_are_read() {
        let name_of = |id: &str| (id == "U0BOB00001").then(|| "bob".to_owned());
        for (wire, text) in [
            ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
            ("<@U0BOB00001> and <@U0NOBODY01>", "@bob and @U0NOBODY01"),
            ("<#C0GENERAL1|general> <!here>", "#general @here"),
            (
                "<https://a.example/?x=1&amp;y=2> <https://a.example|this &amp; that>",
                "https://a.example/?x=1&y=2 this & that",
            ),
            ("good :+1: :unknown: 10:30", "good 👍 :unknown: 10:30"),
            ("<nothing> :", "<nothing> :"),
        ] {
            assert_eq!(shown(wire, &name_of), text);
        }
    }
}
