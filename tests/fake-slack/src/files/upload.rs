//! Where apps upload to: takes the bytes in as they stream, raw or as a form.
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use futures_util::StreamExt as _;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::{Content, FilePart, Intake};
use crate::api;
use crate::calls::Call;
use crate::clock::now_micros;
use crate::error::ApiError;
use crate::workspace::Workspace;

/// `POST /upload/v1/<ticket>`: 200 and `OK - <length>`, or 400 with a word.
///
/// In the log of calls it is `files.upload`, and faults can be ordered under this name.
pub(crate) async fn receive(
    State(workspace): State<Arc<Workspace>>,
    Path(ticket): Path<String>,
    request: Request,
) -> Response {
    let called_at = now_micros();
    let fault = workspace.faults().take("files.upload");
    if let Some(fault) = fault.clone().filter(|fault| !fault.has_effect()) {
        log(&workspace, called_at, json!({}), Err(ApiError::new("fault")), Some(format!("{fault:?}")));
        return api::finish(plain(StatusCode::OK, String::new()), Some(fault)).await;
    }
    let (parts, body) = request.into_parts();
    let outcome = unpack(&parts.headers, body).await.and_then(|received| {
        let content = received.content;
        let (length, sha256) = (content.length(), content.sha256());
        let file_id = workspace.change(|state, _| state.store_upload(&ticket, content))?;
        Ok((length, json!({ "file_id": file_id, "length": length, "sha256": sha256 })))
    });
    let (response, arguments, outcome) = match outcome {
        Ok((length, known)) => (plain(StatusCode::OK, format!("OK - {length}")), known, Ok(())),
        Err(error) => (plain(StatusCode::BAD_REQUEST, error.error.clone()), json!({}), Err(error)),
    };
    log(&workspace, called_at, arguments, outcome, fault.as_ref().map(|fault| format!("{fault:?}")));
    api::finish(response, fault).await
}

/// A file that came in.
pub(crate) struct Received {
    /// Its name, if it came in a form that says it.
    pub(crate) name: Option<String>,
    pub(crate) content: Content,
}

/// Reads a body: raw, or the file in a form.
pub(crate) async fn unpack(headers: &HeaderMap, body: Body) -> Result<Received, ApiError> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut form = FilePart::of(content_type.unwrap_or_default());
    let mut intake = Intake::default();
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| "request_timeout")?;
        match &mut form {
            Some(form) => form.feed(&piece, |bytes| intake.add(bytes)),
            None => intake.add(&piece),
        }
    }
    if form.as_ref().is_some_and(|form| !form.found()) {
        return Err("no_file_data".into());
    }
    let name = form.and_then(|form| form.name().map(str::to_owned));
    Ok(Received { name, content: intake.finish() })
}

fn log(slack: &Workspace, at: u64, arguments: Value, outcome: Result<(), ApiError>, fault: Option<String>) {
    slack.calls.add(Call {
        method: "files.upload".to_owned(),
        arguments,
        app_id: None,
        called_at: at,
        took_micros: now_micros().saturating_sub(at),
        status: if outcome.is_ok() { 200 } else { 400 },
        ok: outcome.is_ok(),
        error: outcome.err().map(|error| error.error),
        ts: None,
        fault,
    });
    slack.changes.send_modify(|count| *count += 1);
}

fn plain(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
}
