//! What became of each event: how often it was sent, on which sockets, when it was acknowledged.
use std::collections::{HashMap, VecDeque};

use serde::Serialize;
use serde_json::Value;

use super::Item;

/// One sending of an event.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// The id the app acknowledges; each attempt has its own.
    pub envelope_id: String,
    /// The socket it went to; `None` when no socket was open.
    pub socket_id: Option<u64>,
    /// Microseconds since 1970.
    pub sent_at: u64,
    /// Microseconds since 1970; also set when the acknowledgement came too late to count.
    pub acknowledged_at: Option<u64>,
    /// The payload the app sent along, if any.
    pub response: Option<Value>,
}

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Not acknowledged yet, and still to be tried.
    Waiting,
    /// Acknowledged within the window of an attempt.
    Acknowledged,
    /// All attempts failed.
    Lost,
}

/// What became of one event.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery {
    /// The same in all attempts.
    pub event_id: String,
    /// The event's `type`, such as `message`.
    pub event_type: String,
    /// The app it is for.
    pub app_id: String,
    /// Every sending, oldest first.
    pub attempts: Vec<Attempt>,
    /// Where it stands.
    pub state: DeliveryState,
}

/// The deliveries that are remembered.
#[derive(Debug, Default)]
pub(super) struct Records {
    most: usize,
    order: VecDeque<String>,
    by_event: HashMap<String, Delivery>,
    /// Envelopes whose window has passed, with their event.
    expired: HashMap<String, String>,
}

impl Records {
    pub(super) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    pub(super) fn begin(&mut self, item: &Item, event_type: String) {
        let delivery = Delivery {
            event_id: item.event_id.clone(),
            event_type,
            app_id: item.app_id.clone(),
            attempts: Vec::new(),
            state: DeliveryState::Waiting,
        };
        self.by_event.insert(item.event_id.clone(), delivery);
        self.order.push_back(item.event_id.clone());
        while self.order.len() > self.most {
            if let Some(oldest) = self.order.pop_front() {
                self.by_event.remove(&oldest);
            }
        }
    }

    pub(super) fn attempted(&mut self, event_id: &str, attempt: Attempt) {
        if let Some(delivery) = self.by_event.get_mut(event_id) {
            delivery.attempts.push(attempt);
        }
    }

    pub(super) fn acknowledged(
        &mut self,
        event_id: &str,
        envelope_id: &str,
        at: u64,
        response: Option<Value>,
    ) {
        if let Some(delivery) = self.by_event.get_mut(event_id) {
            delivery.state = DeliveryState::Acknowledged;
            if let Some(attempt) = delivery.attempts.iter_mut().find(|a| a.envelope_id == envelope_id) {
                attempt.acknowledged_at = Some(at);
                attempt.response = response;
            }
        }
    }

    pub(super) fn expired(&mut self, envelope_id: &str, event_id: &str) {
        self.expired.insert(envelope_id.to_owned(), event_id.to_owned());
    }

    pub(super) fn late(&mut self, envelope_id: &str, at: u64) {
        let Some(event_id) = self.expired.remove(envelope_id) else { return };
        let attempts = self.by_event.get_mut(&event_id).map(|delivery| &mut delivery.attempts);
        if let Some(attempt) = attempts.into_iter().flatten().find(|a| a.envelope_id == envelope_id) {
            attempt.acknowledged_at = Some(at);
        }
    }

    pub(super) fn settle(&mut self, event_id: &str, state: DeliveryState) {
        if let Some(delivery) = self.by_event.get_mut(event_id) {
            delivery.state = state;
        }
    }

    pub(super) fn is_acknowledged(&self, event_id: &str) -> bool {
        self.by_event.get(event_id).is_some_and(|delivery| delivery.state == DeliveryState::Acknowledged)
    }

    pub(super) fn all(&self) -> Vec<Delivery> {
        self.order.iter().filter_map(|event_id| self.by_event.get(event_id)).cloned().collect()
    }

    pub(super) fn state(&self, event_id: &str) -> Option<DeliveryState> {
        self.by_event.get(event_id).map(|delivery| delivery.state)
    }

    pub(super) fn count(&self, state: DeliveryState) -> usize {
        self.by_event.values().filter(|delivery| delivery.state == state).count()
    }
}

impl super::Sockets {
    /// All remembered deliveries, oldest first.
    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.lock().records.all()
    }

    /// How one event stands, if it is remembered.
    pub(crate) fn delivery_state(&self, event_id: &str) -> Option<DeliveryState> {
        self.lock().records.state(event_id)
    }

    /// How many remembered deliveries stand like this.
    pub(crate) fn delivery_count(&self, state: DeliveryState) -> usize {
        self.lock().records.count(state)
    }
}
