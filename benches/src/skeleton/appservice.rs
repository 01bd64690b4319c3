//! The routes of the skeleton: transactions, pings, readiness, its one counter.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{get, post, put};
use axum::serve::ListenerExt;
use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{Shared, channel_of, fatal};

#[derive(Deserialize)]
struct Transaction<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    room_id: Cow<'a, str>,
    #[serde(borrow)]
    sender: Cow<'a, str>,
    #[serde(borrow)]
    content: Content<'a>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(default, borrow)]
    body: Cow<'a, str>,
}

/// Serves until the process is ended.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) -> Result<()> {
    let router = Router::new()
        .route("/_matrix/app/v1/transactions/{txn_id}", put(accept))
        .route("/_matrix/app/v1/ping", post(async || "{}"))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .layer(DefaultBodyLimit::max(64 << 20))
        .with_state(shared);
    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}

async fn ready(State(shared): State<Arc<Shared>>) -> StatusCode {
    if shared.connected.load(Ordering::Relaxed) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

async fn metrics(State(shared): State<Arc<Shared>>) -> String {
    format!("bridge_commits_total {}\n", shared.commits.count())
}

/// Keeps the events of a transaction, answers, and posts them.
async fn accept(State(shared): State<Arc<Shared>>, body: Bytes) -> (StatusCode, &'static str) {
    let Ok(transaction) = serde_json::from_slice::<Transaction<'_>>(&body) else {
        return (StatusCode::BAD_REQUEST, "{}");
    };
    let mut posts = Vec::with_capacity(transaction.events.len());
    let mut kept = String::with_capacity(body.len());
    for raw in transaction.events {
        kept.push_str(raw.get());
        let Ok(event) = serde_json::from_str::<Event<'_>>(raw.get()) else { continue };
        if event.kind == "m.room.message"
            && let Some(channel) = channel_of(&event.room_id)
        {
            let name = event.sender.trim_start_matches('@').split(':').next().unwrap_or_default();
            posts.push((channel.to_owned(), name.to_owned(), event.content.body.into_owned()));
        }
    }
    let (answer, kept_now) = oneshot::channel();
    shared.commits.keep(kept, move || {
        // Fails only when the homeserver has hung up.
        let _ = answer.send(());
    });
    if kept_now.await.is_err() {
        return (StatusCode::INTERNAL_SERVER_ERROR, "{}");
    }
    let runtime = tokio::runtime::Handle::current();
    for (channel, name, text) in posts {
        let (poster, lane) = (Arc::clone(&shared), channel.clone());
        let work = async move { fatal(poster.post(&channel, &name, &text).await) };
        shared.to_slack.add(&runtime, &lane, Box::pin(work));
    }
    (StatusCode::OK, "{}")
}
