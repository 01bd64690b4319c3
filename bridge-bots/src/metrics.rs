//! The host's own metrics.

use bridge_core::metrics::{Described, Kind};

use crate::plugin::PluginError;

/// All of them.
pub(crate) const METRICS: &[Described] = &[
    ("bots_instances", Kind::Gauge, "Instances of bots, by state."),
    (
        "bots_outside_accounts",
        Kind::Gauge,
        "Bots' accounts on other homeservers, by the state of their connection.",
    ),
    ("bots_events_total", Kind::CounterBy, "Events that bots worked on, by bot and result."),
    (
        "bots_gaps_total",
        Kind::Counter,
        "Times that more happened in a room of an account elsewhere than could be read, so that the oldest was passed over.",
    ),
    (
        "bots_instagram_asked_total",
        Kind::CounterBy,
        "What asking for Instagram posts came to, by bot, source and outcome.",
    ),
];

/// A bot worked on an event.
pub(crate) fn worked(instance_id: &str, outcome: &Result<(), PluginError>) {
    let result = match outcome {
        Ok(()) => "ok",
        Err(PluginError::Later(_) | PluginError::Wait(_)) => "later",
        Err(PluginError::Refused(_)) => "refused",
        Err(PluginError::Fault(_)) => "fault",
    };
    metrics::counter!("bots_events_total", "bot" => instance_id.to_owned(), "result" => result).increment(1);
}

/// Something was passed over in a room of an account elsewhere.
pub(crate) fn passed_over() {
    metrics::counter!("bots_gaps_total").increment(1);
}

/// A source of Instagram posts was asked so many times, each with this outcome.
pub(crate) fn asked(instance_id: &str, source: &str, outcome: &str, times: u64) {
    let labels =
        [("bot", instance_id.to_owned()), ("source", source.to_owned()), ("outcome", outcome.to_owned())];
    metrics::counter!("bots_instagram_asked_total", &labels).increment(times);
}
