//! Which lane a payload belongs to and whether it came before: all that has to be known before it is committed.

use bridge_core::event::Scope;
use bridge_core::id::{ChatKey, DedupKey};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::wire::{Cow, Ref, cow, list, object};
use crate::id;

/// Event types that say something about a person, wherever they are.
pub(super) const USER_TYPES: &[&str] =
    &["user_change", "user_profile_changed", "user_status_changed", "team_join"];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Outline<'a> {
    #[serde(borrow, deserialize_with = "cow")]
    team_id: Cow<'a>,
    #[serde(borrow, deserialize_with = "cow")]
    context_team_id: Cow<'a>,
    #[serde(borrow, deserialize_with = "cow")]
    event_id: Cow<'a>,
    #[serde(deserialize_with = "list")]
    authorizations: Option<Vec<Authorization>>,
    #[serde(borrow, deserialize_with = "object")]
    event: Option<EventOutline<'a>>,
    // A slash command has no event.
    #[serde(borrow, deserialize_with = "cow")]
    command: Cow<'a>,
    #[serde(borrow, deserialize_with = "cow")]
    channel_id: Cow<'a>,
    #[serde(borrow, deserialize_with = "cow")]
    trigger_id: Cow<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Authorization {
    #[serde(deserialize_with = "super::wire::text")]
    team_id: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct EventOutline<'a> {
    #[serde(borrow, rename = "type", deserialize_with = "cow")]
    kind: Cow<'a>,
    #[serde(borrow, deserialize_with = "cow")]
    subtype: Cow<'a>,
    channel: Ref,
    #[serde(borrow, deserialize_with = "cow")]
    channel_id: Cow<'a>,
    #[serde(borrow, deserialize_with = "cow")]
    old_channel_id: Cow<'a>,
    #[serde(deserialize_with = "object")]
    item: Option<Item>,
    user: Ref,
    #[serde(borrow, deserialize_with = "cow")]
    ts: Cow<'a>,
    #[serde(borrow, deserialize_with = "cow")]
    event_ts: Cow<'a>,
}

/// What a reaction or pin is on.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Item {
    channel: Ref,
}

/// Where a payload comes from, in Slack's own spelling. Empty texts: not told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The workspace through which the app sees it. In a shared channel the sender may belong to another one; all
    /// ids are made with this one, so that a person mentioned is the person who speaks.
    pub team_id: String,
    /// The channel.
    pub channel_id: String,
}

/// The lane and the key of a payload. Cheap; never fails: what cannot be read belongs to the network as a whole and
/// is known by its content. [`decode`](super::decode()) gives the same.
pub fn scope_and_dedup(payload: &str) -> (Scope, DedupKey) {
    let (_, scope, dedup) = place(payload);
    (scope, dedup)
}

/// Like [`scope_and_dedup`], with Slack's own ids.
pub fn place(payload: &str) -> (Place, Scope, DedupKey) {
    if let Ok(outline) = serde_json::from_str::<Outline<'_>>(payload) {
        return read(&outline, payload);
    }
    // The rare document that only a second look can read.
    match super::wire::read::<serde_json::Value>(payload).map(|value| value.to_string()) {
        Some(repaired) => match serde_json::from_str::<Outline<'_>>(&repaired) {
            Ok(outline) => read(&outline, payload),
            Err(_) => (Place::default(), Scope::Network, content_key(payload)),
        },
        None => (Place::default(), Scope::Network, content_key(payload)),
    }
}

fn read(outline: &Outline<'_>, payload: &str) -> (Place, Scope, DedupKey) {
    let absent = EventOutline::default();
    let event = outline.event.as_ref().unwrap_or(&absent);
    let authorized = outline.authorizations.iter().flatten().map(|entry| entry.team_id.as_str());
    let team_id = [outline.context_team_id.as_ref()]
        .into_iter()
        .chain(authorized)
        .chain([outline.team_id.as_ref()])
        .find(|team| id::is_slack_id(team))
        .unwrap_or_default();
    let item = event.item.as_ref().map_or("", |item| item.channel.0.as_str());
    let command = if outline.command.is_empty() { "" } else { outline.channel_id.as_ref() };
    let channel_id = [event.channel.0.as_str(), &event.channel_id, &event.old_channel_id, item, command]
        .into_iter()
        .find(|channel| id::is_slack_id(channel))
        .unwrap_or_default();
    let scope = if USER_TYPES.contains(&event.kind.as_ref()) {
        id::user_id(team_id, &event.user.0).map(Scope::User)
    } else {
        id::chat_id(team_id, channel_id).map(|chat| Scope::Chat(ChatKey::shared(chat)))
    };
    let place = Place { team_id: team_id.to_owned(), channel_id: channel_id.to_owned() };
    (place, scope.unwrap_or(Scope::Network), dedup(outline, event, team_id, channel_id, payload))
}

fn dedup(
    outline: &Outline<'_>,
    event: &EventOutline<'_>,
    team: &str,
    channel: &str,
    payload: &str,
) -> DedupKey {
    if !outline.event_id.is_empty() {
        return DedupKey::new(outline.event_id.as_ref());
    }
    if !outline.command.is_empty() && !outline.trigger_id.is_empty() {
        return DedupKey::new(format!("command-{}", outline.trigger_id));
    }
    let ts = if event.ts.is_empty() { &event.event_ts } else { &event.ts };
    // Reactions and the like share their moment too easily to be told apart by it.
    if event.kind != "message" || ts.is_empty() || team.is_empty() || channel.is_empty() {
        return content_key(payload);
    }
    let subtype = if event.subtype.is_empty() { "plain" } else { event.subtype.as_ref() };
    DedupKey::new(format!("{team}-{channel}-{ts}-{subtype}"))
}

/// The key of a payload that has no id of its own.
pub(super) fn content_key(payload: &str) -> DedupKey {
    use std::fmt::Write;
    let digest = Sha256::digest(payload.as_bytes());
    let mut key = String::from("sha256-");
    for byte in digest.iter().take(16) {
        let _ = write!(key, "{byte:02x}");
    }
    DedupKey::new(key)
}

#[cfg(test)]
mod tests;
