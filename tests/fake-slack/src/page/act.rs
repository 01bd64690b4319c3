//! What people send from the page: messages, commands, files, and what they do to a message.
use std::sync::Arc;

use axum::extract::{Form, Query, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

use super::View;
use super::html::pairs;
use crate::error::ApiError;
use crate::files;
use crate::people::{NewFile, Upload};
use crate::workspace::Workspace;

/// What somebody typed.
#[derive(Debug, Deserialize)]
pub(crate) struct Said {
    user: String,
    channel: String,
    text: String,
    thread_ts: Option<String>,
    broadcast: Option<String>,
}

/// What somebody does to a message.
#[derive(Debug, Deserialize)]
pub(crate) struct Act {
    user: String,
    channel: String,
    ts: String,
    text: String,
    what: String,
}

/// Back to the page, or the refusal.
fn back(user: &str, channel: &str, thread_ts: Option<&str>, outcome: Result<(), ApiError>) -> Response {
    if let Err(error) = outcome {
        return (StatusCode::BAD_REQUEST, error.to_string()).into_response();
    }
    let place = [("user", Some(user)), ("channel", Some(channel)), ("thread_ts", thread_ts)];
    Redirect::to(&format!("/?{}", pairs(&place))).into_response()
}

/// `POST /say`: a message, a reply, or a slash command.
pub(crate) async fn say(State(slack): State<Arc<Workspace>>, Form(said): Form<Said>) -> Response {
    let thread_ts = said.thread_ts.as_deref().filter(|ts| !ts.is_empty());
    let (user, channel, text) = (&said.user, &said.channel, said.text.trim());
    let outcome = match thread_ts {
        _ if text.is_empty() => Ok(String::new()),
        _ if text.starts_with('/') => {
            let (command, rest) = text.split_once(' ').unwrap_or((text, ""));
            slack.slash_as(user, channel, command, rest.trim())
        }
        Some(thread_ts) if said.broadcast.is_some() => slack.broadcast_as(user, channel, thread_ts, text),
        Some(thread_ts) => slack.reply_as(user, channel, thread_ts, text),
        None => slack.post_as(user, channel, text),
    };
    back(user, channel, thread_ts, outcome.map(|_| ()))
}

/// `POST /act`: an edit, a deletion, a reaction or a pin. Edits and deletions only of one's own messages.
pub(crate) async fn act(State(slack): State<Arc<Workspace>>, Form(act): Form<Act>) -> Response {
    let (user, channel, ts) = (&act.user, &act.channel, &act.ts);
    let own = || {
        let user_id = slack.state().user_id(user)?;
        let message = slack.message(channel, ts).ok_or("message_not_found")?;
        if message["user"] == *user_id { Ok(()) } else { Err(ApiError::new("cant_update_message")) }
    };
    let outcome = match act.what.as_str() {
        "edit" => own().and_then(|()| match slack.message(channel, ts) {
            // As on Slack, what is saved as it was is not edited.
            Some(message) if message["text"] == crate::text::typed(&act.text) => Ok(()),
            _ => slack.edit(channel, ts, &act.text),
        }),
        "delete" => own().and_then(|()| slack.delete(channel, ts)),
        "react" => slack.react_as(user, channel, ts, emoji_name(&act.text)),
        "unreact" => slack.unreact_as(user, channel, ts, emoji_name(&act.text)),
        "pin" => slack.pin_as(user, channel, ts),
        "unpin" => slack.unpin_as(user, channel, ts),
        _ => Err("invalid_arguments".into()),
    };
    back(user, channel, None, outcome)
}

/// The name of an emoji, as people may write it.
fn emoji_name(typed: &str) -> &str {
    typed.trim().trim_matches(':')
}

/// `POST /share?user=…&channel=…`: a file from a form.
pub(crate) async fn share(
    State(slack): State<Arc<Workspace>>,
    Query(view): Query<View>,
    request: Request,
) -> Response {
    let (user, channel) = (view.user.unwrap_or_default(), view.channel.unwrap_or_default());
    let (parts, body) = request.into_parts();
    let outcome = files::unpack(&parts.headers, body).await.and_then(|received| {
        let name = received.name.unwrap_or_else(|| "file.bin".to_owned());
        let files = vec![NewFile::with(&name, received.content)];
        let upload = Upload { files, thread_ts: view.thread_ts.clone(), ..Upload::default() };
        slack.upload_with(&user, &channel, upload)
    });
    back(&user, &channel, view.thread_ts.as_deref(), outcome.map(|_| ()))
}
