//! Every metric of the Slack side in one list, each with a sentence.

use bridge_core::metrics::{Described, Kind};
use metrics::counter;

/// All metrics of the Slack side.
pub const METRICS: &[Described] = &[
    ("slack_events_accepted_total", Kind::Counter, "Events of Slack that were stored and acknowledged."),
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
    ("slack_sockets_opened_total", Kind::Counter, "Sockets to Slack that said hello."),
    ("slack_rate_limited_total", Kind::Counter, "Calls that Slack asked to make later, by method."),
];

pub(crate) fn accepted(events: usize) {
    counter!("slack_events_accepted_total").increment(events as u64);
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
