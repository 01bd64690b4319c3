//! Slash commands: how they reach the app, and the address at which it answers.
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;

use crate::api;
use crate::calls::Call;
use crate::clock::now_micros;
use crate::error::ApiError;
use crate::socket::{DeliveryState, Envelope, Item};
use crate::state::SlashAnswer;
use crate::workspace::Workspace;

impl Workspace {
    /// A person types a slash command, for example `/matrix` with the text `who`. Answers an id with which
    /// [`Workspace::slash_answers`] and [`Workspace::slash_state`] tell what became of it.
    ///
    /// Only the app that has the command hears of it, once; it need not be in the channel.
    pub fn slash_as(&self, user: &str, channel: &str, command: &str, text: &str) -> Result<String, ApiError> {
        let id = self.sockets.event_id();
        let (app_id, payload) = self.change(|state, _| {
            let (user_id, channel_id) = (state.user_id(user)?, state.channel_id(channel)?);
            state.slash(&id, &user_id, &channel_id, command, text)
        })?;
        let item = Item::new(Envelope::Slash, id.clone(), &app_id, &payload);
        self.sockets.dispatch(vec![(item, "slash_commands".to_owned())]);
        Ok(id)
    }

    /// The answers to a slash command so far, the oldest first.
    pub fn slash_answers(&self, id: &str) -> Vec<SlashAnswer> {
        let state = self.state();
        let command = state.slash_commands.iter().find(|command| command.id == id);
        command.map(|command| command.answers.clone()).unwrap_or_default()
    }

    /// Whether the app acknowledged a slash command; `Lost` is where people read that the command failed.
    pub fn slash_state(&self, id: &str) -> Option<DeliveryState> {
        self.sockets.delivery_state(id)
    }

    /// Takes an acknowledgement from a socket.
    pub(crate) fn acknowledge(&self, answer: &Value) {
        if let Some((id, said)) = self.sockets.acknowledge(answer) {
            // An answer that makes no sense is as good as none; the state stays.
            let _ = self.change(|state, out| state.answer_slash(&id, "acknowledgement", &said, out));
        }
    }
}

/// `POST /commands/<team>/<id>`, the `response_url`: up to five answers within half an hour.
///
/// In the log of calls it is `response_url`, and faults can be ordered under this name.
pub(crate) async fn respond(
    State(slack): State<Arc<Workspace>>,
    Path((_, id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let called_at = now_micros();
    let body = to_bytes(request.into_body(), 1 << 20).await.unwrap_or_default();
    let fault = slack.faults().take("response_url");
    let read = serde_json::from_slice::<Value>(&body).map_err(|_| ApiError::new("invalid_payload"));
    let arguments = read.clone().unwrap_or_default();
    let idle = fault.as_ref().is_some_and(|fault| !fault.has_effect());
    let outcome = match read {
        _ if idle => Err(ApiError::new("fault")),
        Ok(body) => slack.change(|state, out| state.answer_slash(&id, "response_url", &body, out)),
        Err(error) => Err(error),
    };
    let (status, text) = match &outcome {
        Ok(()) => (StatusCode::OK, "ok".to_owned()),
        Err(error) if matches!(error.error.as_str(), "used_url" | "expired_url") => {
            (StatusCode::NOT_FOUND, error.error.clone())
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.error.clone()),
    };
    slack.calls.add(Call {
        method: "response_url".to_owned(),
        arguments,
        app_id: None,
        called_at,
        took_micros: now_micros().saturating_sub(called_at),
        status: status.as_u16(),
        ok: outcome.is_ok(),
        error: outcome.err().map(|error| error.error),
        ts: None,
        fault: fault.as_ref().map(|fault| format!("{fault:?}")),
    });
    slack.changes.send_modify(|count| *count += 1);
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    api::finish(response, fault).await
}
