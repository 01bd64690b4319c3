//! An appservice that serves a leased slot of a fake homeserver, with a queue that only remembers.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use testkit::{Homeserver, Kind, Slot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::query::Lookups;
use super::transactions::{OwnEvents, RoomLanes};
use super::{Endpoints, Exchange, serve};
use crate::clock::Clock;
use crate::matrix::AppService;
use crate::matrix::testing::app_of;
use crate::queue::{Delivered, Inbox, InboxError, Lane, NewJob};
use crate::secret::Secret;

/// What the tests look at.
pub(super) struct Fixture {
    pub(super) slot: Slot,
    pub(super) app: AppService,
    pub(super) exchange: Exchange,
    pub(super) queue: Queue,
    inbox: Inbox,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

/// A queue in memory: what was accepted, in order, each dedup key once.
#[derive(Clone, Default)]
pub(super) struct Queue(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    jobs: Vec<NewJob>,
    keys: HashSet<String>,
    is_broken: bool,
}

impl Queue {
    pub(super) fn jobs(&self) -> Vec<NewJob> {
        self.0.lock().unwrap().jobs.clone()
    }

    /// The texts of the messages among the jobs, in order.
    pub(super) fn texts(&self) -> Vec<String> {
        let body = |job: NewJob| {
            let event: serde_json::Value = serde_json::from_str(&job.payload).ok()?;
            Some(event["content"]["body"].as_str()?.to_owned())
        };
        self.jobs().into_iter().filter_map(body).collect()
    }

    /// Makes every commit fail, or no more.
    pub(super) fn set_broken(&self, is_broken: bool) {
        self.0.lock().unwrap().is_broken = is_broken;
    }

    fn commit(&self, jobs: Vec<NewJob>) -> Result<Vec<Delivered>, InboxError> {
        let mut kept = self.0.lock().unwrap();
        if kept.is_broken {
            return Err(InboxError("the disk is full".to_owned()));
        }
        Ok(jobs
            .into_iter()
            .map(|job| {
                if !kept.keys.insert(job.dedup.to_string()) {
                    return Delivered::Known;
                }
                kept.jobs.push(job);
                Delivered::New
            })
            .collect())
    }
}

struct ByRoom;

impl RoomLanes for ByRoom {
    fn lane<'a>(&'a self, room_id: &'a str) -> BoxFuture<'a, Result<Lane, InboxError>> {
        Box::pin(std::future::ready(Ok(Lane::of_room(room_id))))
    }
}

/// Knows the ghost of `alice` and the alias with `general` in it; breaks over `panic`.
struct SomeExist;

impl Lookups for SomeExist {
    fn user_exists<'a>(&'a self, user_id: &'a str) -> BoxFuture<'a, bool> {
        assert!(!user_id.contains("panic"), "ordered by the test");
        Box::pin(std::future::ready(user_id.contains("alice")))
    }

    fn alias_exists<'a>(&'a self, alias: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(alias.contains("general")))
    }
}

impl Fixture {
    pub(super) async fn new(kind: Kind) -> Self {
        let slot = Homeserver::lease(kind).await.unwrap();
        let app = app_of(&slot);
        let (inbox, mut deliveries) = Inbox::channel(16);
        let queue = Queue::default();
        let mut tasks = JoinSet::new();
        let kept = queue.clone();
        tasks.spawn(async move {
            while let Some(delivery) = deliveries.recv().await {
                let _ = delivery.answer.send(kept.commit(delivery.jobs));
            }
        });
        let exchange = Exchange::new(Clock::system());
        let stop = CancellationToken::new();
        Self { slot, app, exchange, queue, inbox, stop, tasks }
    }

    /// Serves from now on, with this limit on bodies.
    pub(super) fn serve(&mut self, body_limit: usize) {
        let router = Endpoints {
            app: self.app.clone(),
            hs_token: Secret::new(self.slot.appservice.hs_token.clone()),
            inbox: self.inbox.clone(),
            lanes: Arc::new(ByRoom),
            lookups: Arc::new(SomeExist),
            exchange: self.exchange.clone(),
            own_events: OwnEvents::Drop,
            body_limit,
        }
        .router();
        let listener = self.slot.appservice.port.listen().unwrap();
        let stop = self.stop.clone();
        self.tasks.spawn(async move { serve(listener, router, stop).await.unwrap() });
    }

    /// A call of the homeserver's, with its token.
    pub(super) fn request(&self, method: http::Method, path: &str) -> reqwest::RequestBuilder {
        self.request_without_token(method, path).bearer_auth(&self.slot.appservice.hs_token)
    }

    pub(super) fn request_without_token(&self, method: http::Method, path: &str) -> reqwest::RequestBuilder {
        #[allow(clippy::disallowed_methods, reason = "plays the homeserver")]
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        http.request(method, format!("{}{path}", self.slot.appservice.port.url()))
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
