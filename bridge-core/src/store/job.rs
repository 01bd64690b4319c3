//! One accepted event, waiting for its effect.

use std::fmt;

use super::letter_id::LetterId;
use crate::event::Scope;
use crate::id::{DedupKey, LoginId};

/// The order a job belongs to: jobs of one lane are handled one after the other, lanes side by side.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane(String);

impl Lane {
    /// The lane of a scope of the remote network.
    pub fn of_scope(scope: &Scope) -> Self {
        match scope {
            Scope::Chat(key) => Self(format!("chat:{key}")),
            Scope::User(user_id) => Self(format!("user:{user_id}")),
            Scope::Network => Self("network".to_owned()),
        }
    }

    /// The lane of a Matrix room that belongs to nothing else.
    pub fn of_room(room_id: &str) -> Self {
        Self(format!("room:{room_id}"))
    }

    /// The lane of a Matrix room that may belong to a chat: whoever accepts the event cannot tell, whoever works will.
    pub(crate) fn undecided(room_id: &str) -> Self {
        Self(format!("undecided:{room_id}"))
    }

    /// The room of such a lane.
    pub(crate) fn undecided_room(&self) -> Option<&str> {
        self.0.strip_prefix("undecided:")
    }

    /// Whether it is the lane of a Matrix room, as far as is known.
    pub(crate) fn is_of_room(&self) -> bool {
        self.0.starts_with("room:") || self.undecided_room().is_some()
    }

    /// A lane as it was stored.
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The lane as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id behind the newest one: it sorts by time over restarts, and by arrival within one process whatever the clock
/// does. `now` is in milliseconds since 1970.
pub(crate) fn next_id(newest: i64, now: i64) -> i64 {
    (newest + 1).max(now << 20)
}

/// Where a job came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// A remote network's session.
    Remote,
    /// The homeserver.
    Matrix,
}

impl Source {
    /// As stored and as a metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Remote => "remote",
            Self::Matrix => "matrix",
        }
    }

    /// Reads what [`Source::as_str`] wrote; anything else is remote, whose decoding then decides.
    pub fn stored(text: &str) -> Self {
        if text == "matrix" { Self::Matrix } else { Self::Remote }
    }
}

/// An event to accept.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its order.
    pub lane: Lane,
    /// Where it came from.
    pub source: Source,
    /// The login that received it, for remote events.
    pub login_id: Option<LoginId>,
    /// What makes a second delivery recognizable, unique within the source.
    pub dedup: DedupKey,
    /// The payload exactly as received; sealed, if it may hold a secret.
    pub payload: String,
}

/// An accepted event.
#[derive(Debug, Clone)]
pub struct Job {
    /// Sorts by acceptance.
    pub id: i64,
    /// Its order.
    pub lane: Lane,
    /// Where it came from.
    pub source: Source,
    /// The login that received it.
    pub login_id: Option<LoginId>,
    /// What makes a second delivery recognizable.
    pub dedup: DedupKey,
    /// The payload exactly as received; sealed, if it may hold a secret.
    pub payload: String,
    /// When it was accepted, in milliseconds since 1970.
    pub accepted_at: i64,
    /// How often it was tried before this time.
    pub attempts: u32,
    /// Whether an earlier try, perhaps of a process that died, may have had its effect.
    pub maybe_sent: bool,
    /// The dead letter that it was, if it is tried again.
    pub letter_id: Option<LetterId>,
}

impl Job {
    /// An event that is accepted now.
    pub(crate) fn accepted(id: i64, new: &NewJob, now: i64) -> Self {
        Self {
            id,
            lane: new.lane.clone(),
            source: new.source,
            login_id: new.login_id.clone(),
            dedup: new.dedup.clone(),
            payload: new.payload.clone(),
            accepted_at: now,
            attempts: 0,
            maybe_sent: false,
            letter_id: None,
        }
    }
}
