//! Every metric in one list, each with a sentence.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

/// A metric's name, kind and sentence.
pub type Described = (&'static str, Kind, &'static str);

/// What kind of metric it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Spread of values, in seconds.
    Histogram,
}

/// All metrics of the core.
pub const METRICS: &[Described] = &[
    ("bridge_accepted_total", Kind::Counter, "Events accepted (committed), by source."),
    ("bridge_done_total", Kind::Counter, "Events that had their effect, by source."),
    ("bridge_done_seconds", Kind::Histogram, "From acceptance to effect, by source."),
    ("bridge_retries_total", Kind::Counter, "Tries that failed and are repeated, by source."),
    ("bridge_given_up_total", Kind::Counter, "Events kept as dead letters, by source and result."),
    ("bridge_dead_letters", Kind::Gauge, "Dead letters that are kept now."),
    ("bridge_lease_generation", Kind::Gauge, "How often the work was taken over, as this process did last."),
    ("bridge_commits_total", Kind::Counter, "Transactions committed by the queue."),
    ("bridge_commit_seconds", Kind::Histogram, "Duration of the queue's commits."),
    ("bridge_commit_failures_total", Kind::Counter, "Transactions of the queue that failed."),
    ("bridge_events_passed_over_total", Kind::Counter, "Remote events without a use, by name."),
    ("appservice_transactions_total", Kind::Counter, "Transactions of the homeserver, by result."),
    ("appservice_events_total", Kind::Counter, "Events in transactions, by result."),
    (
        "appservice_ephemeral_total",
        Kind::Counter,
        "Ephemeral events in transactions, which are not carried over.",
    ),
    ("appservice_unauthorized_total", Kind::Counter, "Calls with a wrong token or none."),
    ("appservice_panics_total", Kind::Counter, "Calls of the homeserver that broke our code."),
    ("matrix_calls_total", Kind::Counter, "Calls to the homeserver, by method and result."),
    ("matrix_call_seconds", Kind::Histogram, "Duration of calls to the homeserver, by method."),
];

/// Tells the recorder what each metric is; `own` are the program's.
pub fn describe(own: &[Described]) {
    for (name, kind, sentence) in METRICS.iter().chain(own) {
        match kind {
            Kind::Counter => metrics::describe_counter!(*name, *sentence),
            Kind::Gauge => metrics::describe_gauge!(*name, *sentence),
            Kind::Histogram => metrics::describe_histogram!(*name, *sentence),
        }
    }
}

pub(crate) fn accepted(source: &'static str, count: usize) {
    counter!("bridge_accepted_total", "source" => source).increment(count as u64);
}

pub(crate) fn done(source: &'static str, took: Duration) {
    counter!("bridge_done_total", "source" => source).increment(1);
    histogram!("bridge_done_seconds", "source" => source).record(took);
}

pub(crate) fn retried(source: &'static str) {
    counter!("bridge_retries_total", "source" => source).increment(1);
}

pub(crate) fn given_up(source: &'static str, result: &'static str) {
    counter!("bridge_given_up_total", "source" => source, "result" => result).increment(1);
}

pub(crate) fn dead_letters(count: i64) {
    #[allow(clippy::cast_precision_loss, reason = "a number for people to look at")]
    gauge!("bridge_dead_letters").set(count as f64);
}

pub(crate) fn lease_generation(generation: i64) {
    #[allow(clippy::cast_precision_loss, reason = "a number for people to look at")]
    gauge!("bridge_lease_generation").set(generation as f64);
}

pub(crate) fn committed(took: Duration) {
    counter!("bridge_commits_total").increment(1);
    histogram!("bridge_commit_seconds").record(took);
}

pub(crate) fn commit_failed() {
    counter!("bridge_commit_failures_total").increment(1);
}

pub(crate) fn passed_over(name: &str) {
    counter!("bridge_events_passed_over_total", "name" => name.to_owned()).increment(1);
}
