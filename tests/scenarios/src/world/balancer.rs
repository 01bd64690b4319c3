//! What stands before several processes of one bridge: each call goes to the next one, and to another where that fails.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use testkit::Port;
use tokio::task::JoinSet;

use crate::Result;

/// How long a process may take to answer before another one is asked.
const PATIENCE: Duration = Duration::from_secs(2);

/// It is gone when it is dropped.
#[derive(Debug)]
pub struct Balancer {
    _serving: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    http: reqwest::Client,
    targets: Vec<String>,
    turn: AtomicUsize,
}

impl Balancer {
    /// Listens on a port and passes on to these addresses in turn.
    pub fn on(port: &Port, targets: Vec<String>) -> Result<Self> {
        let http =
            reqwest::Client::builder().no_proxy().timeout(PATIENCE).pool_max_idle_per_host(0).build()?;
        let shared = Shared { http, targets, turn: AtomicUsize::new(0) };
        let router = Router::new().fallback(pass_on).with_state(Arc::new(shared));
        let listener = port.listen()?;
        let mut serving = JoinSet::new();
        serving.spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self { _serving: serving })
    }
}

async fn pass_on(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else { return StatusCode::BAD_REQUEST.into_response() };
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let first = shared.turn.fetch_add(1, Ordering::Relaxed);
    for number in 0..shared.targets.len() {
        let target = &shared.targets[(first + number) % shared.targets.len()];
        let mut headers = head.headers.clone();
        headers.remove("host");
        let request = shared.http.request(head.method.clone(), format!("http://{target}{path}"));
        let Ok(answer) = request.headers(headers).body(body.clone()).send().await else { continue };
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            continue;
        }
        let status = answer.status();
        let Ok(body) = answer.bytes().await else { continue };
        return (status, [("content-type", "application/json")], Body::from(body)).into_response();
    }
    StatusCode::BAD_GATEWAY.into_response()
}
