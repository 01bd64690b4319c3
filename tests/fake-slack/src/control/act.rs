//! Control verbs about messages: people write, edit, react, share files, type commands.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Outcome;
use crate::arguments::Arguments;
use crate::error::ApiError;
use crate::people::{NewFile, Upload};
use crate::workspace::Workspace;

/// `None` for a verb that is not written here.
pub(super) fn perform(slack: &Workspace, verb: &str, a: &Arguments) -> Option<Outcome> {
    let user = a.text("user").unwrap_or("alice");
    let channel = a.text("channel").unwrap_or("general");
    let ts = a.ts("ts").unwrap_or_default();
    let text = a.text("text").unwrap_or_default();
    let name = a.text("name").unwrap_or_default();
    let done = |outcome: Result<(), ApiError>| outcome.map(|()| json!({}));
    Some(match verb {
        "post" => {
            let more = a.ts("thread_ts").map_or(Value::Null, |ts| json!({ "thread_ts": ts }));
            slack.post_with(user, channel, text, more).map(|ts| json!({ "ts": ts }))
        }
        "post_with" => structure(a, "message")
            .and_then(|more| slack.post_with(user, channel, text, more))
            .map(|ts| json!({ "ts": ts })),
        "post_raw" => structure(a, "message")
            .and_then(|message| slack.post_raw(user, channel, message))
            .map(|ts| json!({ "ts": ts })),
        "event" => structure(a, "event").map(|event| {
            slack.send_event(&event);
            json!({})
        }),
        "broadcast" => slack
            .broadcast_as(user, channel, &a.ts("thread_ts").unwrap_or_default(), text)
            .map(|ts| json!({ "ts": ts })),
        "broadcast_later" => done(slack.broadcast_later(channel, &ts)),
        "upload" => upload(slack, a, user, channel),
        "delete_file" => done(slack.delete_file(a.text("file").unwrap_or_default())),
        "retitle_file" => done(slack.retitle_file(a.text("file").unwrap_or_default(), text)),
        "slash" => slack
            .slash_as(user, channel, a.text("command").unwrap_or("/matrix"), text)
            .map(|id| json!({ "id": id })),
        "edit" => done(slack.edit(channel, &ts, text)),
        "unfurl" => done(structure(a, "attachment").and_then(|it| slack.unfurl(channel, &ts, it))),
        "delete" => done(slack.delete(channel, &ts)),
        "react" => done(slack.react_as(user, channel, &ts, name)),
        "unreact" => done(slack.unreact_as(user, channel, &ts, name)),
        "pin" => done(slack.pin_as(user, channel, &ts)),
        "unpin" => done(slack.unpin_as(user, channel, &ts)),
        _ => return None,
    })
}

/// Shares files: `files` lists objects with `name` and `base64` or `length`, and maybe `title`,
/// `details_hidden` and `overrides`; or there is one file, of `name` and `content` (text).
fn upload(slack: &Workspace, a: &Arguments, user: &str, channel: &str) -> Outcome {
    let single = || {
        json!([{
            "name": a.text("name").unwrap_or("note.txt"),
            "base64": STANDARD.encode(a.text("content").unwrap_or_default()),
        }])
    };
    let given = a.json("files").map_err(|()| "invalid_arguments")?.unwrap_or_else(single);
    let mut files = Vec::new();
    for file in given.as_array().into_iter().flatten() {
        let name = file["name"].as_str().unwrap_or("file.bin");
        let mut new = if let Some(length) = file["length"].as_u64() {
            NewFile::of_length(name, length)
        } else {
            let bytes = STANDARD.decode(file["base64"].as_str().unwrap_or_default());
            NewFile::new(name, bytes.map_err(|_| "invalid_arguments")?)
        };
        new.title = file["title"].as_str().map(str::to_owned);
        new.details_hidden = file["details_hidden"] == true;
        new.overrides = file["overrides"].as_object().cloned().unwrap_or_default();
        files.push(new);
    }
    let comment = a.text("text").unwrap_or_default().to_owned();
    let uploaded =
        slack.upload_with(user, channel, Upload { files, comment, thread_ts: a.ts("thread_ts") })?;
    Ok(json!({ "ts": uploaded.ts, "files": uploaded.file_ids }))
}

/// A JSON argument that must be there.
pub(super) fn structure(a: &Arguments, name: &str) -> Result<Value, ApiError> {
    let missing = || ApiError::new("invalid_arguments").with("needed", name);
    a.json(name).ok().flatten().ok_or_else(missing)
}
