//! The host's own metrics.

use bridge_core::metrics::{Described, Kind};

use crate::plugin::PluginError;

/// All of them.
pub(crate) const METRICS: &[Described] =
    &[("bots_events_total", Kind::Counter, "Events that bots worked on, by instance and result.")];

/// A bot worked on an event.
pub(crate) fn worked(instance_id: &str, outcome: &Result<(), PluginError>) {
    let result = match outcome {
        Ok(()) => "ok",
        Err(PluginError::Later(_) | PluginError::Wait(_)) => "later",
        Err(PluginError::Refused(_)) => "refused",
        Err(PluginError::Fault(_)) => "fault",
    };
    metrics::counter!("bots_events_total", "instance" => instance_id.to_owned(), "result" => result)
        .increment(1);
}
