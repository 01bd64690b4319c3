//! Pushing events to the appservice as Synapse does: one transaction at a time, at most a hundred events in each.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use tokio::sync::Notify;

use super::{Shared, lock};
use crate::http_client;

/// Most events in one transaction.
const MOST_EVENTS: usize = 100;
/// The pause after a transaction that was not taken. Synapse waits for seconds; nothing is measured in that time.
const PAUSE: Duration = Duration::from_millis(50);

/// How to reach an appservice.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    /// Its address, without a slash at the end.
    pub(crate) url: String,
    /// What we show to it.
    pub(crate) hs_token: String,
}

/// What waits to be pushed, and to whom.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    contact: Mutex<Option<Contact>>,
    queue: Mutex<VecDeque<String>>,
    added: Notify,
    txn_ids: AtomicU64,
}

impl Outgoing {
    pub(super) fn serve(&self, contact: Contact) {
        *lock(&self.contact) = Some(contact);
        lock(&self.queue).clear();
        self.added.notify_one();
    }

    pub(super) fn add(&self, event: String) {
        lock(&self.queue).push_back(event);
        self.added.notify_one();
    }

    fn contact(&self) -> Result<Contact> {
        lock(&self.contact).clone().context("No appservice is registered.")
    }

    fn take(&self) -> Vec<String> {
        let mut queue = lock(&self.queue);
        let count = queue.len().min(MOST_EVENTS);
        queue.drain(..count).collect()
    }

    async fn push(&self, http: &reqwest::Client, txn_id: u64, events: &[String]) -> Result<()> {
        let Contact { url, hs_token } = self.contact()?;
        let body = format!(r#"{{"events":[{}]}}"#, events.join(","));
        let request = http.put(format!("{url}/_matrix/app/v1/transactions/{txn_id}"));
        let request = request.bearer_auth(hs_token).header("content-type", "application/json").body(body);
        http_client::send(request).await.map(|_| ())
    }
}

/// Pushes until it is aborted. A transaction is repeated until it is taken or another appservice is served.
pub(super) async fn run(shared: Arc<Shared>, http: reqwest::Client) {
    let outgoing = &shared.outgoing;
    loop {
        let events = outgoing.take();
        if events.is_empty() {
            outgoing.added.notified().await;
            continue;
        }
        let meant_for = outgoing.contact().ok().map(|contact| contact.url);
        let txn_id = outgoing.txn_ids.fetch_add(1, Ordering::Relaxed);
        while let Err(error) = outgoing.push(&http, txn_id, &events).await {
            if outgoing.contact().ok().map(|contact| contact.url) != meant_for {
                break;
            }
            eprintln!("a transaction was not taken and is repeated: {error:#}");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Pings the appservice, as it asked us to.
pub(super) async fn ping(shared: &Shared, body: &Bytes) -> Result<Duration> {
    let Contact { url, hs_token } = shared.outgoing.contact()?;
    let http = http_client::http_client()?;
    let begun = Instant::now();
    let request = http.post(format!("{url}/_matrix/app/v1/ping")).bearer_auth(hs_token);
    http_client::send(request.header("content-type", "application/json").body(body.clone())).await?;
    Ok(begun.elapsed())
}
