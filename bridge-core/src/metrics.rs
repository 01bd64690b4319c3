//! Every metric in one list, each with a sentence.

mod carried;
mod zero;

use std::time::Duration;

use metrics::{counter, gauge, histogram};

pub(crate) use self::carried::carried;
pub use self::zero::describe;

/// A metric's name, kind and sentence.
pub type Described = (&'static str, Kind, &'static str);

/// Labels with all their values, each label of a metric.
pub type Labels = &'static [(&'static str, &'static [&'static str])];

/// What kind of metric it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows. It has no labels, and is there from the start.
    Counter,
    /// Only grows, with labels whose values are known: all of it is there from the start, so that the first step is seen.
    CounterOf(Labels),
    /// Only grows, with labels whose values are known only when they come.
    CounterBy,
    /// Goes up and down.
    Gauge,
    /// Spread of values, in seconds.
    Histogram,
}

const SOURCES: (&str, &[&str]) = ("source", &["matrix", "remote"]);
const BY_SOURCE: Kind = Kind::CounterOf(&[SOURCES]);
const GIVEN_UP: Kind = Kind::CounterOf(&[SOURCES, ("result", &["parked", "rejected"])]);
const EVENTS: Kind = Kind::CounterOf(&[("result", &["accepted", "known", "echo"])]);

/// All metrics of the core.
pub const METRICS: &[Described] = &[
    ("bridge_ready", Kind::Gauge, "Whether the program is ready: 1, or 0."),
    ("bridge_accepted_total", BY_SOURCE, "Events accepted (committed), by source."),
    ("bridge_done_total", BY_SOURCE, "Events that had their effect, by source."),
    ("bridge_done_seconds", Kind::Histogram, "From acceptance to effect, by source."),
    (
        "bridge_messages_total",
        carried::TRIES,
        "Tries to carry something over, by direction, kind and result.",
    ),
    ("bridge_retries_total", BY_SOURCE, "Tries that failed and are repeated, by source."),
    ("bridge_given_up_total", GIVEN_UP, "Events kept as dead letters, by source and result."),
    ("bridge_dead_letters", Kind::Gauge, "Dead letters that are kept now."),
    ("bridge_queue_waiting", Kind::Gauge, "Events that wait for their effect."),
    ("bridge_queue_oldest_seconds", Kind::Gauge, "How long the oldest of them waits; 0 where none does."),
    ("bridge_portals", Kind::Gauge, "Chats that have a room."),
    ("bridge_ghosts", Kind::Gauge, "Ghosts."),
    ("bridge_disk_free_bytes", Kind::Gauge, "Room left where the database's file lies."),
    ("bridge_logins", Kind::Gauge, "Logins of a bridge, by state."),
    ("bridge_lease_generation", Kind::Gauge, "How often the work was taken over, as this process did last."),
    ("bridge_commits_total", Kind::Counter, "Transactions committed by the queue."),
    ("bridge_commit_seconds", Kind::Histogram, "Duration of the queue's commits."),
    ("bridge_commit_failures_total", Kind::Counter, "Transactions of the queue that failed."),
    ("bridge_database_ping_seconds", Kind::Histogram, "How long the database took for a short question."),
    ("bridge_events_passed_over_total", Kind::CounterBy, "Remote events without a use, by name."),
    ("appservice_transactions_total", Kind::CounterBy, "Transactions of the homeserver, by result."),
    ("appservice_events_total", EVENTS, "Events in transactions, by result."),
    (
        "appservice_ephemeral_total",
        Kind::Counter,
        "Ephemeral events in transactions, which are not carried over.",
    ),
    ("appservice_unauthorized_total", Kind::Counter, "Calls with a wrong token or none."),
    ("appservice_panics_total", Kind::Counter, "Calls of the homeserver that broke our code."),
    ("matrix_calls_total", Kind::CounterBy, "Calls to the homeserver, by method and result."),
    ("matrix_call_seconds", Kind::Histogram, "Duration of calls to the homeserver, by method."),
    ("process_start_time_seconds", Kind::Gauge, "When the program was started, in seconds since 1970."),
    ("process_cpu_seconds_total", Kind::Counter, "Time on processors, in whole seconds."),
    ("process_resident_memory_bytes", Kind::Gauge, "Resident memory."),
    ("process_open_fds", Kind::Gauge, "Open files and sockets."),
    ("process_max_fds", Kind::Gauge, "How many files and sockets may be open."),
];

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

pub(crate) fn database_answered(took: Duration) {
    histogram!("bridge_database_ping_seconds").record(took);
}

pub(crate) fn passed_over(name: &str) {
    counter!("bridge_events_passed_over_total", "name" => name.to_owned()).increment(1);
}

/// Sets a gauge without labels.
pub(crate) fn set(name: &'static str, value: f64) {
    gauge!(name).set(value);
}
