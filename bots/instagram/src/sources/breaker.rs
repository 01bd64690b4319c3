//! Leaves a source alone for a while after it failed several times in a row.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::outcome::{Outcome, Source};

/// How many failures in a row open a breaker.
const FAILURES: u32 = 3;
/// How long the first pause takes; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_mins(1);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_mins(30);
/// How long the one try after a pause may go unanswered, before another is admitted.
const TRIAL: Duration = Duration::from_secs(10);

/// The breakers of all sources.
#[derive(Debug, Default)]
pub(crate) struct Breakers(Mutex<[Breaker; Source::ALL.len()]>);

#[derive(Debug, Clone, Copy, Default)]
struct Breaker {
    failures: u32,
    pauses: u32,
    /// Nothing is asked before.
    until: Option<Instant>,
}

impl Breakers {
    /// Whether the source may be asked now. After a pause one caller is admitted; the others wait for how it fares.
    pub(crate) fn admits(&self, source: Source, now: Instant) -> bool {
        let breaker = &mut self.lock()[source as usize];
        match breaker.until {
            Some(until) if now < until => false,
            Some(_) => {
                breaker.until = Some(now + TRIAL);
                true
            }
            None => true,
        }
    }

    /// Notes what asking came to.
    pub(crate) fn note(&self, source: Source, outcome: Outcome, now: Instant) {
        let breaker = &mut self.lock()[source as usize];
        if !outcome.is_sources_fault() {
            *breaker = Breaker::default();
            return;
        }
        breaker.failures += 1;
        if breaker.failures >= FAILURES {
            let pause = FIRST_PAUSE.saturating_mul(1 << breaker.pauses.min(6)).min(LONGEST_PAUSE);
            breaker.until = Some(now + pause);
            breaker.pauses += 1;
        }
    }

    /// Takes back an admission that told nothing.
    pub(crate) fn release(&self, source: Source, now: Instant) {
        if let Some(until) = &mut self.lock()[source as usize].until {
            *until = now;
        }
    }

    /// How long the source is left alone from now on; `None` if it is not.
    pub(crate) fn pause(&self, source: Source, now: Instant) -> Option<Duration> {
        let until = self.lock()[source as usize].until?;
        Some(until.saturating_duration_since(now)).filter(|left| !left.is_zero())
    }

    fn lock(&self) -> MutexGuard<'_, [Breaker; Source::ALL.len()]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn opens_after_failures_in_a_row_and_tries_once_after_each_pause() {
        let (breakers, source) = (Breakers::default(), Source::Embed);
        let now = Instant::now();
        for outcome in [Outcome::Slow, Outcome::LoginWall, Outcome::Hidden, Outcome::Slow, Outcome::Slow] {
            breakers.note(source, outcome, now);
            assert!(breakers.admits(source, now), "{outcome:?}");
        }
        breakers.note(source, Outcome::RateLimited, now);
        assert!(!breakers.admits(source, now));
        assert!(breakers.admits(Source::Page, now), "the others go on");
        assert_eq!(breakers.pause(source, now), Some(FIRST_PAUSE));
        let later = now + FIRST_PAUSE;
        assert!(breakers.admits(source, later));
        assert!(!breakers.admits(source, later), "one at a time");
        assert!(breakers.admits(source, later + TRIAL), "one that never came back");
        breakers.note(source, Outcome::Unreachable, later);
        assert_eq!(breakers.pause(source, later), Some(FIRST_PAUSE * 2));
        for _ in 0..20 {
            breakers.note(source, Outcome::Unreachable, later);
        }
        assert_eq!(breakers.pause(source, later), Some(LONGEST_PAUSE));
        breakers.note(source, Outcome::Ok, later);
        assert!(breakers.admits(source, later));
    }
}
