//! Control verbs about messages: people write, edit, react.
use serde_json::{Value, json};

use super::Outcome;
use crate::arguments::Arguments;
use crate::error::ApiError;
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

/// A JSON argument that must be there.
pub(super) fn structure(a: &Arguments, name: &str) -> Result<Value, ApiError> {
    let missing = || ApiError::new("invalid_arguments").with("needed", name);
    a.json(name).ok().flatten().ok_or_else(missing)
}
