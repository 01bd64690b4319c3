//! The log of Web API calls, for observers.
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::Value;

/// One call that was answered, or that a fault left without an answer.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// For example `chat.postMessage`.
    pub method: String,
    /// The arguments without the token.
    pub arguments: Value,
    /// The app whose token came along, if it was a known one.
    pub app_id: Option<String>,
    /// Microseconds since 1970 at which it arrived.
    pub called_at: u64,
    /// Microseconds from then to the answer.
    pub took_micros: u64,
    /// The HTTP status; 0 when there was no answer.
    pub status: u16,
    /// The answer's `ok`.
    pub ok: bool,
    /// The answer's `error`.
    pub error: Option<String>,
    /// The answer's `ts`, on calls that made or changed a message.
    pub ts: Option<String>,
    /// The fault that was played, if any.
    pub fault: Option<String>,
}

#[derive(Debug, Default)]
struct Inner {
    calls: VecDeque<Call>,
    counts: BTreeMap<String, u64>,
}

/// Remembers calls, and how many there were of each method.
#[derive(Debug)]
pub(crate) struct CallLog {
    most: usize,
    inner: Mutex<Inner>,
}

impl CallLog {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, inner: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, call: Call) {
        let mut inner = self.lock();
        *inner.counts.entry(call.method.clone()).or_default() += 1;
        inner.calls.push_back(call);
        while inner.calls.len() > self.most {
            inner.calls.pop_front();
        }
    }

    pub(crate) fn all(&self) -> Vec<Call> {
        self.lock().calls.iter().cloned().collect()
    }

    pub(crate) fn of(&self, method: &str) -> Vec<Call> {
        self.lock().calls.iter().filter(|call| call.method == method).cloned().collect()
    }

    pub(crate) fn find(&self, method: &str, wanted: impl Fn(&Call) -> bool) -> Option<Call> {
        self.lock().calls.iter().find(|call| call.method == method && wanted(call)).cloned()
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.lock().counts.clone()
    }

    pub(crate) fn clear(&self) {
        *self.lock() = Inner::default();
    }
}
