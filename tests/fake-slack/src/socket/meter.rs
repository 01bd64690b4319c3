//! Measures how fast a burst is acknowledged.
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use serde_json::{Value, json};
use tokio::sync::watch;

/// Collects the times of one burst.
#[derive(Debug)]
pub(crate) struct Meter {
    begun_at: Instant,
    times: Mutex<Vec<Duration>>,
    count: watch::Sender<usize>,
}

impl Meter {
    /// Starts the clock.
    pub(crate) fn start(expected: usize) -> Self {
        let times = Mutex::new(Vec::with_capacity(expected));
        Self { begun_at: Instant::now(), times, count: watch::Sender::new(0) }
    }

    /// One event was acknowledged for the first time.
    pub(crate) fn acknowledged(&self, after: Duration) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        times.push(after);
        self.count.send_replace(times.len());
    }

    /// Time since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun_at.elapsed()
    }

    /// Waits until that many are acknowledged; `false` when the time ran out first.
    pub(crate) async fn wait(&self, expected: usize, limit: Duration) -> bool {
        let mut count = self.count.subscribe();
        let all = count.wait_for(|count| *count >= expected);
        tokio::time::timeout(limit, all).await.is_ok()
    }

    /// Acknowledged so far, and the times in milliseconds at the usual percentiles.
    pub(crate) fn figures(&self) -> Value {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner).clone();
        times.sort_unstable();
        let at = |percent: usize| {
            let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
            times.get(index).map(|time| time.as_secs_f64() * 1000.0)
        };
        json!({
            "acknowledged": times.len(),
            "ack_ms": { "p50": at(50), "p90": at(90), "p99": at(99), "max": at(100) },
        })
    }
}
