//! How the homeserver was found to be, both ways.

/// What the heartbeat found last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulse {
    /// It was not looked yet.
    Unknown,
    /// It answers us, and its calls reach us.
    Alive,
    /// It does not answer us, or only with faults.
    Unreachable,
    /// It answers that it does not know our token, or that we may not.
    Refuses,
    /// It answers us, but its calls do not reach us.
    Silent,
}

impl Pulse {
    /// Whether it was found not to be alive.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Unreachable | Self::Refuses | Self::Silent)
    }
}

/// The same, with when it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What was found.
    pub pulse: Pulse,
    /// Since when, in milliseconds since 1970.
    pub since: i64,
    /// How long the last ping took that went round, in milliseconds.
    pub ping_ms: Option<u64>,
    /// Whether all has come that it held back, as far as is known.
    pub moved: bool,
    /// Since when that is so, in milliseconds since 1970.
    pub moved_since: i64,
    /// Whether it ever was since the start.
    pub has_moved: bool,
}

impl Standing {
    /// Before the first look.
    pub(super) fn unknown(now: i64) -> Self {
        Self {
            pulse: Pulse::Unknown,
            since: now,
            ping_ms: None,
            moved: false,
            moved_since: now,
            has_moved: false,
        }
    }
}
