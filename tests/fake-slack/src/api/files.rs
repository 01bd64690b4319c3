//! `files.*`: uploading in three steps, looking, deleting.
use serde_json::{Map, Value, json};

use super::call::{CallContext, Outcome};
use super::post;
use crate::error::ApiError;
use crate::state::{Channel, File, HeldShare, Kind, Stage};
use crate::text;

/// Characters of a picture's description.
const MOST_ALT_TEXT: usize = 1_000;
/// Bytes of a snippet.
const MOST_SNIPPET: u64 = 1 << 20;
/// Bytes of one file.
const MOST_BYTES: u64 = 1 << 30;

/// `files.getUploadURLExternal`: an address for one file. Takes no JSON.
pub(super) fn upload_url(call: &mut CallContext<'_>) -> Outcome {
    let length = call.arguments.number("length").unwrap_or_default();
    let Some(name) = call.arguments.text("filename").map(str::to_owned).filter(|_| length > 0) else {
        return Err("missing_argument".into());
    };
    let alt_text = call.arguments.text("alt_txt").map(str::to_owned);
    if alt_text.as_ref().is_some_and(|text| text.chars().count() > MOST_ALT_TEXT) {
        return Err("alt_txt_too_large".into());
    }
    if call.arguments.text("snippet_type").is_some() && length > MOST_SNIPPET {
        return Err("snippet_too_large".into());
    }
    if length > MOST_BYTES {
        return Err("file_upload_size_restricted".into());
    }
    let file_id = call.state.clock.id("F");
    let ticket = text::uuid(call.state.clock.tick());
    let file = File { alt_text, announced: length, ..File::new(file_id.clone(), &call.grant.user_id, &name) };
    call.state.files.insert(file_id.clone(), file);
    let upload_url = format!("{}/upload/v1/{ticket}", call.state.base_url);
    call.state.uploads.insert(ticket, file_id.clone());
    Ok(json!({ "upload_url": upload_url, "file_id": file_id }))
}

/// The ids in `files`, with their titles; all uploaded by the caller and not shared yet.
fn uploaded(call: &CallContext<'_>) -> Result<Vec<(String, Option<String>)>, ApiError> {
    let Ok(Some(Value::Array(items))) = call.arguments.json("files") else {
        return Err("invalid_arguments".into());
    };
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    for item in &items {
        let file = item["id"].as_str().and_then(|id| call.state.files.get(id)).ok_or("file_not_found")?;
        let fresh = found.iter().all(|(id, _)| *id != file.id);
        if file.stage != Stage::Uploaded || file.user_id != call.grant.user_id || !fresh {
            return Err("file_not_found".into());
        }
        let title = item["title"].as_str().filter(|title| !title.is_empty()).map(str::to_owned);
        found.push((file.id.clone(), title));
    }
    if found.is_empty() { Err("invalid_arguments".into()) } else { Ok(found) }
}

/// Where to share: `channel_id`, or the list `channels`.
fn targets(call: &CallContext<'_>) -> Result<Vec<String>, ApiError> {
    let mut names = call.arguments.list("channels");
    names.extend(call.arguments.text("channel_id").map(str::to_owned));
    for name in &names {
        let channel = call.state.channel(name).map_err(|_| "invalid_channel")?;
        if !channel.visible_to(&call.grant.user_id) {
            return Err("invalid_channel".into());
        }
        let (user, in_thread) = (call.user()?, call.arguments.ts("thread_ts").is_some());
        let may_write = call.state.may_write(&channel.id, &user);
        if may_write.and_then(|()| call.state.may_post(&channel.id, &user, in_thread)).is_err() {
            return Err("posting_to_channel_denied".into());
        }
        if let Some(thread_ts) = call.arguments.ts("thread_ts") {
            channel.message_key(&thread_ts).map_err(|_| "thread_not_found")?;
        }
    }
    Ok(names)
}

/// `files.completeUploadExternal`: makes uploaded files visible, in channels or only to the caller.
pub(super) fn complete(call: &mut CallContext<'_>) -> Outcome {
    let files = uploaded(call)?;
    let channels = targets(call)?;
    let blocks = post::list(call, "blocks", "invalid_blocks_format")?;
    for (id, title) in &files {
        if let Some(file) = call.state.files.get_mut(id) {
            file.stage = Stage::Complete;
            if let Some(title) = title {
                file.title.clone_from(title);
            }
        }
    }
    let ids: Vec<String> = files.into_iter().map(|(id, _)| id).collect();
    for channel_id in &channels {
        let body = message(call, blocks.clone());
        if let Some(held) = &mut call.state.held_shares {
            held.push(HeldShare { channel_id: channel_id.clone(), file_ids: ids.clone(), body });
        } else {
            call.state.share_files(channel_id, &ids, body, call.out)?;
        }
    }
    let answers: Vec<Value> = ids.iter().map(|id| shown(call, id)).collect::<Result<_, _>>()?;
    Ok(json!({ "files": answers }))
}

/// The message around the files. It has no `bot_id`: whose it is shows only by its user.
fn message(call: &mut CallContext<'_>, blocks: Option<Value>) -> Map<String, Value> {
    let comment = text::settled(call.arguments.text("initial_comment").unwrap_or_default());
    let seed = call.state.clock.tick();
    let mut body = Map::new();
    body.insert("user".into(), call.user_id().into());
    body.insert("team".into(), call.state.team.id.clone().into());
    match blocks {
        Some(blocks) => body.insert("blocks".into(), text::with_block_ids(blocks, seed)),
        None if comment.is_empty() => None,
        None => body.insert("blocks".into(), text::rich_text(&comment, seed)),
    };
    body.insert("text".into(), comment.into());
    if let Some(thread_ts) = call.arguments.ts("thread_ts") {
        body.insert("thread_ts".into(), thread_ts.into());
    }
    body
}

/// A file object with its shares, unless they are to come late.
fn shown(call: &mut CallContext<'_>, id: &str) -> Result<Value, ApiError> {
    let mut file = call.state.file(id)?.to_json(call.state);
    if call.state.slow_shares > 0 {
        call.state.slow_shares -= 1;
        file["shares"] = json!({});
    }
    Ok(file)
}

/// A file that the caller can see.
fn visible(call: &CallContext<'_>) -> Result<String, ApiError> {
    let file = call.state.file(call.arguments.required("file", "file_not_found")?)?;
    if file.stage == Stage::Deleted {
        return Err("file_deleted".into());
    }
    if file.stage != Stage::Complete || !file.visible_to(call.state, &call.grant.user_id) {
        return Err("file_not_found".into());
    }
    Ok(file.id.clone())
}

/// `files.info`
pub(super) fn info(call: &mut CallContext<'_>) -> Outcome {
    let id = visible(call)?;
    let file = shown(call, &id)?;
    Ok(json!({ "file": file, "comments": [], "response_metadata": { "next_cursor": "" } }))
}

/// `files.delete`
pub(super) fn delete(call: &mut CallContext<'_>) -> Outcome {
    let id = visible(call)?;
    if call.state.file(&id)?.user_id != call.grant.user_id {
        return Err("cant_delete_file".into());
    }
    call.state.delete_file(&id, call.out)?;
    Ok(json!({}))
}

/// `bookmarks.list`
pub(super) fn bookmarks(call: &mut CallContext<'_>) -> Outcome {
    let name = call.arguments.required("channel_id", "channel_not_found")?;
    let fits = |channel: &&Channel| channel.visible_to(&call.grant.user_id) && channel.kind != Kind::Im;
    let channel = call.state.channels.get(name).filter(fits).ok_or("channel_not_found")?;
    Ok(json!({ "bookmarks": channel.bookmarks }))
}
