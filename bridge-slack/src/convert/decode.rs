//! Reads the payload of an `events_api` or `slash_commands` envelope into the core's event.

mod change;
mod message;
mod sender;

use bridge_core::error::NetworkError;
use bridge_core::event::{MemberChange, RemoteEvent, RemoteKind, Sender};
use bridge_core::id::ChatKey;

use super::scope::{Place, USER_TYPES, place};
use super::wire::{self, Event, Payload};
use crate::id;

/// The type of our own metadata on a post.
pub const METADATA_TYPE: &str = "matrix_bridge";

/// What tells our own posts from others': the identity of our app in its workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Own {
    /// The app's bot user (`U…`).
    pub user_id: String,
    /// The app's bot (`B…`); empty if not known.
    pub bot_id: String,
    /// The app (`A…`); empty if not known.
    pub app_id: String,
}

impl Own {
    fn is_user(&self, user_id: &str) -> bool {
        !self.user_id.is_empty() && self.user_id == user_id
    }
}

/// Event types that say something about a channel.
const CHAT_TYPES: &[&str] = &[
    "channel_rename",
    "channel_shared",
    "channel_unshared",
    "channel_convert_to_private",
    "channel_convert_to_public",
    "group_rename",
];

/// Reads a payload. What is not known becomes [`RemoteKind::Other`]; an error is a payload without an event, or a
/// message without a place, an id or content: it cannot be shown, and is parked for the operator.
pub fn decode(payload: &str, own: &Own) -> Result<RemoteEvent, NetworkError> {
    let (place, scope, dedup) = place(payload);
    let payload = wire::read::<Payload>(payload).unwrap_or_default();
    let Some(event) = &payload.event else {
        let (sender, kind) = without_event(payload, &place)?;
        return Ok(RemoteEvent::new(scope, sender, 0, dedup, kind));
    };
    let at = [&event.event_ts, &event.ts].into_iter().find_map(|ts| id::ts_ms(ts)).unwrap_or(0);
    let (author, kind) = match event.kind.as_str() {
        "message" => change::message(event, &place)?,
        _ => (event, plain(event, &place, own)),
    };
    let sender = sender::read(author, &place, own);
    Ok(RemoteEvent::new(scope, sender, at, dedup, kind))
}

/// A slash command, or what Slack says about the app as a whole.
fn without_event(payload: Payload, place: &Place) -> Result<(Sender, RemoteKind), NetworkError> {
    if !payload.command.is_empty() {
        let sender = id::user_id(&place.team_id, &payload.user_id).map_or(Sender::Network, Sender::user);
        let line = payload.text.trim().to_owned();
        return Ok((sender, RemoteKind::Command { line, answer_to: payload.response_url }));
    }
    match payload.kind.as_str() {
        "" | "event_callback" => Err(NetworkError::Malformed(
            "Slack sent a payload without an event in it; it is kept, and nothing was shown.".to_owned(),
        )),
        kind => Ok((Sender::Network, RemoteKind::Other(kind.to_owned()))),
    }
}

/// An event that is no message.
fn plain(event: &Event, place: &Place, own: &Own) -> RemoteKind {
    let user = id::user_id(&place.team_id, &event.user.0);
    let is_ours = own.is_user(&event.user.0);
    match event.kind.as_str() {
        kind if USER_TYPES.contains(&kind) => user.map_or_else(|| other(event), RemoteKind::UserInfo),
        "member_joined_channel" if is_ours => RemoteKind::Joined,
        "member_left_channel" if is_ours => RemoteKind::Left,
        "channel_left" | "group_left" => RemoteKind::Left,
        "member_joined_channel" | "member_left_channel" => {
            let joined = event.kind == "member_joined_channel";
            let change = if joined { MemberChange::Joined } else { MemberChange::Left };
            user.map_or_else(|| other(event), |user_id| RemoteKind::Member { user_id, change })
        }
        "reaction_added" | "reaction_removed" => {
            change::reaction(event, place).unwrap_or_else(|| other(event))
        }
        "pin_added" | "pin_removed" => RemoteKind::Pins,
        "channel_id_changed" => match id::chat_id(&place.team_id, &event.new_channel_id) {
            Some(chat) => RemoteKind::Moved(ChatKey::shared(chat)),
            None => other(event),
        },
        "channel_deleted" | "group_deleted" => RemoteKind::Deleted,
        "app_uninstalled" => RemoteKind::Credentials,
        // Tokens of people are revoked in the same way, and are not ours.
        "tokens_revoked" if has_bot_tokens(event) => RemoteKind::Credentials,
        kind if CHAT_TYPES.contains(&kind) => RemoteKind::ChatInfo,
        kind => change::archiving(kind).map_or_else(|| other(event), RemoteKind::Archived),
    }
}

fn other(event: &Event) -> RemoteKind {
    RemoteKind::Other(match event.subtype.as_str() {
        "" => event.kind.clone(),
        subtype => format!("{}/{subtype}", event.kind),
    })
}

fn has_bot_tokens(event: &Event) -> bool {
    event.tokens.as_ref().and_then(|tokens| tokens.bot.as_ref()).is_some_and(|bots| !bots.is_empty())
}

#[cfg(test)]
mod tests;
