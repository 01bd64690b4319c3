//! Every metric of the Slack side in one list, each with a sentence.

use std::time::Duration;

use bridge_core::metrics::{Described, Kind};
use metrics::{counter, histogram};

/// Slack sends again what is not acknowledged within this time.
const LATE: Duration = Duration::from_secs(3);

/// All metrics of the Slack side.
pub const METRICS: &[Described] = &[
    (
        "slack_events_accepted_total",
        Kind::Counter,
        "Events and commands of Slack that were stored and acknowledged.",
    ),
    (
        "slack_events_unstored_total",
        Kind::Counter,
        "Events of Slack that could not be stored; Slack sends them again.",
    ),
    (
        "slack_envelopes_unused_total",
        Kind::Counter,
        "Button presses and the like, which were acknowledged and not used.",
    ),
    (
        "slack_envelopes_unknown_total",
        Kind::Counter,
        "Envelopes of a kind the bridge does not know, which were acknowledged.",
    ),
    (
        "slack_acknowledged_seconds",
        Kind::Histogram,
        "From the receipt of an envelope to its acknowledgement, once it was stored.",
    ),
    (
        "slack_acknowledged_late_total",
        Kind::Counter,
        "Envelopes acknowledged after more than three seconds, which Slack sends again.",
    ),
    ("slack_sockets_opened_total", Kind::Counter, "Sockets to Slack that said hello."),
    ("slack_sockets_lost_total", Kind::Counter, "Sockets that ended before another one had taken over."),
    ("slack_socket_attempts_failed_total", Kind::Counter, "Sockets that did not come up."),
    ("slack_calls_total", Kind::CounterBy, "Calls to Slack, by method and result."),
    ("slack_call_seconds", Kind::Histogram, "Duration of calls to Slack, by method."),
    ("slack_rate_limited_total", Kind::CounterBy, "Calls that Slack asked to make later, by method."),
];

pub(crate) fn accepted(events: usize) {
    counter!("slack_events_accepted_total").increment(events as u64);
}

/// So many envelopes were acknowledged, this long after they had come.
pub(crate) fn acknowledged(envelopes: usize, took: Duration) {
    for _ in 0..envelopes {
        histogram!("slack_acknowledged_seconds").record(took);
    }
    if took > LATE {
        counter!("slack_acknowledged_late_total").increment(envelopes as u64);
    }
}

pub(crate) fn unstored(events: usize) {
    counter!("slack_events_unstored_total").increment(events as u64);
}

pub(crate) fn unused_envelope() {
    counter!("slack_envelopes_unused_total").increment(1);
}

pub(crate) fn unknown_envelope() {
    counter!("slack_envelopes_unknown_total").increment(1);
}

pub(crate) fn socket_opened() {
    counter!("slack_sockets_opened_total").increment(1);
}

pub(crate) fn rate_limited(method: &'static str) {
    counter!("slack_rate_limited_total", "method" => method).increment(1);
}

/// A socket ended, and no other one is up.
pub(crate) fn socket_lost() {
    counter!("slack_sockets_lost_total").increment(1);
}

pub(crate) fn socket_failed() {
    counter!("slack_socket_attempts_failed_total").increment(1);
}

/// Slack was called; `result` is one of few words.
pub(crate) fn called(method: &'static str, result: &'static str, took: Duration) {
    counter!("slack_calls_total", "method" => method, "result" => result).increment(1);
    histogram!("slack_call_seconds", "method" => method).record(took);
}
