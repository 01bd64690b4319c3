//! Reads the payload of an `events_api` envelope into the core's event.

use bridge_core::content::{Block, Message, MessageStyle, RichText};
use bridge_core::error::NetworkError;
use bridge_core::event::remote::ShownAs;
use bridge_core::event::{RemoteEvent, RemoteKind, Sender};

use super::scope::{Place, place};
use super::wire::{self, Event, Payload};
use super::{attachments, blocks, flatten, mrkdwn_read};
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

/// Message subtypes that say something about the channel: its data is then read anew.
const CHAT_SUBTYPES: &[&str] = &[
    "channel_topic",
    "channel_purpose",
    "channel_name",
    "channel_archive",
    "channel_unarchive",
    "channel_convert_to_private",
    "channel_convert_to_public",
    "group_topic",
    "group_purpose",
    "group_name",
    "group_archive",
    "group_unarchive",
];

/// Message subtypes that are no message.
const OTHER_SUBTYPES: &[&str] = &[
    "message_changed",
    "message_deleted",
    "message_replied",
    "channel_join",
    "channel_leave",
    "group_join",
    "group_leave",
    "channel_posting_permissions",
    "pinned_item",
    "unpinned_item",
    "assistant_app_thread",
];

/// Event types that say something about a channel.
const CHAT_TYPES: &[&str] = &[
    "channel_rename",
    "channel_archive",
    "channel_unarchive",
    "channel_deleted",
    "channel_shared",
    "channel_unshared",
    "channel_left",
    "group_rename",
    "group_archive",
    "group_unarchive",
    "group_deleted",
    "group_left",
];

/// Reads a payload. What is not known becomes [`RemoteKind::Other`]; an error is a payload without an event, or a
/// message without a place or an id: it cannot be shown, and is parked for the operator.
pub fn decode(payload: &str, own: &Own) -> Result<RemoteEvent, NetworkError> {
    let (place, scope, dedup) = place(payload);
    let raw = payload;
    let payload = wire::read::<Payload>(payload).unwrap_or_default();
    let Some(event) = payload.event else {
        if let Some(command) = super::command::read(raw) {
            return Ok(command);
        }
        return match payload.kind.as_str() {
            "" | "event_callback" => Err(NetworkError::Malformed(
                "Slack sent a payload without an event in it; it is kept, and nothing was shown.".to_owned(),
            )),
            kind => {
                Ok(RemoteEvent::new(scope, Sender::Network, 0, dedup, RemoteKind::Other(kind.to_owned())))
            }
        };
    };
    let at = [&event.event_ts, &event.ts].into_iter().find_map(|ts| id::ts_ms(ts)).unwrap_or(0);
    let sender = sender(&event, &place, own);
    let kind = match event.kind.as_str() {
        "message" => message(&event, &place)?,
        "user_change" => match id::user_id(&place.team_id, &event.user.0) {
            Some(user) => RemoteKind::UserInfo(user),
            None => other(&event),
        },
        "member_joined_channel" if event.user.0 == own.user_id && !own.user_id.is_empty() => {
            RemoteKind::Joined
        }
        "app_uninstalled" => RemoteKind::Credentials,
        // Tokens of people are revoked in the same way, and are not ours.
        "tokens_revoked" if has_bot_tokens(&event) => RemoteKind::Credentials,
        kind if CHAT_TYPES.contains(&kind) => RemoteKind::ChatInfo,
        _ => other(&event),
    };
    Ok(RemoteEvent::new(scope, sender, at, dedup, kind))
}

fn other(event: &Event) -> RemoteKind {
    RemoteKind::Other(match event.subtype.as_str() {
        "" => event.kind.clone(),
        subtype => format!("{}/{subtype}", event.kind),
    })
}

fn sender(event: &Event, place: &Place, own: &Own) -> Sender {
    let is = |own: &str, id: &str| !own.is_empty() && own == id;
    let ours =
        is(&own.user_id, &event.user.0) || is(&own.bot_id, &event.bot_id) || is(&own.app_id, &event.app_id);
    if ours && let Some(user_id) = id::user_id(&place.team_id, &own.user_id) {
        return Sender::Own { user_id, marker: marker(event) };
    }
    let accounts = [&event.user.0, &event.bot_id];
    if let Some(name) = other_name(event)
        && let Some(user_id) =
            accounts.into_iter().rev().find_map(|id| id::named_bot_id(&place.team_id, id, name))
    {
        let shown_as = ShownAs { name: Some(name.to_owned()), avatar_url: picture(event) };
        return Sender::User { user_id, shown_as: Some(shown_as) };
    }
    let account = accounts.into_iter().find_map(|id| id::user_id(&place.team_id, id));
    account.map_or(Sender::Network, Sender::user)
}

fn has_bot_tokens(event: &Event) -> bool {
    event.tokens.as_ref().and_then(|tokens| tokens.bot.as_ref()).is_some_and(|bots| !bots.is_empty())
}

fn marker(event: &Event) -> Option<String> {
    let metadata = event.metadata.as_ref().filter(|metadata| metadata.event_type == METADATA_TYPE)?;
    let marker = &metadata.event_payload.as_ref()?.marker;
    (!marker.is_empty()).then(|| marker.clone())
}

/// The name that a bot posted under, if it is not its own. People cannot choose any.
fn other_name(event: &Event) -> Option<&str> {
    let is_bot = !event.bot_id.is_empty() || event.subtype == "bot_message";
    let own = event.bot_profile.as_ref().map_or("", |bot| bot.name.trim());
    Some(event.username.trim()).filter(|name| is_bot && !name.is_empty() && *name != own)
}

/// The picture that a bot posted under.
fn picture(event: &Event) -> Option<String> {
    let icons = event.icons.as_ref()?;
    let sizes = [&icons.image_72, &icons.image_64, &icons.image_48, &icons.image_36];
    sizes.into_iter().find(|url| !url.is_empty()).cloned()
}

fn message(event: &Event, place: &Place) -> Result<RemoteKind, NetworkError> {
    let subtype = event.subtype.as_str();
    if CHAT_SUBTYPES.contains(&subtype) {
        return Ok(RemoteKind::ChatInfo);
    }
    if event.hidden || OTHER_SUBTYPES.contains(&subtype) {
        return Ok(other(event));
    }
    let ts = if event.ts.is_empty() { &event.event_ts } else { &event.ts };
    let Some(message_id) = id::message_id(&place.team_id, &place.channel_id, ts) else {
        return Err(NetworkError::Malformed(
            "Slack sent a message without a channel, workspace or timestamp; it is kept, and cannot be shown."
                .to_owned(),
        ));
    };
    let mut message = Message::text(text(event, &place.team_id));
    if subtype == "me_message" {
        message.style = MessageStyle::Emote;
    }
    if !event.thread_ts.is_empty() && event.thread_ts != *ts {
        message.thread_root = id::message_id(&place.team_id, &place.channel_id, &event.thread_ts);
    }
    Ok(RemoteKind::Message { id: message_id, message })
}

/// All that a message says: its blocks, or else its text; then attachments and files.
fn text(event: &Event, team_id: &str) -> RichText {
    let reading = blocks::read(event.blocks.as_deref().unwrap_or_default(), team_id);
    let mut text = reading.text;
    if reading.lossy || text.is_empty() {
        let fallback = mrkdwn_read::read(event.text.as_str(), team_id);
        if text.is_empty() || seen(&fallback) >= seen(&text) {
            text = fallback;
        }
    }
    for attachment in event.attachments.iter().flatten() {
        text.blocks.extend(attachments::read(attachment, team_id).blocks);
    }
    text.blocks.extend(event.files.iter().flatten().map(attachments::file));
    if text.is_empty() {
        // A preview is better than nothing.
        let fallbacks = event.attachments.iter().flatten().map(|attachment| attachment.fallback.as_str());
        let blocks: Vec<Block> = fallbacks.flat_map(|text| mrkdwn_read::read(text, team_id).blocks).collect();
        text = RichText { blocks };
    }
    text
}

/// How much there is to see.
fn seen(text: &RichText) -> usize {
    flatten::plain(&flatten::spans(&text.blocks)).chars().filter(|c| !c.is_whitespace()).count()
}

#[cfg(test)]
mod tests;
