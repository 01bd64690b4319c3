//! `chat.postMessage`, `chat.postEphemeral`.
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::call::{CallContext, Outcome};
use crate::clock::write_ts;
use crate::error::ApiError;
use crate::state::bot_message;
use crate::text;

/// Characters after which a text is cut off.
const MOST_TEXT: usize = 40_000;
/// Characters after which a text without blocks becomes several messages.
const MOST_PER_MESSAGE: usize = 4_000;
/// Blocks in one message.
const MOST_BLOCKS: usize = 50;
/// Attachments of one message.
const MOST_ATTACHMENTS: usize = 100;
/// Bytes of metadata.
const MOST_METADATA: usize = 16_384;

/// What a message is made of, checked.
pub(super) struct Parts {
    /// As posted, cut off at 40,000 characters.
    pub(super) text: String,
    pub(super) truncated: bool,
    pub(super) blocks: Option<Value>,
    pub(super) attachments: Option<Value>,
    pub(super) metadata: Option<Value>,
}

/// Reads and checks text, blocks, attachments and metadata.
pub(super) fn parts(call: &CallContext<'_>) -> Result<Parts, ApiError> {
    let posted = call.arguments.text("text").unwrap_or_default();
    let text: String = posted.chars().take(MOST_TEXT).collect();
    let truncated = text.len() < posted.len();
    let blocks = list(call, "blocks", "invalid_blocks_format")?;
    if let Some(blocks) = blocks.as_ref().and_then(Value::as_array) {
        check_blocks(blocks)?;
    }
    let attachments = list(call, "attachments", "invalid_attachments")?;
    if attachments.as_ref().and_then(Value::as_array).is_some_and(|a| a.len() > MOST_ATTACHMENTS) {
        return Err("too_many_attachments".into());
    }
    if text.trim().is_empty() && blocks.is_none() && attachments.is_none() {
        return Err("no_text".into());
    }
    Ok(Parts { text, truncated, blocks, attachments, metadata: metadata(call)? })
}

/// A list in an argument; an empty one counts as none.
pub(super) fn list(
    call: &CallContext<'_>,
    name: &str,
    error: &'static str,
) -> Result<Option<Value>, ApiError> {
    match call.arguments.json(name) {
        Ok(Some(Value::Array(items))) if items.is_empty() => Ok(None),
        Ok(Some(Value::Array(items))) => Ok(Some(Value::Array(items))),
        Ok(None) => Ok(None),
        Ok(Some(_)) | Err(()) => Err(error.into()),
    }
}

fn check_blocks(blocks: &[Value]) -> Result<(), ApiError> {
    let fine = |block: &Value| {
        let text = block["text"]["text"].as_str().unwrap_or_default();
        block["type"].is_string() && text.chars().count() <= 3_000
    };
    if blocks.len() > MOST_BLOCKS || !blocks.iter().all(fine) {
        return Err("invalid_blocks".into());
    }
    Ok(())
}

fn metadata(call: &CallContext<'_>) -> Result<Option<Value>, ApiError> {
    let Ok(found) = call.arguments.json("metadata") else {
        return Err("invalid_metadata_format".into());
    };
    let Some(metadata) = found else { return Ok(None) };
    if !metadata["event_type"].is_string() || !metadata["event_payload"].is_object() {
        return Err("invalid_metadata_schema".into());
    }
    if metadata.to_string().len() > MOST_METADATA {
        return Err("metadata_too_large".into());
    }
    Ok(Some(metadata))
}

/// Where to post: a channel by id or name, or a person, whose direct conversation is opened.
fn target(call: &mut CallContext<'_>) -> Result<String, ApiError> {
    let name = call.arguments.required("channel", "channel_not_found")?;
    if call.state.users.contains_key(name) {
        let both = BTreeSet::from([name.to_owned(), call.user_id()]);
        return Ok(call.state.open_conversation(&both).0);
    }
    let channel_id = call.state.channel_id(name)?;
    let user = call.user()?;
    match call.state.may_write(&channel_id, &user) {
        Err(error) if error.error == "not_in_channel" && call.has("chat:write.public") => {}
        outcome => outcome?,
    }
    call.state.may_post(&channel_id, &user, call.arguments.ts("thread_ts").is_some())?;
    Ok(channel_id)
}

/// The fields that another name or picture adds to a message, and takes from it.
fn customise(call: &CallContext<'_>, body: &mut Map<String, Value>) -> Result<(), ApiError> {
    let username = call.arguments.text("username");
    let (url, emoji) = (call.arguments.text("icon_url"), call.arguments.text("icon_emoji"));
    if username.is_none() && url.is_none() && emoji.is_none() {
        return Ok(());
    }
    call.need("chat:write.customize")?;
    body.insert("subtype".into(), "bot_message".into());
    body.insert("username".into(), username.unwrap_or(&call.app.name).into());
    if let Some(emoji) = emoji {
        body.insert("icons".into(), json!({ "emoji": emoji }));
    } else if let Some(url) = url {
        body.insert("icons".into(), json!({ "image_36": url, "image_48": url, "image_72": url }));
    }
    body.remove("user");
    body.remove("bot_profile");
    Ok(())
}

/// `chat.postMessage`
pub(super) fn message(call: &mut CallContext<'_>) -> Outcome {
    let parts = parts(call)?;
    let channel_id = target(call)?;
    let thread_ts = call.arguments.ts("thread_ts");
    if let Some(thread_ts) = &thread_ts {
        call.state.channel(&channel_id)?.message_key(thread_ts).map_err(|_| "thread_not_found")?;
    }
    let pieces = if parts.blocks.is_none() { split(&parts.text) } else { vec![parts.text.clone()] };
    let mut posted = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        let mut body = bot_message(call.state, &call.app, piece, parts.blocks.clone());
        if parts.blocks.is_none() && piece.is_empty() {
            body.remove("blocks");
        }
        customise(call, &mut body)?;
        if let Some(thread_ts) = &thread_ts {
            body.insert("thread_ts".into(), thread_ts.clone().into());
            if call.arguments.flag("reply_broadcast") == Some(true) {
                body.insert("subtype".into(), "thread_broadcast".into());
            }
        }
        // What belongs to the whole message goes with its first piece.
        if index == 0 {
            let extras = [("attachments", &parts.attachments), ("metadata", &parts.metadata)];
            for (name, value) in extras {
                if let Some(value) = value {
                    body.insert(name.into(), value.clone());
                }
            }
        }
        posted.push(call.state.post(&channel_id, body, call.out)?);
    }
    let ts = posted.swap_remove(0);
    let channel = call.state.channel(&channel_id)?;
    let message = channel.messages.get(&channel.message_key(&ts)?).cloned();
    let mut answer = json!({ "channel": channel_id, "ts": ts, "message": message });
    if parts.truncated {
        answer["warning"] = "message_truncated".into();
        answer["response_metadata"] = json!({ "warnings": ["message_truncated"] });
    }
    Ok(answer)
}

/// Cuts a long text into messages.
fn split(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    if letters.is_empty() {
        return vec![String::new()];
    }
    letters.chunks(MOST_PER_MESSAGE).map(|chunk| chunk.iter().collect()).collect()
}

/// `chat.postEphemeral`
pub(super) fn ephemeral(call: &mut CallContext<'_>) -> Outcome {
    let parts = parts(call)?;
    let channel_id = target(call)?;
    let user_id = call.arguments.required("user", "user_not_found")?.to_owned();
    call.state.user(&user_id)?;
    if !call.state.channel(&channel_id)?.members.contains(&user_id) {
        return Err("user_not_in_channel".into());
    }
    let ts = write_ts(call.state.clock.tick());
    call.state.ephemeral.push(json!({
        "channel": channel_id, "to": user_id, "user": call.user_id(), "text": text::settled(&parts.text),
        "blocks": parts.blocks, "thread_ts": call.arguments.ts("thread_ts"), "ts": ts,
    }));
    Ok(json!({ "message_ts": ts }))
}
