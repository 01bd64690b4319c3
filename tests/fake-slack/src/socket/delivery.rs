//! Delivery: each event goes to one socket, waits for its acknowledgement, and is tried again.
use std::sync::Arc;
use tokio::time::Instant;

use serde_json::Value;

use super::record::{Attempt, DeliveryState};
use super::{Due, Inner, Meter, Order, Pending, Sockets, frame};
use crate::clock::now_micros;
use crate::options::Options;
use crate::text;

/// What an envelope holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// `events_api`, tried again until it is acknowledged.
    Event,
    /// `slash_commands`, sent once.
    Slash,
}

/// An event for one app, ready to be sent any number of times.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) envelope: Envelope,
    pub(crate) event_id: String,
    pub(crate) app_id: String,
    /// The payload as JSON text.
    pub(crate) payload: Arc<str>,
    /// How often it was tried before.
    pub(crate) attempt: usize,
    /// Measures this event's acknowledgement, in bursts.
    pub(crate) meter: Option<Arc<Meter>>,
}

impl Item {
    /// Something that was not sent yet.
    pub(crate) fn new(envelope: Envelope, event_id: String, app_id: &str, payload: &Value) -> Self {
        let payload = payload.to_string().into();
        Self { envelope, event_id, app_id: app_id.to_owned(), payload, attempt: 0, meter: None }
    }
}

impl Sockets {
    /// A fresh event id.
    pub(crate) fn event_id(&self) -> String {
        self.lock().clock.id("Ev")
    }

    /// Fresh event ids, for bursts.
    pub(crate) fn event_ids(&self, count: usize) -> Vec<String> {
        let mut inner = self.lock();
        (0..count).map(|_| inner.clock.id("Ev")).collect()
    }

    /// Sends new events, in order.
    pub(crate) fn dispatch(&self, items: Vec<(Item, String)>) {
        let mut inner = self.lock();
        for (item, event_type) in items {
            inner.records.begin(&item, event_type);
            if let Some(held) = &mut inner.tricks.held {
                held.push(item);
                continue;
            }
            let twice = inner.tricks.duplicate > 0;
            let first = inner.deliver(item.clone(), "", None, &self.options);
            if twice {
                inner.tricks.duplicate -= 1;
                inner.deliver(item, "", first, &self.options);
            }
        }
        drop(inner);
        self.changed();
    }

    /// Stops sending new events until they are released.
    pub(crate) fn hold(&self) {
        self.lock().tricks.held.get_or_insert_default();
    }

    /// Sends what was held, in order or the last first, and goes on as usual.
    pub(crate) fn release(&self, reversed: bool) {
        let mut inner = self.lock();
        let mut held = inner.tricks.held.take().unwrap_or_default();
        if reversed {
            held.reverse();
        }
        for item in held {
            inner.deliver(item, "", None, &self.options);
        }
    }

    /// Never sends what was held, and goes on as usual.
    pub(crate) fn forget_held(&self) {
        let mut inner = self.lock();
        for item in inner.tricks.held.take().unwrap_or_default() {
            inner.records.settle(&item.event_id, DeliveryState::Lost);
        }
        drop(inner);
        self.changed();
    }

    /// Takes an acknowledgement. Answers the id of the slash command it was for, and what the app said to it.
    pub(crate) fn acknowledge(&self, answer: &Value) -> Option<(String, Value)> {
        let envelope_id = answer["envelope_id"].as_str()?;
        let response = Some(answer["payload"].clone()).filter(|payload| !payload.is_null());
        let mut inner = self.lock();
        let Some(pending) = inner.pending.remove(envelope_id) else {
            inner.records.late(envelope_id, now_micros());
            return None;
        };
        inner.agenda.remove(&pending.agenda_key);
        inner.records.acknowledged(&pending.item.event_id, envelope_id, now_micros(), response.clone());
        drop(inner);
        if let Some(meter) = &pending.item.meter {
            meter.acknowledged(pending.sent_at.elapsed());
        }
        self.changed();
        response
            .filter(|_| pending.item.envelope == Envelope::Slash)
            .map(|said| (pending.item.event_id, said))
    }

    /// Does what the agenda says is due. Called every few milliseconds.
    pub(crate) fn tick(&self) {
        let mut inner = self.lock();
        let now = Instant::now();
        let mut moved = false;
        while let Some(entry) = inner.agenda.first_entry().filter(|entry| entry.key().0 <= now) {
            let due = entry.remove();
            inner.perform(due, &self.options);
            moved = true;
        }
        drop(inner);
        if moved {
            self.changed();
        }
    }
}

impl Inner {
    /// Sends an event to the socket whose turn it is; without one the attempt counts as failed.
    pub(super) fn deliver(
        &mut self,
        item: Item,
        reason: &'static str,
        except: Option<u64>,
        options: &Options,
    ) -> Option<u64> {
        let envelope_id = text::uuid(self.clock.tick());
        let socket_id = self.next_socket(&item.app_id, except).or(except);
        let attempt = Attempt {
            envelope_id: envelope_id.clone(),
            socket_id,
            sent_at: now_micros(),
            acknowledged_at: None,
            response: None,
        };
        self.records.attempted(&item.event_id, attempt);
        let frame = match item.envelope {
            Envelope::Event => frame::event(&envelope_id, &item.payload, item.attempt, reason),
            Envelope::Slash => frame::slash(&envelope_id, &item.payload),
        };
        let socket = socket_id.and_then(|id| self.open.get(&id));
        if socket.is_none_or(|socket| socket.orders.send(Order::Frame(frame)).is_err()) {
            self.retry(item, "connection_failed", options);
            return None;
        }
        let sent_at = Instant::now();
        let agenda_key = self.plan(sent_at + options.ack_window, Due::AckWindow(envelope_id.clone()));
        self.pending.insert(envelope_id, Pending { item, sent_at, agenda_key });
        socket_id
    }

    /// Plans the next attempt, or gives the event up.
    fn retry(&mut self, mut item: Item, reason: &'static str, options: &Options) {
        if self.records.is_acknowledged(&item.event_id) {
            return;
        }
        match options.retry_delays.get(item.attempt) {
            Some(&delay) if item.envelope == Envelope::Event => {
                item.attempt += 1;
                self.plan(Instant::now() + delay, Due::Redeliver(item, reason));
            }
            _ => self.records.settle(&item.event_id, DeliveryState::Lost),
        }
    }

    fn perform(&mut self, due: Due, options: &Options) {
        match due {
            Due::AckWindow(envelope_id) => {
                if let Some(pending) = self.pending.remove(&envelope_id) {
                    self.records.expired(&envelope_id, &pending.item.event_id);
                    self.retry(pending.item, "timeout", options);
                }
            }
            Due::Redeliver(item, reason) => {
                if !self.records.is_acknowledged(&item.event_id) {
                    self.deliver(item, reason, None, options);
                }
            }
            Due::Disconnect(socket_id, reason) => self.tell_to_go(socket_id, reason, options),
            Due::Close(socket_id) => {
                if let Some(socket) = self.open.get(&socket_id) {
                    // A socket that is already gone needs no closing.
                    let _ = socket.orders.send(Order::Close);
                    self.plan(Instant::now() + options.close_grace, Due::Cut(socket_id));
                }
            }
            Due::Cut(socket_id) => {
                if let Some(socket) = self.open.get(&socket_id) {
                    socket.cut.cancel();
                }
            }
        }
    }
}
