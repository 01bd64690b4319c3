//! `chat.*` about messages that are there already.
use serde_json::{Value, json};

use super::call::{CallContext, Outcome};
use super::post;
use crate::error::ApiError;
use crate::state::Change;
use crate::text;

/// The channel and timestamp of a message of the caller's; `refusal` is for those of others.
fn own(call: &CallContext<'_>, refusal: &'static str) -> Result<(String, String), ApiError> {
    let name = call.arguments.required("channel", "channel_not_found")?;
    let channel = call.state.channel(name)?;
    if !channel.visible_to(&call.grant.user_id) {
        return Err("channel_not_found".into());
    }
    if channel.archived {
        return Err("is_archived".into());
    }
    let ts = call.arguments.ts("ts").ok_or_else(|| ApiError::new("message_not_found"))?;
    let key = channel.message_key(&ts)?;
    let message = &channel.messages[&key];
    if message["subtype"] == "tombstone" {
        return Err("message_not_found".into());
    }
    // Messages around files say whose they are by their user only.
    if message["bot_id"] != call.app.bot_id && message["user"] != call.grant.user_id {
        return Err(refusal.into());
    }
    Ok((channel.id.clone(), ts))
}

/// `chat.update`. A text alone removes the blocks posted with the message and shows "edited"; blocks show nothing.
pub(super) fn update(call: &mut CallContext<'_>) -> Outcome {
    let (channel_id, ts) = own(call, "cant_update_message")?;
    if call.arguments.text("text").is_some_and(|text| text.chars().count() > 4_000) {
        return Err("msg_too_long".into());
    }
    let parts = post::parts(call)?;
    let settled = text::settled(&parts.text);
    let seed = call.state.clock.tick();
    let blocks = match &parts.blocks {
        Some(blocks) => Some(text::with_block_ids(blocks.clone(), seed)),
        None if call.arguments.has("text") => Some(text::rich_text(&settled, seed)),
        None => None,
    };
    let change = Change {
        text: call.arguments.has("text").then_some(settled),
        blocks,
        attachments: parts.attachments,
        metadata: parts.metadata,
        files: None,
        broadcast: call.arguments.flag("reply_broadcast") == Some(true),
        marked: parts.blocks.is_none(),
    };
    call.state.edit(&channel_id, &ts, change, call.out)?;
    let channel = call.state.channel(&channel_id)?;
    let message = channel.messages.get(&channel.message_key(&ts)?).cloned().unwrap_or_default();
    let text = message["text"].clone();
    Ok(json!({ "channel": channel_id, "ts": ts, "text": text, "message": message }))
}

/// `chat.delete`
pub(super) fn delete(call: &mut CallContext<'_>) -> Outcome {
    let (channel_id, ts) = own(call, "cant_delete_message")?;
    call.state.delete(&channel_id, &ts, call.out)?;
    Ok(json!({ "channel": channel_id, "ts": ts }))
}

/// `chat.getPermalink`
pub(super) fn permalink(call: &mut CallContext<'_>) -> Outcome {
    let channel = call.state.channel(call.arguments.required("channel", "channel_not_found")?)?;
    if !channel.visible_to(&call.grant.user_id) {
        return Err("channel_not_found".into());
    }
    let ts = call.arguments.ts("message_ts").ok_or_else(|| ApiError::new("message_not_found"))?;
    let message = &channel.messages[&channel.message_key(&ts)?];
    let mut link = format!("{}archives/{}/p{}", call.state.team.url(), channel.id, ts.replace('.', ""));
    if let Some(root) = message["thread_ts"].as_str().filter(|root| *root != ts) {
        link = format!("{link}?thread_ts={root}&cid={}", channel.id);
    }
    Ok(json!({ "channel": channel.id, "permalink": Value::String(link) }))
}
