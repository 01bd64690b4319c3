//! `/control/<verb>`: everything a test can do in-process, for other processes, as JSON.
mod act;
mod look;
mod manage;
mod spoil;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::burst;
use crate::error::ApiError;
use crate::server::spawn;
use crate::workspace::Workspace;

/// What a verb answers: fields beside `ok`.
type Outcome = Result<Value, ApiError>;

/// Arguments in the query or as a JSON body; answers `{"ok": true, …}`, or 400 with `error`.
pub(crate) async fn serve(
    State(workspace): State<Arc<Workspace>>,
    Path(verb): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 16 << 20).await.unwrap_or_default();
    let content_type = if body.is_empty() { "" } else { "application/json" };
    let outcome = match Arguments::read(parts.uri.query(), content_type, &body) {
        Ok(arguments) => perform(&workspace, &verb, &arguments).await,
        Err(error) => Err(error),
    };
    let (status, body) = match outcome {
        Ok(mut body) => {
            body["ok"] = true.into();
            (StatusCode::OK, body)
        }
        Err(error) => (StatusCode::BAD_REQUEST, error.into_json()),
    };
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn perform(workspace: &Arc<Workspace>, verb: &str, arguments: &Arguments) -> Outcome {
    match verb {
        "burst" => workspace.burst(&burst::from_arguments(arguments)).await,
        "wait" => wait(workspace, arguments).await,
        "down" => {
            let workspace = Arc::clone(workspace);
            let outage = Duration::from_millis(arguments.number("for_ms").unwrap_or(1000));
            // Answered first: the outage cuts this connection too.
            spawn(async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                workspace.set_down(true).await;
                tokio::time::sleep(outage).await;
                workspace.set_down(false).await;
            });
            Ok(json!({}))
        }
        _ => {
            let outcome = act::perform(workspace, verb, arguments)
                .or_else(|| manage::perform(workspace, verb, arguments))
                .or_else(|| look::perform(workspace, verb, arguments))
                .or_else(|| spoil::perform(workspace, verb, arguments));
            outcome.unwrap_or_else(|| Err(ApiError::new("unknown_verb").with("verb", verb)))
        }
    }
}

/// Waits for a message whose text contains something, or for all acknowledgements, or for sockets.
async fn wait(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    let limit = Duration::from_millis(arguments.number("limit_ms").unwrap_or(10_000));
    if let Some(count) = arguments.number("sockets").and_then(|count| usize::try_from(count).ok()) {
        return Ok(json!({ "found": workspace.wait_for_sockets(count, limit).await }));
    }
    if arguments.flag("acknowledged") == Some(true) {
        return Ok(json!({ "found": workspace.wait_until_acknowledged(limit).await }));
    }
    let channel = arguments.required("channel", "channel_not_found")?;
    let contains = arguments.text("contains").unwrap_or_default();
    let fits = |message: &Value| message["text"].as_str().is_some_and(|text| text.contains(contains));
    let message = workspace.wait_for_message(channel, fits, limit).await;
    Ok(json!({ "found": message.is_some(), "message": message }))
}
