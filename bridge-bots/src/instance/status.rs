//! How an instance is, for health, lists and whoever waits for it.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

/// The wait before the first restart; it doubles with each fault that follows.
const FIRST: Duration = Duration::from_secs(1);
/// The longest.
const LONGEST: Duration = Duration::from_mins(5);
/// From how many faults without a success in between it counts as crash-looping.
const LOOPING: u32 = 3;

/// What an instance is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Phase {
    /// It is being started for the first time.
    Starting,
    /// It answers.
    Running,
    /// It was stopped, and stays so until somebody starts it.
    Stopped,
    /// It failed, and is started again after a while.
    Restarting,
}

impl Phase {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Starting, Self::Running, Self::Stopped, Self::Restarting];

    /// As shown to people.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Restarting => "restarting",
        }
    }
}

/// How it is.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) phase: Phase,
    /// Since when, in milliseconds since 1970.
    pub(crate) since: i64,
    /// How often it was restarted after a fault since the program was started.
    pub(crate) restarts: u64,
    /// Faults since the last success.
    pub(crate) faults: u32,
    /// When the last event was handed to it.
    pub(crate) last_event_at: Option<i64>,
    /// When it last did one well.
    pub(crate) last_ok_at: Option<i64>,
    /// What went wrong last.
    pub(crate) last_error: Option<String>,
    /// While it is to be restarted: when.
    pub(crate) restart_at: Option<Instant>,
}

impl Status {
    pub(crate) fn new(phase: Phase, now: i64) -> Self {
        Self {
            phase,
            since: now,
            restarts: 0,
            faults: 0,
            last_event_at: None,
            last_ok_at: None,
            last_error: None,
            restart_at: None,
        }
    }

    /// Whether it fails again and again.
    pub(crate) fn is_looping(&self) -> bool {
        self.faults >= LOOPING
    }

    pub(crate) fn enter(&mut self, phase: Phase, now: i64) {
        if self.phase == Phase::Restarting && phase == Phase::Running {
            self.restarts += 1;
        }
        (self.phase, self.since, self.restart_at) = (phase, now, None);
    }

    /// Goes down; gives the wait before the next start.
    pub(crate) fn fail(&mut self, now: i64) -> Duration {
        self.faults = self.faults.saturating_add(1);
        let wait = FIRST.saturating_mul(1 << (self.faults - 1).min(16)).min(LONGEST);
        self.enter(Phase::Restarting, now);
        self.restart_at = Some(Instant::now() + wait);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waits_double_up_to_a_limit_and_three_faults_are_a_loop() {
        let mut status = Status::new(Phase::Running, 0);
        let waits: Vec<u64> = (0..12).map(|_| status.fail(1).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
        assert!(status.is_looping() && status.phase == Phase::Restarting);
        status.enter(Phase::Running, 2);
        assert_eq!((status.restarts, status.since), (1, 2));
        assert!(status.restart_at.is_none() && status.is_looping(), "only a success ends the loop");
    }
}
