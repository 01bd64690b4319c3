//! What is remembered of what was asked or stored: up to a number of things, and for a time if one is given.

use std::borrow::Borrow;
use std::convert::Infallible;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::OptionsBuilder;
use tokio::time::Instant;

/// The share of the room, where values expire, for those that were asked for again.
const ASKED_AGAIN: f64 = 0.5;

/// Values by their keys. Clones are handles of the same. Where there are too many, those go first that nobody asked for again.
#[derive(Debug, Clone)]
pub struct Cache<K, V> {
    kept: Arc<quick_cache::sync::Cache<K, Kept<V>>>,
    lifetime: Option<Duration>,
}

#[derive(Debug, Clone)]
struct Kept<V> {
    value: V,
    since: Instant,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    /// Keeps about so many values, until they are pushed out.
    pub fn new(most: usize) -> Self {
        Self { kept: Arc::new(quick_cache::sync::Cache::new(most)), lifetime: None }
    }

    /// The same, each for this time after it was put in.
    pub fn expiring(most: usize, lifetime: Duration) -> Self {
        // What is over goes only when it is asked for, or pushed out: so what is new needs half of the room.
        let options = OptionsBuilder::new()
            .estimated_items_capacity(most)
            .weight_capacity(most as u64)
            .hot_allocation(ASKED_AGAIN)
            .build();
        let kept = options.map(|options| {
            let (weights, hash, lifecycle) = Default::default();
            quick_cache::sync::Cache::with_options(options, weights, hash, lifecycle)
        });
        let kept = kept.unwrap_or_else(|_| quick_cache::sync::Cache::new(most));
        Self { kept: Arc::new(kept), lifetime: Some(lifetime) }
    }

    /// The value of a key, if it is still kept.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let kept = self.kept.get(key)?;
        if self.is_over(&kept) {
            self.kept.remove_if(key, |kept| self.is_over(kept));
            return None;
        }
        Some(kept.value)
    }

    /// Whether the key has a value that is still kept.
    pub fn contains<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.get(key).is_some()
    }

    /// Puts a value in the place of what is there.
    pub fn insert(&self, key: K, value: V) {
        self.kept.insert(key, Kept { value, since: Instant::now() });
    }

    /// The value of a key, made by `make` and put in if there is none. Whoever asks meanwhile gets the same one.
    pub fn or_insert_with<Q>(&self, key: &Q, make: impl FnOnce() -> V) -> V
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(value) = self.get(key) {
            return value;
        }
        let kept = self
            .kept
            .get_or_insert_with(key, || Ok::<_, Infallible>(Kept { value: make(), since: Instant::now() }));
        let Ok(Kept { value, .. }) = kept;
        value
    }

    /// The same, where making it takes its time and may fail. Whoever asks meanwhile waits; if it fails, the next of them tries.
    pub async fn or_try_insert_with<Q, E>(
        &self,
        key: &Q,
        make: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(value) = self.get(key) {
            return Ok(value);
        }
        let make = async { Ok(Kept { value: make.await?, since: Instant::now() }) };
        Ok(self.kept.get_or_insert_async(key, make).await?.value)
    }

    /// Forgets a key.
    pub fn remove<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.kept.remove(key);
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.kept.clear();
    }

    fn is_over(&self, kept: &Kept<V>) -> bool {
        self.lifetime.is_some_and(|lifetime| kept.since.elapsed() >= lifetime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_over_is_forgotten_and_made_anew() {
        let cache = Cache::expiring(8, Duration::from_secs(10));
        assert_eq!(cache.or_insert_with("a", || 1), 1);
        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!((cache.get("a"), cache.or_insert_with("a", || 2)), (Some(1), 1));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!cache.contains("a"));
        assert_eq!(cache.or_insert_with("a", || 3), 3);
        cache.insert("a".to_owned(), 4);
        assert_eq!(cache.get("a"), Some(4));
        cache.remove("a");
        assert_eq!(cache.get("a"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_over_leaves_room_for_what_is_new() {
        let cache = Cache::expiring(1_024, Duration::from_secs(10));
        for number in 0..5_000 {
            cache.insert(number, ());
        }
        tokio::time::advance(Duration::from_secs(10)).await;
        let new = 10_000..10_200;
        new.clone().for_each(|number| cache.insert(number, ()));
        let kept = new.filter(|number| cache.contains(number)).count();
        assert!(kept > 150, "{kept} of 200 are kept");
    }

    #[tokio::test]
    async fn many_who_ask_at_once_make_it_once() {
        let cache = Cache::<String, u32>::new(8);
        let tries = std::sync::atomic::AtomicU32::new(0);
        let ask = async || {
            let make = async {
                tokio::task::yield_now().await;
                // The first try fails, and its caller alone hears of that.
                match tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                    0 => Err("it failed"),
                    number => Ok(number),
                }
            };
            cache.or_try_insert_with("a", make).await
        };
        assert_eq!(tokio::join!(ask(), ask(), ask()), (Err("it failed"), Ok(1), Ok(1)));
        assert_eq!(cache.get("a"), Some(1));
    }

    #[tokio::test]
    async fn it_stays_as_small_as_it_is_meant_to_be() {
        let cache = Cache::new(100);
        for number in 0..10_000 {
            cache.insert(number, number);
        }
        let kept = (0..10_000).filter(|number| cache.contains(number)).count();
        assert!((50..=150).contains(&kept), "{kept} are kept");
        cache.clear();
        assert!((0..10_000).all(|number| !cache.contains(&number)));
    }
}
