//! Faults that a test may order for calls to the fake homeserver.
use std::time::Duration;

use regex::Regex;

use super::call::{Call, Failure};
use super::state::State;

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done; this status and error code are answered.
    Error(u16, &'static str),
    /// Nothing is done; 429 `M_LIMIT_EXCEEDED` with `retry_after_ms`.
    RateLimit(Duration),
    /// Nothing is done and nothing is ever answered; the connection stays open.
    Hang,
    /// Nothing is done; the connection is closed without an answer.
    Reset,
    /// The call takes effect, then the connection is closed without an answer.
    ResetAfterEffect,
    /// The call takes effect, but this status and error code are answered.
    ErrorAfterEffect(u16, &'static str),
    /// The call takes effect and is answered after this time.
    Slow(Duration),
}

impl Fault {
    pub(crate) fn failure(&self) -> Option<Failure> {
        match self {
            Self::Error(status, errcode) | Self::ErrorAfterEffect(status, errcode) => {
                Some(Failure::new(*status, errcode, "This failure was ordered by the test."))
            }
            Self::RateLimit(pause) => {
                let mut failure = Failure::new(429, "M_LIMIT_EXCEEDED", "Too Many Requests");
                failure.body["retry_after_ms"] =
                    serde_json::json!(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
                Some(failure)
            }
            Self::Hang | Self::Reset | Self::ResetAfterEffect | Self::Slow(_) => None,
        }
    }
}

/// A fault that waits for its calls.
#[derive(Debug)]
pub(crate) struct Armed {
    pattern: Regex,
    fault: Fault,
    left: usize,
    /// Whether only calls in the name of a user of an appservice count.
    of_appservices: bool,
}

impl Armed {
    /// `pattern` is matched against `METHOD /path`; `*` stands for anything.
    pub(crate) fn new(pattern: &str, fault: Fault, times: usize) -> Self {
        Self { pattern: glob(pattern), fault, left: times, of_appservices: false }
    }

    /// The same, only for calls that an appservice makes in the name of one of its users.
    pub(crate) fn of_appservices(self) -> Self {
        Self { of_appservices: true, ..self }
    }
}

impl State {
    /// The fault for this call, if one is due; counts it.
    pub(crate) fn take_fault(&mut self, call: &Call) -> Option<Fault> {
        let line = format!("{} {}", call.method, call.path());
        let is_in_name = call.query("user_id").is_some();
        let armed = self.faults.iter_mut().find(|armed| {
            armed.left > 0 && (is_in_name || !armed.of_appservices) && armed.pattern.is_match(&line)
        })?;
        armed.left -= 1;
        Some(armed.fault.clone())
    }

    /// Whether the answer of this push counts as lost.
    pub(crate) fn take_lost_answer(&mut self) -> bool {
        let lost = self.lose_push_answers > 0;
        self.lose_push_answers = self.lose_push_answers.saturating_sub(1);
        lost
    }
}

/// A pattern with `*` as a regular expression.
pub(crate) fn glob(pattern: &str) -> Regex {
    let parts: Vec<String> = pattern.split('*').map(regex::escape).collect();
    Regex::new(&format!("^{}$", parts.join(".*")))
        .expect("escaped text and .* always make a regular expression")
}
