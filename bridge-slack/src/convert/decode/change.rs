//! Messages as events: new ones, changes, deletions, and reactions to them.

use bridge_core::content::{Message, PartBody, Reacted};
use bridge_core::error::NetworkError;
use bridge_core::event::RemoteKind;
use bridge_core::id::RemoteMessageId;

use super::super::emoji;
use super::super::scope::Place;
use super::super::wire::{Event, Reactions};
use super::{message, other};
use crate::id;

/// Message subtypes that say something about the channel: its data is then read anew.
const CHAT_SUBTYPES: &[&str] = &[
    "channel_topic",
    "channel_purpose",
    "channel_name",
    "channel_posting_permissions",
    "channel_convert_to_private",
    "channel_convert_to_public",
    "group_topic",
    "group_purpose",
    "group_name",
];

/// Message subtypes that are no message: what they tell comes as an event of its own, or is for one person's eyes.
const OTHER_SUBTYPES: &[&str] = &[
    "message_replied",
    "reply_broadcast",
    "channel_join",
    "channel_leave",
    "group_join",
    "group_leave",
    "pinned_item",
    "unpinned_item",
    "reminder_add",
    "reminder_delete",
    "bot_add",
    "bot_remove",
    "bot_enable",
    "bot_disable",
    "app_conversation_join",
    "app_conversation_leave",
    "joiner_notification",
    "joiner_notification_for_inviter",
    "channel_canvas_updated",
    "tabbed_canvas_updated",
    "assistant_app_thread",
];

/// Whether a channel was archived or opened again, if it is that of which this type or subtype tells.
pub(super) fn archiving(kind: &str) -> Option<bool> {
    match kind {
        "channel_archive" | "group_archive" => Some(true),
        "channel_unarchive" | "group_unarchive" => Some(false),
        _ => None,
    }
}

/// Reads an event of type `message`: whose it is, and what happened.
pub(super) fn message<'a>(event: &'a Event, place: &Place) -> Result<(&'a Event, RemoteKind), NetworkError> {
    match event.subtype.as_str() {
        "message_changed" => changed(event, place),
        "message_deleted" => {
            let before = event.previous_message.as_deref();
            let ts = if event.deleted_ts.is_empty() {
                before.map_or("", |old| &old.ts)
            } else {
                &event.deleted_ts
            };
            let kind = RemoteKind::Delete { id: message_id(place, ts)?, is_tombstone: false };
            Ok((before.unwrap_or(event), kind))
        }
        subtype if archiving(subtype).is_some() => {
            Ok((event, RemoteKind::Archived(archiving(subtype) == Some(true))))
        }
        subtype if CHAT_SUBTYPES.contains(&subtype) => Ok((event, RemoteKind::ChatInfo)),
        subtype if event.hidden || OTHER_SUBTYPES.contains(&subtype) => Ok((event, other(event))),
        _ => {
            let ts = if event.ts.is_empty() { &event.event_ts } else { &event.ts };
            let id = message_id(place, ts)?;
            let mut message = message::read(event, ts, place);
            message.reactions = reactions(event, place);
            Ok((event, RemoteKind::Message { id, message }))
        }
    }
}

/// A change of a message. Slack reports one also where a preview was added or somebody answered in the thread; only what
/// is seen counts.
fn changed<'a>(event: &'a Event, place: &Place) -> Result<(&'a Event, RemoteKind), NetworkError> {
    let Some(after) = event.message.as_deref() else {
        return Err(NetworkError::Malformed(
            "Slack sent a change of a message without the message; it is kept, and nothing was changed."
                .to_owned(),
        ));
    };
    let before = event.previous_message.as_deref();
    let ts = if after.ts.is_empty() { before.map_or("", |old| &old.ts) } else { &after.ts };
    let id = message_id(place, ts)?;
    if after.subtype == "tombstone" {
        return Ok((before.unwrap_or(after), RemoteKind::Delete { id, is_tombstone: true }));
    }
    let subtype = after.subtype.as_str();
    let is_about_channel = CHAT_SUBTYPES.contains(&subtype) || archiving(subtype).is_some();
    if is_about_channel || OTHER_SUBTYPES.contains(&subtype) {
        return Ok((after, other(event)));
    }
    let is_own_edit = before.is_none_or(|old| edited(old) != edited(after));
    if let Some(before) = before.filter(|old| old.subtype != "tombstone") {
        let same = if is_own_edit {
            said(message::read(before, ts, place)) == said(message::read(after, ts, place))
        } else {
            said(message::without_previews(before, ts, place))
                == said(message::without_previews(after, ts, place))
        };
        if same {
            return Ok((after, other(event)));
        }
    }
    let after_all = message::read(after, ts, place);
    if let Some(before) = before.filter(|old| old.subtype != "thread_broadcast" && after_all.broadcast) {
        let mut alone = after_all.clone();
        alone.broadcast = false;
        if said(message::read(before, ts, place)) == said(alone) {
            // Nothing else changed: the reply is also shown in the channel now.
            return Ok((after, RemoteKind::Message { id, message: after_all }));
        }
    }
    // An app may change its posts without a trace; then the event is the only one.
    let revision = [if is_own_edit { edited(after) } else { "" }, &event.event_ts, &event.ts, ts];
    let revision = revision.into_iter().find(|ts| !ts.is_empty()).unwrap_or_default().to_owned();
    Ok((after, RemoteKind::Edit { id, revision, message: after_all }))
}

/// A message without what Slack finds out about its files only after they are shown, and about pages it links to: a
/// preview alone is no edit, and would be shown as one.
fn said(mut message: Message) -> Message {
    message.previews.clear();
    for part in &mut message.parts {
        if let PartBody::File(file) = &mut part.body {
            (file.preview, file.width, file.height, file.duration_ms) = (None, None, None, None);
            file.waveform.clear();
        }
    }
    message
}

fn edited(message: &Event) -> &str {
    message.edited.as_ref().map_or("", |edited| &edited.ts)
}

/// A reaction to a message. `None`: to something else, or without a name.
pub(super) fn reaction(event: &Event, place: &Place) -> Option<RemoteKind> {
    let item = event.item.as_ref().filter(|item| matches!(item.kind.as_str(), "message" | ""))?;
    let id = id::message_id(&place.team_id, &place.channel_id, &item.ts)?;
    let emoji = emoji::read(&event.reaction)?;
    Some(match event.kind.as_str() {
        "reaction_added" => RemoteKind::React { id, emoji },
        _ => RemoteKind::Unreact { id, emoji },
    })
}

/// The reactions that a message has when it is fetched; one that has just been written has none.
fn reactions(event: &Event, place: &Place) -> Vec<Reacted> {
    let read = |one: &Reactions| {
        let users: Vec<_> = one.users.iter().filter_map(|user| id::user_id(&place.team_id, user)).collect();
        let is_cut = usize::try_from(one.count).is_ok_and(|count| count > one.users.len());
        Some(Reacted { emoji: emoji::read(&one.name)?, users, is_cut })
    };
    event.reactions.iter().flatten().filter_map(read).collect()
}

fn message_id(place: &Place, ts: &str) -> Result<RemoteMessageId, NetworkError> {
    id::message_id(&place.team_id, &place.channel_id, ts).ok_or_else(|| {
        NetworkError::Malformed(
            "Slack sent a message without a channel, workspace or timestamp; it is kept, and cannot be shown."
                .to_owned(),
        )
    })
}
