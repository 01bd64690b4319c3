//! Bursts for measurements: many messages at once, sent as fast as the sockets take them.
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::arguments::Arguments;
use crate::error::ApiError;
use crate::event::{self, Outbox};
use crate::socket::{Envelope, Item, Meter};
use crate::state::human_message;
use crate::workspace::Workspace;

/// How many events are handed over before acknowledgements get a chance.
const BATCH: usize = 64;

/// What a burst sends.
#[derive(Debug, Clone)]
pub struct Burst {
    /// How many messages.
    pub count: usize,
    /// The channels, by id or name, in turn.
    pub channels: Vec<String>,
    /// The people who write them, by id or handle, in turn.
    pub users: Vec<String>,
    /// What they say; `{n}` becomes the message's number, from 0.
    pub text: String,
    /// Messages per second; `None` is as fast as the sockets take them.
    pub per_second: Option<f64>,
    /// How long to wait for the acknowledgements after the last message was sent.
    pub limit: Duration,
}

impl Default for Burst {
    fn default() -> Self {
        Self {
            count: 1000,
            channels: vec!["general".into()],
            users: vec!["alice".into(), "bob".into(), "carol".into()],
            text: "burst {n}".into(),
            per_second: None,
            limit: Duration::from_mins(1),
        }
    }
}

impl Workspace {
    /// Sends a burst to the default app and waits for its acknowledgements.
    ///
    /// All messages are made, stored and written as JSON before the clock starts. Answers `sent`,
    /// `acknowledged`, `all_acknowledged`, `prepare_ms`, `send_ms`, `total_ms` (to the last acknowledgement),
    /// `per_second`, `ack_ms` {p50, p90, p99, max}, and the `ts` of the `first` and `last` message.
    pub async fn burst(&self, burst: &Burst) -> Result<Value, ApiError> {
        let preparing = tokio::time::Instant::now();
        let Prepared { items, first, last } = self.prepare(burst)?;
        let prepared = preparing.elapsed();
        let count = items.len();
        let meter = Arc::new(Meter::start(count));
        self.send_items(items, burst.per_second, &meter).await;
        let sent = meter.elapsed();
        let all = meter.wait(count, burst.limit).await;
        let total = meter.elapsed();
        let mut figures = meter.figures();
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        figures["sent"] = count.into();
        figures["all_acknowledged"] = all.into();
        figures["prepare_ms"] = milliseconds(prepared).into();
        figures["send_ms"] = milliseconds(sent).into();
        figures["total_ms"] = milliseconds(total).into();
        #[allow(clippy::cast_precision_loss, reason = "counts of messages are far below 2^52")]
        let per_second = figures["acknowledged"].as_u64().unwrap_or(0) as f64 / total.as_secs_f64();
        figures["per_second"] = per_second.into();
        figures["first"] = first.into();
        figures["last"] = last.into();
        Ok(figures)
    }

    async fn send_items(&self, items: Vec<Item>, per_second: Option<f64>, meter: &Arc<Meter>) {
        let measured = |item| (Item { meter: Some(Arc::clone(meter)), ..item }, "message".to_owned());
        let mut items = items.into_iter().map(measured);
        let mut sent = 0_u32;
        loop {
            let batch: Vec<_> = items.by_ref().take(if per_second.is_some() { 1 } else { BATCH }).collect();
            if batch.is_empty() {
                return;
            }
            if let Some(rate) = per_second.filter(|rate| *rate > 0.0) {
                let due = Duration::from_secs_f64(f64::from(sent) / rate);
                tokio::time::sleep(due.saturating_sub(meter.elapsed())).await;
            }
            sent += 1;
            self.sockets.dispatch(batch);
            tokio::task::yield_now().await;
        }
    }

    /// Stores the messages and writes their events as JSON.
    fn prepare(&self, burst: &Burst) -> Result<Prepared, ApiError> {
        let event_ids = self.sockets.event_ids(burst.count);
        let app_id = self.app().app_id;
        let mut state = self.state();
        let places: Result<Vec<String>, _> =
            burst.channels.iter().map(|name| state.channel_id(name)).collect();
        let people: Result<Vec<String>, _> = burst.users.iter().map(|name| state.user_id(name)).collect();
        let (places, people) = (places?, people?);
        if places.is_empty() || people.is_empty() {
            return Err("invalid_arguments".into());
        }
        let mut prepared = Prepared::default();
        for (number, event_id) in event_ids.into_iter().enumerate() {
            let text = burst.text.replace("{n}", &number.to_string());
            let body = human_message(&mut state, &people[number % people.len()], &text);
            let mut out = Outbox::default();
            prepared.last = state.post(&places[number % places.len()], body, &mut out)?;
            if number == 0 {
                prepared.first.clone_from(&prepared.last);
            }
            for event in out.into_events() {
                let hearers = event::hearers(&state, &event);
                let Some(app) = hearers.into_iter().find(|app| app.id == app_id) else { continue };
                let payload = event::payload(&state, app, &event_id, &event.body);
                prepared.items.push(Item::new(Envelope::Event, event_id.clone(), &app_id, &payload));
            }
        }
        drop(state);
        self.changes.send_modify(|count| *count += 1);
        Ok(prepared)
    }
}

/// A burst ready to be sent.
#[derive(Default)]
struct Prepared {
    items: Vec<Item>,
    first: String,
    last: String,
}

/// Reads a burst from a control call.
pub(crate) fn from_arguments(arguments: &Arguments) -> Burst {
    let usual = Burst::default();
    let list = |name: &str, usual: Vec<String>| {
        let found = arguments.list(name);
        if found.is_empty() { usual } else { found }
    };
    let number = |name: &str| arguments.json(name).ok().flatten().and_then(|value| value.as_f64());
    Burst {
        count: arguments.number("count").and_then(|n| usize::try_from(n).ok()).unwrap_or(usual.count),
        channels: list("channels", usual.channels),
        users: list("users", usual.users),
        text: arguments.text("text").unwrap_or(&usual.text).to_owned(),
        per_second: number("per_second"),
        limit: arguments.number("limit_ms").map_or(usual.limit, Duration::from_millis),
    }
}
