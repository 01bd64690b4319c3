//! A program in which a part breaks that it cannot do without.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::Method;
use serde_json::{Value, json};
use testkit::{Homeserver, Kind, Slot};
use tokio::time::timeout;

use super::{Program, Running};
use crate::appservice::query::NoLookups;
use crate::appservice::{OwnEvents, RoomLanes};
use crate::clock::Clock;
use crate::config::{Config, Defaults};
use crate::error::JobError;
use crate::queue::{Closing, Handler, Inbox, InboxError, Job, Lane};
use crate::service::Ground;
use crate::service::health::Own;
use crate::store::Store;
use crate::store::seal::Seal;
use crate::store::tests::engine::PATIENCE;

struct Idle;

impl Handler for Idle {
    async fn handle(&self, _job: &Job) -> Result<Closing, JobError> {
        Ok(Closing::default())
    }

    async fn given_up(&self, _job: &Job, _reason: &str, _for_person: bool) -> Option<String> {
        None
    }
}

struct OneLane;

impl RoomLanes for OneLane {
    fn lane<'a>(&'a self, room_id: &'a str) -> BoxFuture<'a, Result<Lane, InboxError>> {
        Box::pin(std::future::ready(Ok(Lane::of_room(room_id))))
    }
}

/// A program that runs by this clock.
async fn running(slot: &Slot, clock: Clock) -> Running<Idle> {
    let own = &slot.appservice;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("registration.yaml"), own.registration_yaml()).unwrap();
    let text = json!({
        "homeserver": { "url": slot.homeserver.base_url(), "name": own.server_name },
        "appservice": {
            "id": own.id, "bot": own.bot, "user_prefix": own.user_prefix, "listen": own.port.address(),
        },
    });
    let defaults = Defaults { id: "idle", name: "Idle", bot: "idlebot", port: 29_498, notes: &[] };
    let config = Config::<Value>::parse(&text.to_string(), folder.path(), &defaults).unwrap();
    let ground = Ground::prepare(config).unwrap();
    let program = Program {
        handler: Arc::new(Idle),
        inbox: Inbox::channel(16),
        lanes: Arc::new(OneLane),
        lookups: Arc::new(NoLookups),
        own_events: OwnEvents::Drop,
        health: Arc::new(Own::default),
        metrics: &[],
        routes: axum::Router::new(),
    };
    let store = Store::open("sqlite::memory:", Seal::none(), clock).await.unwrap();
    Running::start(&ground, own.port.listen().unwrap(), store, program).await.unwrap()
}

/// Calls the program as the homeserver would.
async fn call(slot: &Slot, method: Method, path: &str, body: Value) -> (u16, Value) {
    #[allow(clippy::disallowed_methods, reason = "plays the homeserver")]
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = http.request(method, format!("{}{path}", slot.appservice.port.url()));
    let answer = request.bearer_auth(&slot.appservice.hs_token).body(body.to_string()).send().await.unwrap();
    (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

async fn until_ready(slot: &Slot) -> Value {
    timeout(PATIENCE, async {
        loop {
            let (status, document) = call(slot, Method::GET, "/health/ready", json!({})).await;
            if status == 200 {
                return document;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap()
}

fn transaction() -> Value {
    json!({ "events": [{ "event_id": "$1", "room_id": "!r:hs.test", "type": "m.x", "sender": "@a:hs.test" }] })
}

#[tokio::test]
async fn a_panic_of_the_committer_is_shown_and_ends_the_program_with_an_error() {
    let slot = Homeserver::lease(Kind::FakeSynapse).await.unwrap();
    // Before all times: the committer computes when to forget, and overflows.
    let running = running(&slot, Clock::manual(i64::MIN)).await;
    assert_eq!(until_ready(&slot).await["program"]["ok"], true);
    let (status, _) = call(&slot, Method::PUT, "/_matrix/app/v1/transactions/1", transaction()).await;
    assert_eq!(status, 503, "what is not committed is not acknowledged");
    timeout(PATIENCE, running.until_told()).await.unwrap();
    let (status, document) = call(&slot, Method::GET, "/health/ready", json!({})).await;
    assert_eq!((status, &document["program"]["ok"]), (503, &json!(false)), "{document}");
    let sentence = document["program"]["reason"].as_str().unwrap();
    assert!(sentence.contains("(committer)") && sentence.contains("start it again"), "{sentence}");
    let ended = timeout(PATIENCE, running.stop()).await.unwrap();
    assert_eq!(ended.unwrap_err(), sentence);
}

#[tokio::test]
async fn an_ordinary_stop_is_no_error() {
    let slot = Homeserver::lease(Kind::FakeSynapse).await.unwrap();
    let running = running(&slot, Clock::system()).await;
    let document = until_ready(&slot).await;
    assert!(document["homeserver"]["last_sent_at"].is_i64(), "it sent its nudge: {document}");
    let (status, _) = call(&slot, Method::PUT, "/_matrix/app/v1/transactions/1", transaction()).await;
    assert_eq!(status, 200);
    timeout(PATIENCE, running.stop()).await.unwrap().unwrap();
}
