//! The route by which `ctl` reaches the running program, on the listener that the homeserver uses.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use bridge_core::secret::Secret;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::answer::{Told, carry_out};
use super::order::Order;
use crate::error::HostError;
use crate::host::Host;
use crate::random;

/// Where it is.
pub(crate) const PATH: &str = "/bots/ctl";

/// How long it is waited for a program that does not work yet.
const PATIENCE: Duration = Duration::from_secs(20);

/// What whoever calls has to show: it follows from the registration, which only the operator and the homeserver can read, and
/// the registration's own tokens do not follow from it.
pub(crate) fn token(hs_token: &Secret) -> String {
    let mut hash = Sha256::new();
    hash.update(b"bridge-bots ctl\0");
    hash.update(hs_token.expose().as_bytes());
    random::hex(&hash.finalize())
}

#[derive(Clone)]
struct Shared {
    host: Host,
    token: Secret,
}

/// The route. It answers once the host works.
pub(crate) fn router(host: Host, hs_token: &Secret) -> Router {
    let shared = Shared { host, token: Secret::new(token(hs_token)) };
    Router::new().route(PATH, post(ordered)).with_state(shared)
}

async fn ordered(State(shared): State<Shared>, headers: HeaderMap, body: String) -> Response {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if !bool::from(shown.as_bytes().ct_eq(shared.token.expose().as_bytes())) {
        return told(StatusCode::UNAUTHORIZED, Err("The token is wrong.".to_owned()));
    }
    let Ok(order) = serde_json::from_str::<Order>(&body) else {
        return told(StatusCode::BAD_REQUEST, Err("There is no such order.".to_owned()));
    };
    if tokio::time::timeout(PATIENCE, shared.host.opened()).await.is_err() {
        let why = "The program does not work yet, or stands by for another process; ask that one.";
        return told(StatusCode::SERVICE_UNAVAILABLE, Err(why.to_owned()));
    }
    match carry_out(&shared.host, order).await {
        Ok(text) => told(StatusCode::OK, Ok(text)),
        Err(error) => {
            let status = match &error {
                HostError::NotFound(_) => StatusCode::NOT_FOUND,
                HostError::Conflict(_) => StatusCode::CONFLICT,
                HostError::Invalid(_) => StatusCode::BAD_REQUEST,
                HostError::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
            };
            told(status, Err(error.to_string()))
        }
    }
}

fn told(status: StatusCode, outcome: Result<String, String>) -> Response {
    let told = outcome.map_or_else(Told::Error, Told::Done);
    (status, Json(told)).into_response()
}
