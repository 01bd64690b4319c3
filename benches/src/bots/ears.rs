//! Somebody's client, which syncs all the time and notes when each message arrived.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use reqwest::Method;
use serde_json::Value;
use testkit::User;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How long the homeserver may hold one sync back, in milliseconds.
const LONG_POLL: u32 = 5_000;

/// What was heard so far.
#[derive(Debug, Default)]
struct Heard {
    /// When the last word of a message of somebody else was first heard.
    words: Mutex<HashMap<String, Instant>>,
    /// Who is in which room.
    members: Mutex<HashSet<(String, String)>>,
    more: Notify,
}

/// The client. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Ears {
    heard: Arc<Heard>,
    listening: JoinHandle<()>,
}

impl Drop for Ears {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Ears {
    /// Begins to listen: what happens from now on is heard.
    pub(crate) async fn open(person: &User) -> Result<Self> {
        let first = person.request(Method::GET, "/_matrix/client/v3/sync?timeout=0", None).await?;
        let heard = Arc::new(Heard::default());
        let since = first["next_batch"].as_str().unwrap_or_default().to_owned();
        let listening = tokio::spawn(listen(person.clone(), since, Arc::clone(&heard)));
        Ok(Self { heard, listening })
    }

    /// When a message of somebody else ended in this word; none if it does not come within the limit.
    pub(crate) async fn hear(&self, word: &str, limit: Duration) -> Option<Instant> {
        self.wait(limit, || lock(&self.heard.words).get(word).copied()).await
    }

    /// Like [`Ears::hear`], for the first of some words that is heard.
    pub(crate) async fn hear_one(&self, words: &[String], limit: Duration) -> Option<Instant> {
        let look = || {
            let heard = lock(&self.heard.words);
            words.iter().filter_map(|word| heard.get(word).copied()).min()
        };
        self.wait(limit, look).await
    }

    /// Waits until somebody is in a room; `false` if they do not come within the limit.
    pub(crate) async fn see_in(&self, room: &str, user_id: &str, limit: Duration) -> bool {
        let place = (room.to_owned(), user_id.to_owned());
        self.wait(limit, || lock(&self.heard.members).contains(&place).then_some(())).await.is_some()
    }

    async fn wait<T>(&self, limit: Duration, look: impl Fn() -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + limit;
        loop {
            let more = self.heard.more.notified();
            tokio::pin!(more);
            more.as_mut().enable();
            if let Some(found) = look() {
                return Some(found);
            }
            tokio::time::timeout_at(deadline, more).await.ok()?;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listen(person: User, mut since: String, heard: Arc<Heard>) {
    loop {
        let path = format!("/_matrix/client/v3/sync?since={since}&timeout={LONG_POLL}");
        let Ok(answer) = person.request(Method::GET, &path, None).await else { continue };
        let now = Instant::now();
        if let Some(next) = answer["next_batch"].as_str() {
            next.clone_into(&mut since);
        }
        for (room, joined) in answer["rooms"]["join"].as_object().into_iter().flatten() {
            let parts = [&joined["state"]["events"], &joined["timeline"]["events"]];
            for event in parts.into_iter().filter_map(Value::as_array).flatten() {
                note(&heard, room, event, person.user_id(), now);
            }
        }
        heard.more.notify_waiters();
    }
}

fn note(heard: &Heard, room: &str, event: &Value, own_id: &str, now: Instant) {
    let content = &event["content"];
    if event["type"] == "m.room.member" && content["membership"] == "join" {
        let user_id = event["state_key"].as_str().unwrap_or_default().to_owned();
        lock(&heard.members).insert((room.to_owned(), user_id));
    }
    if event["type"] == "m.room.message" && event["sender"] != own_id {
        let body = content["body"].as_str().unwrap_or_default();
        let word = body.split_whitespace().next_back().unwrap_or_default().to_owned();
        lock(&heard.words).entry(word).or_insert(now);
    }
}
