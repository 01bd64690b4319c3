//! Whether the program is alive, for people and for supervisors.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::appservice::Exchange;
use crate::matrix::MatrixClient;
use crate::queue::Committing;
use crate::store::lease::{Role, UNSURE};
use crate::store::{Store, StoreError};
use crate::task::Vitals;

/// A program's own part of the health document.
pub type OwnPart = Arc<dyn Fn() -> Value + Send + Sync>;

/// What the health routes look at.
#[derive(Clone)]
pub struct Health {
    /// The database.
    pub store: Store,
    /// The calls to the homeserver.
    pub client: MatrixClient,
    /// The traffic with the homeserver.
    pub exchange: Exchange,
    /// Whether the homeserver's events come in.
    pub moved: watch::Receiver<bool>,
    /// Whether anything can be committed.
    pub committing: Committing,
    /// Whether all tasks run that the program needs.
    pub vitals: Vitals,
    /// The program's own part.
    pub own: OwnPart,
    /// The recorded metrics.
    pub metrics: Option<PrometheusHandle>,
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Health")
    }
}

impl Health {
    /// `/health/live`, `/health/ready`, `/health` and `/metrics`. They hold no secrets and no message text.
    pub fn router(self) -> Router {
        Router::new()
            .route("/health/live", get(async || Json(json!({ "alive": true }))))
            .route("/health/ready", get(ready))
            .route("/health", get(whole))
            .route("/metrics", get(metrics))
            .with_state(self)
    }

    async fn document(&self) -> (bool, Value) {
        let lease = self.store.lease();
        let is_unsure = matches!(lease.role(), Role::Working(_)) && !lease.may_act();
        let database = match self.committing.trouble() {
            Some(why) => Err(StoreError(format!("Nothing can be stored, so nothing is accepted: {why}"))),
            // It does not answer, and may not for long.
            None if is_unsure => Err(StoreError(UNSURE.to_owned())),
            None => self.store.ping().await,
        };
        let moved = *self.moved.borrow();
        let trouble = self.vitals.trouble();
        let stands_by = lease.role() == Role::StandingBy;
        let is_lost = lease.role() == Role::Lost;
        // Events come to whichever process the homeserver's call reaches; only the one that works sees to it that they do.
        let ready = trouble.is_none() && database.is_ok() && !is_lost && (moved || stands_by);
        let database = match database {
            Ok(()) => json!({ "ok": true }),
            Err(error) => json!({ "ok": false, "reason": error.0 }),
        };
        let mut homeserver = json!({
            "ok": (!stands_by).then_some(moved),
            "last_transaction_at": self.exchange.last_transaction_at(),
            "last_sent_at": self.client.last_sent_at(),
            "last_ping_at": self.exchange.last_ping_at(),
        });
        if !moved && !stands_by {
            homeserver["reason"] =
                "The homeserver cannot be reached, or it does not send its events to us. It is tried again and again.".into();
        }
        let document = json!({
            "ready": ready,
            "role": if stands_by { "standby" } else if is_lost { "lost" } else { "working" },
            "program": trouble.map_or(json!({ "ok": true }), |reason| json!({ "ok": false, "reason": reason })),
            "database": database,
            "homeserver": homeserver,
            "dead_letters": if is_unsure { None } else { self.store.count_dead_letters().await.ok().map(|count| count.all) },
            "own": (self.own)(),
        });
        (ready, document)
    }

    /// How many events wait for their effect, and since when the oldest does, in milliseconds since 1970.
    async fn queue(&self) -> Option<Value> {
        let (waiting, oldest) = self.store.backlog().await.ok()?;
        Some(json!({ "waiting": waiting, "oldest_accepted_at": oldest }))
    }
}

async fn ready(State(health): State<Health>) -> Response {
    let (ready, document) = health.document().await;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(document)).into_response()
}

async fn whole(State(health): State<Health>) -> Response {
    let mut document = health.document().await.1;
    // Counting takes time where much waits, and supervisors ask the other route often.
    document["queue"] = json!(health.queue().await);
    Json(document).into_response()
}

async fn metrics(State(health): State<Health>) -> String {
    health.metrics.map(|handle| handle.render()).unwrap_or_default()
}
