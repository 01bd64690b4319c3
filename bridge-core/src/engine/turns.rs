//! Turns: of those who work on the same thing, one at a time.

use std::hash::{BuildHasher as _, Hash, RandomState};

use tokio::sync::{Mutex, MutexGuard};

/// More than are at work at the same time, so that two things seldom share one.
const TURNS: usize = 1_024;

/// A fixed number of locks, of which each thing has one, always the same. Two things may share one, so whoever has a turn
/// must not wait for another.
#[derive(Debug)]
pub(crate) struct Turns {
    locks: Box<[Mutex<()>]>,
    hasher: RandomState,
}

impl Default for Turns {
    fn default() -> Self {
        Self { locks: (0..TURNS).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }
}

impl Turns {
    /// Waits for the turn to work on something; it lasts until what is given is dropped.
    pub(crate) async fn turn(&self, thing: &impl Hash) -> MutexGuard<'_, ()> {
        let hash = usize::try_from(self.hasher.hash_one(thing) % TURNS as u64).unwrap_or_default();
        self.locks[hash].lock().await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_turn_stays_taken_however_many_others_come() {
        let turns = Turns::default();
        let taken = turns.turn(&"ada").await;
        let mut free = 0;
        // More things than any table of names would hold.
        for number in 0..50_000_u32 {
            let other = tokio::time::timeout(Duration::ZERO, turns.turn(&number)).await;
            free += u32::from(other.is_ok());
        }
        assert!(free > 40_000, "only {free} of the others had their turn");
        assert!(tokio::time::timeout(Duration::from_millis(10), turns.turn(&"ada")).await.is_err());
        drop(taken);
        drop(turns.turn(&"ada").await);
    }
}
