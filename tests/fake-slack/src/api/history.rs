//! `conversations.history`, `conversations.replies`.
use serde_json::{Value, json};

use super::call::{CallContext, Outcome};
use super::cursor;
use crate::clock::{read_ts, write_ts};
use crate::error::ApiError;
use crate::state::{Channel, Kind};

/// The stretch of time a call asks about, both ends inside.
struct Stretch {
    from: u64,
    to: u64,
    limit: usize,
}

fn stretch(call: &CallContext<'_>, default_limit: u64) -> Result<Stretch, ApiError> {
    let inclusive = call.arguments.flag("inclusive") == Some(true);
    let read = |name: &str, error: &'static str| match call.arguments.ts(name) {
        Some(ts) => read_ts(&ts).map(Some).ok_or(ApiError::new(error)),
        None => Ok(None),
    };
    let step = u64::from(!inclusive);
    let from = read("oldest", "invalid_ts_oldest")?.map_or(0, |oldest| oldest.saturating_add(step));
    let to = read("latest", "invalid_ts_latest")?.map_or(u64::MAX, |latest| latest.saturating_sub(step));
    let limit = call.arguments.number("limit").filter(|limit| *limit > 0).unwrap_or(default_limit).min(999);
    let limit = if call.workspace.options.throttled_history { limit.min(15) } else { limit };
    Ok(Stretch { from, to, limit: usize::try_from(limit).unwrap_or(999) })
}

/// The channel of the call, if the caller may read what was said there.
fn readable<'a>(call: &'a CallContext<'_>) -> Result<&'a Channel, ApiError> {
    let channel = call.state.channel(&call.channel_id("history")?)?;
    if channel.kind == Kind::Public && !channel.members.contains(&call.grant.user_id) {
        return Err("not_in_channel".into());
    }
    Ok(channel)
}

fn shown(call: &CallContext<'_>, channel: &Channel, key: u64) -> Option<Value> {
    let mut message = channel.read_message(key)?;
    let wanted = call.arguments.flag("include_all_metadata") == Some(true);
    if let Some(fields) = message.as_object_mut().filter(|_| !wanted) {
        fields.remove("metadata");
    }
    Some(message)
}

/// `conversations.history`: the newest first, replies only where they were broadcast.
pub(super) fn history(call: &mut CallContext<'_>) -> Outcome {
    let mut stretch = stretch(call, 100)?;
    let channel = readable(call)?;
    if let Some(place) = cursor::unpack(call.arguments)? {
        stretch.to = place.parse().map_err(|_| "invalid_cursor")?;
    }
    let in_channel = |(key, message): &(&u64, &Value)| {
        let reply = message["thread_ts"].as_str().is_some_and(|root| read_ts(root) != Some(**key));
        !reply || message["subtype"] == "thread_broadcast"
    };
    let mut keys = newest(channel, &stretch, in_channel);
    let has_more = keys.len() > stretch.limit;
    let mut body = json!({ "has_more": has_more, "pin_count": channel.pins.len() });
    if has_more {
        let next = keys.pop().map(|key| cursor::pack(&key.to_string())).unwrap_or_default();
        body["response_metadata"] = json!({ "next_cursor": next });
    }
    body["messages"] = keys.into_iter().filter_map(|key| shown(call, channel, key)).collect();
    if let Some(latest) = call.arguments.ts("latest") {
        body["latest"] = latest.into();
    }
    if let Some(oldest) = call.arguments.ts("oldest") {
        body["oldest"] = oldest.into();
    }
    Ok(body)
}

/// The newest messages of a stretch, one more than its limit where there are as many.
fn newest(channel: &Channel, stretch: &Stretch, wanted: impl Fn(&(&u64, &Value)) -> bool) -> Vec<u64> {
    if stretch.from > stretch.to {
        return Vec::new();
    }
    let inside = channel.messages.range(stretch.from..=stretch.to).rev();
    inside.filter(wanted).take(stretch.limit + 1).map(|(key, _)| *key).collect()
}

/// `conversations.replies`: the thread's first message, then its replies, the oldest first.
pub(super) fn replies(call: &mut CallContext<'_>) -> Outcome {
    let mut stretch = stretch(call, 999)?;
    let channel = readable(call)?;
    let ts = call.arguments.ts("ts").ok_or_else(|| ApiError::new("thread_not_found"))?;
    let key = channel.message_key(&ts).map_err(|_| "thread_not_found")?;
    let root = channel.messages[&key]["thread_ts"].as_str().and_then(read_ts).unwrap_or(key);
    let mut keys = Vec::new();
    match cursor::unpack(call.arguments)? {
        Some(place) => stretch.from = place.parse().map_err(|_| "invalid_cursor")?,
        None => keys.push(root),
    }
    let replies = channel.threads.get(&root).into_iter().flatten();
    let inside = |key: &&u64| **key >= stretch.from && **key <= stretch.to;
    keys.extend(replies.filter(inside).take((stretch.limit + 1).saturating_sub(keys.len())));
    let has_more = keys.len() > stretch.limit;
    let mut body = json!({ "has_more": has_more });
    if has_more {
        let next = keys.pop().map(|key| cursor::pack(&key.to_string())).unwrap_or_default();
        body["response_metadata"] = json!({ "next_cursor": next });
    }
    let show = |key: u64| {
        let mut message = shown(call, channel, key)?;
        if key == root && message["thread_ts"].is_null() && channel.threads.contains_key(&root) {
            message["thread_ts"] = write_ts(root).into();
        }
        Some(message)
    };
    body["messages"] = keys.into_iter().filter_map(show).collect();
    Ok(body)
}
