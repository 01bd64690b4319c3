//! Remembers what was found, for as long as it may be; of one key only one is at work at a time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bridge_core::clock::Clock;
use tokio::sync::Mutex as Turn;

/// What is remembered, by key. Serves for posts, and for whatever the caller makes of them, such as uploads.
#[derive(Debug)]
pub struct Cache<V> {
    slots: Mutex<HashMap<String, Arc<Slot<V>>>>,
    most: usize,
    /// Grows with each use, so that the longest unused is known.
    uses: AtomicU64,
    clock: Clock,
}

#[derive(Debug)]
struct Slot<V> {
    kept: Turn<Option<Kept<V>>>,
    used: AtomicU64,
}

#[derive(Debug)]
struct Kept<V> {
    value: Arc<V>,
    until_ms: i64,
}

impl<V> Cache<V> {
    /// A cache of at most so many keys, beyond those that are being worked on.
    pub fn new(most: usize, clock: Clock) -> Self {
        Self { slots: Mutex::default(), most, uses: AtomicU64::new(0), clock }
    }

    /// What is remembered under a key; else what `make` gives, remembered for as long as it says. Whoever asks for the
    /// same key meanwhile waits for it. If the maker is dropped before it is done, the next in turn makes.
    pub async fn obtain<F>(&self, key: &str, make: impl FnOnce() -> F) -> Arc<V>
    where
        F: Future<Output = (V, Duration)>,
    {
        let slot = self.slot(key);
        let mut kept = slot.kept.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.until_ms > self.clock.now_ms()) {
            return Arc::clone(&kept.value);
        }
        let (value, keep) = make().await;
        let value = Arc::new(value);
        let keep = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
        *kept = Some(Kept { value: Arc::clone(&value), until_ms: self.clock.now_ms().saturating_add(keep) });
        value
    }

    /// Forgets what is remembered under a key, if it is what is meant; it may be something else by now.
    pub async fn forget_if(&self, key: &str, is_meant: impl FnOnce(&V) -> bool) {
        let slot = self.lock().get(key).cloned();
        if let Some(slot) = slot {
            let mut kept = slot.kept.lock().await;
            if kept.as_ref().is_some_and(|kept| is_meant(&kept.value)) {
                *kept = None;
            }
        }
    }

    fn slot(&self, key: &str) -> Arc<Slot<V>> {
        let use_ = self.uses.fetch_add(1, Ordering::Relaxed);
        let mut slots = self.lock();
        if let Some(slot) = slots.get(key) {
            slot.used.store(use_, Ordering::Relaxed);
            return Arc::clone(slot);
        }
        if slots.len() >= self.most {
            // Those that somebody holds are being worked on.
            let idle = slots.iter().filter(|(_, slot)| Arc::strong_count(slot) == 1);
            let oldest =
                idle.min_by_key(|(_, slot)| slot.used.load(Ordering::Relaxed)).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                slots.remove(&oldest);
            }
        }
        let slot = Arc::new(Slot { kept: Turn::new(None), used: AtomicU64::new(use_) });
        slots.insert(key.to_owned(), Arc::clone(&slot));
        slot
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Slot<V>>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::Notify;

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn one_is_made_for_all_who_ask_meanwhile() {
        let (cache, made, go) = (Cache::new(9, Clock::manual(0)), AtomicUsize::new(0), Notify::new());
        let ask = || {
            cache.obtain("a", || async {
                go.notified().await;
                (made.fetch_add(1, Ordering::Relaxed), MINUTE)
            })
        };
        let start = async {
            go.notify_one();
        };
        let (one, two, three, ()) = tokio::join!(ask(), ask(), ask(), start);
        assert_eq!((*one, *two, *three), (0, 0, 0));
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn the_next_in_turn_makes_if_the_maker_is_dropped() {
        let cache = Cache::new(9, Clock::manual(0));
        let mut first = Box::pin(cache.obtain("a", std::future::pending::<(u8, Duration)>));
        assert!(poll_once(first.as_mut()).is_none());
        drop(first);
        assert_eq!(*cache.obtain("a", || async { (2, MINUTE) }).await, 2);
    }

    /// Polls once.
    fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match future.poll(&mut context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn is_kept_for_its_time_and_bounded() {
        let clock = Clock::manual(0);
        let cache = Cache::new(2, clock.clone());
        let get = async |key: &str, value: u8| *cache.obtain(key, || async move { (value, MINUTE) }).await;
        assert_eq!(get("a", 1).await, 1);
        clock.advance(MINUTE / 2);
        assert_eq!(get("a", 2).await, 1);
        clock.advance(MINUTE / 2);
        assert_eq!(get("a", 3).await, 3);
        get("b", 1).await;
        assert_eq!(get("a", 4).await, 3);
        get("c", 1).await;
        assert_eq!(cache.lock().len(), 2);
        assert_eq!(get("a", 5).await, 3, "the longest unused had to go");
        cache.forget_if("a", |kept| *kept == 9).await;
        assert_eq!(get("a", 6).await, 3, "something else was meant");
        cache.forget_if("a", |kept| *kept == 3).await;
        assert_eq!(get("a", 7).await, 7);
    }
}
