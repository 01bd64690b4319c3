//! The Web API: takes a call in, finds who calls, plays faults, counts limits, runs the method, logs it.
mod apps;
mod auth;
mod bots;
mod call;
mod chat;
mod conversations;
mod cursor;
mod emoji;
mod files;
mod history;
mod membership;
mod method;
mod pins;
mod post;
mod reactions;
mod team;
mod users;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use self::call::CallContext;
use self::method::{Method, TokenRule};
use crate::arguments::Arguments;
use crate::calls::Call;
use crate::clock::now_micros;
use crate::error::ApiError;
use crate::faults::Fault;
use crate::server::Severed;
use crate::state::{Grant, TokenKind};
use crate::workspace::Workspace;

/// The largest body that is read.
const MOST_BYTES: usize = 16 << 20;

/// What goes back to the caller.
struct Answer {
    status: u16,
    body: Value,
    retry_after: Option<u64>,
    scopes: Option<String>,
    app_id: Option<String>,
}

impl Answer {
    fn new(status: u16, body: Value) -> Self {
        Self { status, body, retry_after: None, scopes: None, app_id: None }
    }

    fn rate_limited(seconds: u64) -> Self {
        let body = json!({ "ok": false, "error": "ratelimited" });
        Self { retry_after: Some(seconds), ..Self::new(429, body) }
    }

    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body.to_string()));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, json);
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(scopes) = self.scopes.and_then(|scopes| HeaderValue::from_str(&scopes).ok()) {
            headers.insert(HeaderName::from_static("x-oauth-scopes"), scopes);
        }
        response
    }
}

/// `/api/<method>`.
pub(crate) async fn serve(
    State(workspace): State<Arc<Workspace>>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let called_at = now_micros();
    let (parts, body) = request.into_parts();
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let body = to_bytes(body, MOST_BYTES).await.unwrap_or_default();
    let arguments = if method::takes_no_json(&name) && content_type.is_some_and(|kind| kind.contains("json"))
    {
        Arguments::read(parts.uri.query(), "", b"")
    } else {
        Arguments::read(parts.uri.query(), content_type.unwrap_or_default(), &body)
    };
    if !workspace.options.latency.is_zero() {
        tokio::time::sleep(workspace.options.latency).await;
    }
    let fault = workspace.faults().take(&name);
    let mut arguments_log = json!({});
    let answer = match arguments {
        Ok(mut arguments) => {
            let token = bearer(&parts.headers).or_else(|| arguments.take("token"));
            arguments.take("token");
            arguments_log = arguments.to_json();
            match fault.as_ref().filter(|fault| !fault.has_effect()) {
                Some(fault) => played(fault),
                None => perform(&workspace, &name, token.as_deref(), &arguments),
            }
        }
        Err(error) => Answer::new(200, error.into_json()),
    };
    let unanswered =
        matches!(fault, Some(Fault::Hang | Fault::HangAfter | Fault::DropBefore | Fault::DropAfter));
    workspace.calls.add(Call {
        method: name,
        arguments: arguments_log,
        app_id: answer.app_id.clone(),
        called_at,
        took_micros: now_micros().saturating_sub(called_at),
        status: if unanswered { 0 } else { answer.status },
        ok: answer.body["ok"] == true,
        error: answer.body["error"].as_str().map(str::to_owned),
        ts: answer.body["ts"].as_str().map(str::to_owned),
        fault: fault.as_ref().map(|fault| format!("{fault:?}")),
    });
    workspace.changes.send_modify(|count| *count += 1);
    finish(answer.into_response(), fault).await
}

/// Sends the answer, or what the fault leaves of it.
pub(crate) async fn finish(answer: Response, fault: Option<Fault>) -> Response {
    match fault {
        Some(Fault::Hang | Fault::HangAfter) => std::future::pending().await,
        Some(Fault::DropBefore | Fault::DropAfter) => {
            let mut response = Response::new(Body::empty());
            response.extensions_mut().insert(Severed);
            response
        }
        Some(Fault::Status(status)) => {
            let mut response = Response::new(Body::empty());
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            *response.status_mut() = status;
            response
        }
        Some(Fault::Body(body)) => Response::new(Body::from(body)),
        Some(fault @ (Fault::Error(_) | Fault::RateLimited(_))) => played(&fault).into_response(),
        Some(Fault::Spared) | None => answer,
    }
}

/// The answer of a fault that has no effect.
fn played(fault: &Fault) -> Answer {
    match fault {
        Fault::RateLimited(seconds) => Answer::rate_limited(*seconds),
        Fault::Error(error) => Answer::new(200, json!({ "ok": false, "error": error })),
        Fault::Status(status) => Answer::new(*status, Value::Null),
        _ => Answer::new(200, Value::Null),
    }
}

/// The token in the header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

fn perform(workspace: &Workspace, name: &str, token: Option<&str>, arguments: &Arguments) -> Answer {
    let Some(method) = method::find(name) else {
        let error = ApiError::new("unknown_method").with("req_method", name);
        return Answer::new(200, error.into_json());
    };
    if method.token == TokenRule::None {
        return Answer::new(200, auth::test_api(arguments));
    }
    let grant = match authenticate(workspace, method, token) {
        Ok(grant) => grant,
        Err(error) => return Answer::new(200, error.into_json()),
    };
    let scopes = grant.scopes.iter().cloned().collect::<Vec<_>>().join(",");
    let mut answer = run(workspace, method, &grant, arguments);
    answer.scopes = Some(scopes);
    answer.app_id = Some(grant.app_id);
    answer
}

fn run(workspace: &Workspace, method: &Method, grant: &Grant, arguments: &Arguments) -> Answer {
    let team_id = workspace.team_id();
    let counted = workspace.limits().count(method.name, method.tier, &team_id, arguments.text("channel"));
    if let Err(seconds) = counted {
        return Answer::rate_limited(seconds);
    }
    let outcome = workspace.change(|state, out| {
        let app = state.apps.get(&grant.app_id).cloned().ok_or("account_inactive")?;
        let mut call = CallContext { workspace, state, out, grant, app, arguments };
        if let Some(scope) = method.scope {
            call.need(scope)?;
        }
        (method.run)(&mut call)
    });
    match outcome {
        Ok(mut body) => {
            if let Some(fields) = body.as_object_mut() {
                fields.insert("ok".into(), true.into());
            }
            Answer::new(200, body)
        }
        Err(error) => Answer::new(200, error.into_json()),
    }
}

fn authenticate(workspace: &Workspace, method: &Method, token: Option<&str>) -> Result<Grant, ApiError> {
    let token = token.filter(|token| !token.is_empty()).ok_or("not_authed")?;
    let state = workspace.state();
    let grant = state.grants.get(token).ok_or("invalid_auth")?;
    if grant.revoked {
        return Err("token_revoked".into());
    }
    if !state.apps.get(&grant.app_id).is_some_and(|app| app.installed) {
        return Err("account_inactive".into());
    }
    let fits = match method.token {
        TokenRule::Bot => grant.kind == TokenKind::Bot,
        TokenRule::App => grant.kind == TokenKind::AppLevel,
        TokenRule::Any | TokenRule::None => true,
    };
    if fits { Ok(grant.clone()) } else { Err("not_allowed_token_type".into()) }
}
