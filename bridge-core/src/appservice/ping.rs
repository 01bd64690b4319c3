//! Pings, both ways: the homeserver asks whether we are there, or we have it ask.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use ruma::TransactionId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::exchange::{Exchange, Signal, wait_for};
use super::server::Shared;
use crate::matrix::{AppService, MatrixError};

/// How long the ping may take to reach our own code after the homeserver says that it was answered.
const SEEN_WITHIN: Duration = Duration::from_secs(2);

/// How often it is tried: Synapse says "no connection", too, while it is about to try a held-back transaction.
const TRIES: u32 = 3;
/// The pause between them.
const BETWEEN_TRIES: Duration = Duration::from_millis(250);

/// Why the round trip did not come about. Each sentence says what to do.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum PingError {
    /// The homeserver itself could not be asked.
    #[error(transparent)]
    Homeserver(#[from] MatrixError),
    /// The homeserver found nobody at the address in the registration.
    #[error(
        "The homeserver cannot connect to us at the url in the registration; check that url, and that the \
         homeserver's machine can reach it."
    )]
    NoConnection,
    /// Somebody answered the homeserver, but not as we would have.
    #[error(
        "The homeserver was refused at the url in the registration; most often its hs_token is an older one: \
         give the homeserver the registration again and restart it."
    )]
    Refused,
    /// The homeserver has no address to call.
    #[error(
        "The homeserver's registration of us has no url, so it sends no events; give it the registration again."
    )]
    NoUrl,
    /// The homeserver got a good answer, but we have seen no ping.
    #[error(
        "The homeserver's ping was answered by another program at the url in the registration; stop that \
         program or correct the url."
    )]
    SomebodyElse,
    /// The homeserver does not know pings.
    #[error("The homeserver does not know appservice pings, so the way back was not tested.")]
    Unsupported,
}

#[derive(Deserialize)]
struct Body {
    transaction_id: Option<String>,
}

/// Answers the homeserver's ping.
pub(super) async fn answer(State(shared): State<Shared>, body: Bytes) -> Json<Value> {
    let body: Option<Body> = serde_json::from_slice(&body).ok();
    shared.exchange.note_ping(body.and_then(|body| body.transaction_id).unwrap_or_default());
    Json(json!({}))
}

/// Has the homeserver ping us, and waits until the ping was seen. Gives the time the homeserver measured. Our server has
/// to be running.
pub async fn ping_homeserver(app: &AppService, exchange: &Exchange) -> Result<Duration, PingError> {
    let txn_id = TransactionId::new();
    let mut signals = exchange.subscribe();
    let mut result = app.ping(&txn_id).await.map_err(meaning);
    for _ in 1..TRIES {
        if !matches!(result, Err(PingError::NoConnection)) {
            break;
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
        result = app.ping(&txn_id).await.map_err(meaning);
    }
    let took = result?;
    // One without an id is taken for ours: it came meanwhile, and the id may be left out.
    let is_ours = |id: &str| id.is_empty() || id == txn_id.as_str();
    tokio::time::timeout(
        SEEN_WITHIN,
        wait_for(&mut signals, |signal| matches!(signal, Signal::Ping(id) if is_ours(id))),
    )
    .await
    .map_err(|_| PingError::SomebodyElse)?;
    Ok(took)
}

fn meaning(error: MatrixError) -> PingError {
    match error.errcode() {
        Some("M_CONNECTION_FAILED" | "M_CONNECTION_TIMEOUT") => PingError::NoConnection,
        Some("M_BAD_STATUS") => PingError::Refused,
        Some("M_URL_NOT_SET") => PingError::NoUrl,
        _ if error.is_unrecognized() => PingError::Unsupported,
        _ => PingError::Homeserver(error),
    }
}
