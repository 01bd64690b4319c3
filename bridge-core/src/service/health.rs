//! Whether the program is alive, for people and for supervisors.

mod document;
mod facts;
mod gauges;
mod judge;
mod part;
mod process;
mod starting;

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;

use self::document::{Seen, document};
use self::facts::Depth;
pub use self::part::{Count, HealthPart, Own, State, Trouble};
pub(crate) use self::starting::{Awaits, answer_while};
use crate::appservice::Exchange;
use crate::matrix::MatrixClient;
use crate::queue::Committing;
use crate::store::Store;
use crate::task::Vitals;

/// A program's own part of the health document.
pub type OwnPart = Arc<dyn Fn() -> Own + Send + Sync>;

/// What the health routes look at.
#[derive(Clone)]
pub struct Health {
    /// The database.
    pub store: Store,
    /// The calls to the homeserver.
    pub client: MatrixClient,
    /// The traffic with the homeserver, and how that was found.
    pub exchange: Exchange,
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

/// The same, with what is remembered between two looks.
#[derive(Clone)]
struct Watched {
    health: Health,
    seen: Arc<Seen>,
    /// In milliseconds since 1970.
    started_at: i64,
}

impl Health {
    /// `/health/live`, `/health/ready`, `/health` and `/metrics`. They hold no secrets and no message text.
    pub fn router(self) -> Router {
        let started_at = self.store.clock().now_ms();
        Router::new()
            .route("/health/live", get(async || Json(json!({ "alive": true }))))
            .route("/health/ready", get(ready))
            .route("/health", get(whole))
            .route("/metrics", get(metrics))
            .with_state(Watched { health: self, seen: Arc::default(), started_at })
    }
}

/// Supervisors ask this one often, so nothing is counted.
async fn ready(Shared(watched): Shared<Watched>) -> Response {
    let facts = watched.health.look(Depth::Ready).await;
    let status = if facts.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(document(&facts, &watched.seen, watched.started_at))).into_response()
}

async fn whole(Shared(watched): Shared<Watched>) -> Response {
    let facts = watched.health.look(Depth::Whole).await;
    Json(document(&facts, &watched.seen, watched.started_at)).into_response()
}

async fn metrics(Shared(watched): Shared<Watched>) -> String {
    let Some(handle) = &watched.health.metrics else { return String::new() };
    gauges::show(&watched.health.look(Depth::Whole).await);
    gauges::show_process(watched.started_at);
    handle.render()
}
