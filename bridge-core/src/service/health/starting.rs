//! Answers for a program that has not started yet, because something that it needs takes its time: a start of minutes must not
//! look like a program that is down.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Json;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::document::{Head, framed};
use super::part::{HealthPart, Trouble};
use crate::appservice::server::serve;
use crate::clock::Clock;
use crate::task;

/// What takes less needs no answers: callers wait in the listener's queue, and are served by the program itself.
const SOON: Duration = Duration::from_secs(1);

/// What a program waits for at its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaits {
    /// That the homeserver answers.
    Homeserver,
    /// That the database is opened, saved and brought up to date.
    Database,
}

impl Awaits {
    fn part(self) -> HealthPart {
        let (part, trouble) = match self {
            Self::Homeserver => (
                "homeserver",
                Trouble::down(
                    "homeserver_unreachable",
                    "The program waits at its start for the homeserver, which does not answer. What is to be sent there \
                     waits, too.",
                    "Look whether it runs and homeserver.url is right; it is tried again by itself.",
                ),
            ),
            Self::Database => (
                "database",
                Trouble::down(
                    "starting",
                    "The program opens its database. It waits for the database's server; or the database is of an earlier \
                     version, and is saved and brought up to date, which takes minutes where it is large.",
                    "Its log says which. Start the server if it is away; else wait, and do not stop the program meanwhile.",
                ),
            ),
        };
        HealthPart::fine(part, json!({ "ok": false })).with(Some(trouble))
    }

    /// The health document of a program that waits for this since then.
    fn document(self, now: i64, started_at: i64) -> Value {
        let program = HealthPart::fine("program", json!({ "ok": true }));
        let parts = [program, self.part()].map(|part| part.since(started_at));
        framed(&Head { ready: false, role: "starting", now, started_at }, &parts, &[])
    }
}

/// Does what the program needs before it can start. Once that takes longer than a second, whoever asks for its health is told
/// what it waits for, and the homeserver's calls are refused, so that they come again.
pub(crate) async fn answer_while<T>(
    listener: &TcpListener,
    awaits: Awaits,
    work: impl Future<Output = T>,
) -> T {
    let mut work = std::pin::pin!(work);
    if let Ok(done) = tokio::time::timeout(SOON, &mut work).await {
        return done;
    }
    let stop = CancellationToken::new();
    let _stopped = stop.clone().drop_guard();
    match again(listener) {
        Ok(listener) => {
            let router = router(awaits, Clock::system());
            task::spawn("answers of the start", async move {
                if let Err(error) = serve(listener, router, stop).await {
                    tracing::info!(%error, "nobody is told what the start waits for");
                }
            });
        }
        Err(error) => tracing::info!(%error, "nobody is told what the start waits for"),
    }
    work.await
}

/// The same listener once more: one ends with those answers, the other is the program's.
fn again(listener: &TcpListener) -> std::io::Result<TcpListener> {
    TcpListener::from_std(listener.as_fd().try_clone_to_owned()?.into())
}

fn router(awaits: Awaits, clock: Clock) -> Router {
    let started_at = clock.now_ms();
    let document = Arc::new(move || Json(awaits.document(clock.now_ms(), started_at)));
    let whole = Arc::clone(&document);
    Router::new()
        .route("/health/live", get(async || Json(json!({ "alive": true }))))
        .route("/health/ready", get(async move || (StatusCode::SERVICE_UNAVAILABLE, document())))
        .route("/health", get(async move || whole()))
        .fallback(async || StatusCode::SERVICE_UNAVAILABLE)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
    #![allow(clippy::disallowed_methods, reason = "a test makes its client itself")]

    use super::*;

    async fn listener() -> (TcpListener, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        (listener, url)
    }

    async fn get(url: String) -> (u16, Value) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let answer = http.get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    #[tokio::test]
    async fn who_asks_is_told_what_the_start_waits_for() {
        let (listener, url) = listener().await;
        let asked = answer_while(&listener, Awaits::Homeserver, async {
            let (status, document) = get(format!("{url}/health")).await;
            assert_eq!(status, 200);
            let (ready, _) = get(format!("{url}/health/ready")).await;
            let (live, _) = get(format!("{url}/health/live")).await;
            let (transaction, _) = get(format!("{url}/_matrix/app/v1/transactions/1")).await;
            assert_eq!((ready, live, transaction), (503, 200, 503));
            document
        });
        let document = asked.await;
        assert_eq!(document["state"], "down");
        assert_eq!(document["problems"][0]["code"], "homeserver_unreachable");
        assert_eq!(document["homeserver"]["code"], "homeserver_unreachable");
        assert_eq!(document["program"]["state"], "fine");
    }

    async fn served(listener: TcpListener, router: Router, stop: CancellationToken) {
        serve(listener, router, stop).await.unwrap();
    }

    #[tokio::test]
    async fn the_program_has_its_listener_afterwards() {
        let (listener, url) = listener().await;
        answer_while(&listener, Awaits::Database, get(format!("{url}/health"))).await;
        let stop = CancellationToken::new();
        let router = Router::new().fallback(async || Json(json!({ "now": "ours" })));
        let serving = task::spawn("serve", served(listener, router, stop.clone()));
        // The answers of the start may still take a call or two.
        while get(format!("{url}/health")).await.1["now"] != "ours" {
            tokio::task::yield_now().await;
        }
        stop.cancel();
        serving.await.unwrap();
    }
}
