//! How long to wait before the next attempt to connect.

use std::time::Duration;

use rand::RngExt;

/// The wait after the first failure.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(30);
/// The shortest wait while the app has too many sockets: each attempt may push out another program.
const CROWDED: Duration = Duration::from_secs(10);
/// A connection that lasted this long wipes out the failures before it.
pub(super) const STABLE: Duration = Duration::from_mins(1);

/// Counts failures, and connections that did not last.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    crowded: bool,
}

impl Backoff {
    /// An attempt failed.
    pub(super) fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// Slack allows the app no further connection.
    pub(super) fn crowded(&mut self) {
        self.crowded = true;
        self.failed();
    }

    /// A connection ended, or has to be replaced, after this time: the wait until the next one. The first short
    /// one is replaced at once, a row of them is not.
    pub(super) fn after_connection(&mut self, age: Duration) -> Duration {
        if age >= STABLE {
            *self = Self::default();
            return Duration::ZERO;
        }
        let wait = self.wait();
        self.failed();
        wait
    }

    /// The wait before the next attempt, between a half and the whole of the step, so that many bridges don't come
    /// back in one instant.
    #[allow(clippy::disallowed_methods, reason = "jitter decides nothing that a test could want to repeat")]
    pub(super) fn wait(&self) -> Duration {
        self.step().mul_f64(rand::rng().random_range(0.5..=1.0))
    }

    fn step(&self) -> Duration {
        let doubled = FIRST * 2_u32.pow(self.failures.saturating_sub(1).min(16));
        match self.failures {
            0 => Duration::ZERO,
            _ if self.crowded => doubled.max(CROWDED * 2).min(LONGEST),
            _ => doubled.min(LONGEST),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_thirty_seconds_and_begin_anew_after_a_stable_minute() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.wait(), Duration::ZERO);
        let mut steps = Vec::new();
        for _ in 0..9 {
            backoff.failed();
            assert!(backoff.wait() >= backoff.step() / 2 && backoff.wait() <= backoff.step());
            steps.push(backoff.step().as_millis());
        }
        assert_eq!(steps, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
        assert!(backoff.after_connection(Duration::from_secs(59)) >= LONGEST / 2);
        assert_eq!(backoff.after_connection(STABLE), Duration::ZERO);
        assert_eq!(backoff.step(), Duration::ZERO);
    }

    #[test]
    fn only_the_first_short_connection_is_replaced_at_once() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.after_connection(Duration::from_secs(1)), Duration::ZERO);
        assert!(backoff.after_connection(Duration::from_secs(1)) >= FIRST / 2);
    }

    #[test]
    fn a_crowd_slows_down_at_once() {
        let mut backoff = Backoff::default();
        backoff.crowded();
        assert!(backoff.wait() >= CROWDED);
    }
}
