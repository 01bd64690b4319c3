//! What waits for one appservice, and how it is cut into transactions.
use std::collections::VecDeque;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Notify, watch};

use super::profile::{Profile, Retry};

/// One thing to push.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    Event { event_id: String, position: u64 },
    Ephemeral(Value),
    ToDevice(Value),
}

/// A transaction that is on its way or waits to be tried again.
#[derive(Debug, Clone)]
pub(crate) struct Transaction {
    pub(crate) txn_id: String,
    pub(crate) body: Value,
    pub(crate) event_ids: Vec<String>,
    pub(crate) last_position: u64,
    pub(crate) tries: u32,
}

/// The queue of one appservice.
#[derive(Debug)]
pub(crate) struct Queue {
    waiting: VecDeque<(u64, Item)>,
    pub(crate) in_flight: Option<Transaction>,
    batch: u64,
    /// While a transaction fails, Synapse makes each new event a transaction of its own.
    pub(crate) is_down: bool,
    pub(crate) is_attempting: bool,
    /// How many things ever arrived.
    pub(crate) arrivals: watch::Sender<u64>,
    /// Position of the newest event that was pushed, successfully or not.
    pub(crate) tried_up_to: watch::Sender<u64>,
    /// Makes a waiting retry happen now.
    pub(crate) force: Arc<Notify>,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            in_flight: None,
            batch: 0,
            is_down: false,
            is_attempting: false,
            arrivals: watch::Sender::new(0),
            tried_up_to: watch::Sender::new(0),
            force: Arc::new(Notify::new()),
        }
    }

    pub(crate) fn push_event(&mut self, event_id: &str, position: u64) {
        let event_id = event_id.to_owned();
        self.push(Item::Event { event_id, position });
    }

    pub(crate) fn push_ephemeral(&mut self, ephemeral: Value) {
        self.push(Item::Ephemeral(ephemeral));
    }

    pub(crate) fn push_to_device(&mut self, message: Value) {
        self.push(Item::ToDevice(message));
    }

    fn push(&mut self, item: Item) {
        if self.is_down {
            self.batch += 1;
        }
        self.waiting.push_back((self.batch, item));
        self.arrivals.send_modify(|count| *count += 1);
    }

    /// Whether the event with this position still waits to be pushed for the first time.
    pub(crate) fn will_push(&self, after: u64) -> Option<u64> {
        let positions = self.waiting.iter().filter_map(|(_, item)| match item {
            Item::Event { position, .. } if *position > after => Some(*position),
            _ => None,
        });
        let flying =
            self.in_flight.as_ref().map(|txn| txn.last_position).filter(|position| *position > after);
        positions.chain(flying).max()
    }

    /// Whether the transaction in flight has failed before.
    pub(crate) fn is_failing(&self) -> bool {
        self.in_flight.as_ref().is_some_and(|txn| txn.tries > 0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.in_flight.is_none()
    }

    /// The items of the next transaction; they stay in the queue until [`Queue::set_in_flight`].
    pub(crate) fn next_items(&self, profile: &Profile) -> Vec<Item> {
        let Some((batch, _)) = self.waiting.front() else { return vec![] };
        let together =
            self.waiting.iter().take_while(|(of, _)| of == batch || !profile.backlog_goes_one_by_one);
        together.take(profile.max_events_per_txn).map(|(_, item)| item.clone()).collect()
    }

    /// Makes these items the transaction in flight.
    pub(crate) fn set_in_flight(
        &mut self,
        profile: &Profile,
        last_txn: &mut u64,
        items: &[Item],
        events: &[Value],
    ) {
        self.waiting.drain(..items.len().min(self.waiting.len()));
        let mut body = json!({ "events": events });
        let (mut ephemeral, mut to_device) = (vec![], vec![]);
        let (mut event_ids, mut last_position) = (vec![], 0);
        for item in items {
            match item {
                Item::Event { event_id, position, .. } => {
                    event_ids.push(event_id.clone());
                    last_position = *position;
                }
                Item::Ephemeral(value) => ephemeral.push(value.clone()),
                Item::ToDevice(value) => to_device.push(value.clone()),
            }
        }
        if !ephemeral.is_empty() {
            body["ephemeral"] = json!(ephemeral);
            body["de.sorunome.msc2409.ephemeral"] = json!(ephemeral);
        }
        if !to_device.is_empty() {
            body["de.sorunome.msc2409.to_device"] = json!(to_device);
        }
        let txn_id = if profile.counted_txn_ids {
            *last_txn += 1;
            last_txn.to_string()
        } else {
            URL_SAFE_NO_PAD.encode(Sha256::digest(body.to_string()))
        };
        self.in_flight = Some(Transaction { txn_id, body, event_ids, last_position, tries: 0 });
    }

    /// The counted id of the stored transaction; 0 if nothing is stored.
    pub(crate) fn stored_count(&self) -> u64 {
        self.in_flight.as_ref().and_then(|txn| txn.txn_id.parse().ok()).unwrap_or(0)
    }

    /// Notes how an attempt ended.
    pub(crate) fn finish(&mut self, delivered: bool, retry: Retry) {
        self.is_attempting = false;
        let Some(txn) = &mut self.in_flight else { return };
        txn.tries += 1;
        let last_position = txn.last_position;
        if delivered {
            self.in_flight = None;
            self.is_down = !self.waiting.is_empty() && self.is_down;
        } else if matches!(retry, Retry::Timer { .. }) {
            self.is_down = true;
        }
        self.tried_up_to.send_modify(|position| *position = last_position.max(*position));
    }
}
