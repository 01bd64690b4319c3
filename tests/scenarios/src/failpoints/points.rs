//! The names of the points.

/// All points, in the order in which an event passes them.
pub const POINTS: &[&str] = &[
    "frame.received",
    "transaction.received",
    "accept.before_commit",
    "accept.after_commit",
    "frame.acknowledged",
    "transaction.stored",
    "job.before",
    "matrix.before_call",
    "matrix.after_call",
    "slack.before_call",
    "slack.after_call",
    "job.given_up",
    "job.after",
    "end.before_commit",
    "end.after_commit",
];
