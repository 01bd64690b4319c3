//! Reads what is in a channel: one message, what is pinned, who is in it.

use std::borrow::Cow;
use std::collections::HashSet;

use bridge_core::error::NetworkError;
use bridge_core::event::{RemoteEvent, RemoteKind};
use bridge_core::id::{ChatKey, RemoteMessageId, RemoteUserId};
use serde_json::{Value, json};

use super::chats;
use super::desk::{Desk, message_ref};
use crate::api::Caller;
use crate::api::reply::{ChannelReply, PinsReply, RawMessagePage};
use crate::convert::{self, Own};
use crate::id;

/// A message as an event; none when it is not there any more. What stands for a deleted one that was answered is its deletion.
pub(super) async fn message(desk: &Desk, id: &RemoteMessageId) -> Result<Option<RemoteEvent>, NetworkError> {
    const METHOD: &str = "conversations.replies";
    let place = message_ref(id)?;
    let page: RawMessagePage = match desk.bot.page_around(&place.channel_id, &place.ts).await {
        Err(error) if matches!(error.code(), Some("thread_not_found" | "message_not_found")) => {
            return Ok(None);
        }
        page => page.map_err(|error| error.of_read(METHOD))?,
    };
    let found = page.messages.into_iter().find(|message| message["ts"] == place.ts.as_str());
    let Some(mut message) = found else { return Ok(None) };
    let is_tombstone = message["subtype"] == "tombstone";
    let mut event = convert::decode(&payload(&place.team_id, &place.channel_id, &mut message), &desk.own)?;
    if is_tombstone {
        // The placeholder is hidden, but tells that the message was deleted and its answers were not.
        event.kind = RemoteKind::Delete { id: id.clone(), is_tombstone };
        return Ok(Some(event));
    }
    desk.mark_upload(&mut event, &message).await?;
    Ok(Some(event))
}

/// A message as Slack would have sent it over the socket.
pub(super) fn payload(team_id: &str, channel: &str, message: &mut Value) -> String {
    message["type"] = "message".into();
    message["channel"] = channel.into();
    json!({ "type": "event_callback", "team_id": team_id, "event": message }).to_string()
}

/// The pinned messages, the first pinned first. Pinned files have no message.
pub(super) async fn pins(
    caller: &Caller,
    team_id: &str,
    chat: &ChatKey,
) -> Result<Vec<RemoteMessageId>, NetworkError> {
    const METHOD: &str = "pins.list";
    let channel = chats::slack_id(&chat.chat_id)?;
    let params = vec![("channel", Some(Cow::Borrowed(channel.as_str())))];
    let reply: PinsReply = caller.get(METHOD, &params).await.map_err(|error| error.of_read(METHOD))?;
    let newest_first = reply.items.iter().rev();
    Ok(newest_first.filter_map(|pin| id::message_id(team_id, &channel, &pin.message.ts)).collect())
}

/// The people in a channel, without the app itself.
pub(super) async fn members(
    caller: &Caller,
    team_id: &str,
    own: &Own,
    chat: &ChatKey,
    at_most: usize,
) -> Result<Vec<RemoteUserId>, NetworkError> {
    let channel = chats::slack_id(&chat.chat_id)?;
    let members = caller.members(&channel, at_most.saturating_add(1)).await;
    let members = members.map_err(|error| error.of_read("conversations.members"))?;
    let others = members.iter().filter(|member| **member != own.user_id);
    Ok(others.filter_map(|member| id::user_id(team_id, member)).take(at_most).collect())
}

/// The id of the direct message with one person, or of the group of several.
pub(super) async fn open(
    caller: &Caller,
    team_id: &str,
    people: &[RemoteUserId],
) -> Result<String, NetworkError> {
    const METHOD: &str = "conversations.open";
    let account = |person| id::parse_user_id(person).filter(|user| user.team_id == team_id);
    let users: Option<Vec<String>> =
        people.iter().map(|person| account(person).map(|user| user.id)).collect();
    let Some(users) = users.filter(|users| !users.is_empty()) else {
        return Err(NetworkError::Rejected(
            "Only people with an account in this Slack workspace can be written to there.".to_owned(),
        ));
    };
    let mut seen = HashSet::new();
    let users: Vec<&str> = users.iter().map(String::as_str).filter(|user| seen.insert(*user)).collect();
    let body = json!({ "users": users.join(",") });
    let reply: ChannelReply =
        caller.post(METHOD, None, &body).await.map_err(|error| error.of_change(METHOD))?;
    Ok(reply.channel.id)
}
