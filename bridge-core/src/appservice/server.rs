//! The routes the homeserver calls, and serving them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use super::auth;
use super::exchange::Exchange;
use super::failure::Failure;
use super::ping;
use super::query::{self, Lookups};
use super::transactions::{self, OwnEvents, Recent, RoomLanes};
use crate::matrix::AppService;
use crate::queue::Inbox;
use crate::secret::Secret;

/// How long a body may be if nothing else is said, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024 * 1024;
/// How long calls that are under way may go on when we stop.
const FAREWELL: Duration = Duration::from_secs(10);

/// What the routes need.
pub struct Endpoints {
    /// Who we are.
    pub app: AppService,
    /// What the homeserver shows to us.
    pub hs_token: Secret,
    /// Where events go.
    pub inbox: Inbox,
    /// In which lane.
    pub lanes: Arc<dyn RoomLanes>,
    /// What exists in our namespace.
    pub lookups: Arc<dyn Lookups>,
    /// Where traffic is recorded.
    pub exchange: Exchange,
    /// What becomes of events of our own users.
    pub own_events: OwnEvents,
    /// How long a body may be, in bytes; see [`BODY_LIMIT`].
    pub body_limit: usize,
}

impl std::fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoints").field("app", &self.app).finish_non_exhaustive()
    }
}

pub(super) type Shared = Arc<State>;

/// What all calls share.
pub(super) struct State {
    pub(super) app: AppService,
    pub(super) hs_token: Secret,
    pub(super) inbox: Inbox,
    pub(super) lanes: Arc<dyn RoomLanes>,
    pub(super) lookups: Arc<dyn Lookups>,
    pub(super) exchange: Exchange,
    pub(super) own_events: OwnEvents,
    pub(super) body_limit: usize,
    pub(super) recent: Recent,
}

impl Endpoints {
    /// The routes. Others (health) may be merged in; they are then served without the homeserver's token.
    pub fn router(self) -> Router {
        let Self { app, hs_token, inbox, lanes, lookups, exchange, own_events, body_limit } = self;
        let recent = Recent::default();
        let shared: Shared = Arc::new(State {
            app,
            hs_token,
            inbox,
            lanes,
            lookups,
            exchange,
            own_events,
            body_limit,
            recent,
        });
        Router::new()
            .route("/_matrix/app/v1/transactions/{txn_id}", put(transactions::accept))
            .route("/transactions/{txn_id}", put(transactions::accept))
            .route("/_matrix/app/v1/users/{user_id}", get(query::user))
            .route("/users/{user_id}", get(query::user))
            .route("/_matrix/app/v1/rooms/{alias}", get(query::alias))
            .route("/rooms/{alias}", get(query::alias))
            .route("/_matrix/app/v1/thirdparty/{*rest}", get(query::third_party))
            .route("/_matrix/app/v1/ping", post(ping::answer))
            .layer(DefaultBodyLimit::max(body_limit))
            .route_layer(middleware::from_fn_with_state(Arc::clone(&shared), auth::authenticate))
            .fallback(async || Failure::UNRECOGNIZED)
            .method_not_allowed_fallback(async || Failure {
                status: http::StatusCode::METHOD_NOT_ALLOWED,
                ..Failure::UNRECOGNIZED
            })
            .layer(CatchPanicLayer::custom(panicked))
            .with_state(shared)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "the layer asks for this signature")]
fn panicked(_cause: Box<dyn std::any::Any + Send>) -> Response {
    metrics::counter!("appservice_panics_total").increment(1);
    tracing::error!("a call of the homeserver broke our code; it is answered 500 and comes again");
    Failure::INTERNAL.into_response()
}

/// Serves until it is told to stop, then lets calls that are under way end, for ten seconds at most. The error is
/// that of the listener.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let listener = listener.tap_io(|connection| {
        // Answers are small; waiting to fill a packet would delay each.
        let _ = connection.set_nodelay(true);
    });
    let stopping = shutdown.clone();
    let server = axum::serve(listener, router).with_graceful_shutdown(stopping.cancelled_owned());
    tokio::select! {
        result = server => result,
        () = async { shutdown.cancelled().await; tokio::time::sleep(FAREWELL).await } => Ok(()),
    }
}

#[cfg(test)]
mod tests;
