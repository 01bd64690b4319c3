//! How often it may be tried to sign in.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::failure::Failure;

/// Tries for one name from one address that may come at once, and then in a minute. Whoever guesses gets nowhere, and holds up
/// nobody elsewhere.
const PER_PAIR: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// The same for one name, from wherever.
const PER_NAME: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// The same for one address, whatever the names.
const PER_ADDRESS: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// From how many names and addresses on those are forgotten that may try again anyway.
const MANY: usize = 10_000;

/// Counts tries.
#[derive(Debug)]
pub(crate) struct Rate {
    pairs: DefaultKeyedRateLimiter<(String, Option<IpAddr>)>,
    names: DefaultKeyedRateLimiter<String>,
    addresses: DefaultKeyedRateLimiter<Option<IpAddr>>,
}

impl Default for Rate {
    fn default() -> Self {
        Self {
            pairs: RateLimiter::keyed(Quota::per_minute(PER_PAIR)),
            names: RateLimiter::keyed(Quota::per_minute(PER_NAME)),
            addresses: RateLimiter::keyed(Quota::per_minute(PER_ADDRESS)),
        }
    }
}

impl Rate {
    /// Counts a try. The failure says when the next one may come.
    pub(crate) fn note(&self, name: &str, address: Option<IpAddr>) -> Result<(), Failure> {
        if self.pairs.len() > MANY || self.names.len() > MANY || self.addresses.len() > MANY {
            self.pairs.retain_recent();
            self.names.retain_recent();
            self.addresses.retain_recent();
        }
        // A name of any length must not be kept.
        let name: String = name.chars().take(64).collect();
        let wait = self
            .addresses
            .check_key(&address)
            .and_then(|()| self.pairs.check_key(&(name.clone(), address)))
            .and_then(|()| self.names.check_key(&name))
            .map_err(|until| until.wait_time_from(DefaultClock::default().now()));
        wait.map_err(|wait| Failure::too_often(wait.as_secs() + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_is_not_tried_for_ever_and_others_are_not_held_up() {
        let rate = Rate::default();
        let tries = (0..20).filter(|_| rate.note("ann", None).is_ok()).count();
        assert_eq!(tries, 10);
        assert!(rate.note("bob", None).is_ok());
        let failure = rate.note("ann", None).err();
        assert!(failure.is_some_and(|failure| failure.retry_after.is_some_and(|wait| wait <= 7)));
        assert!(rate.note("ann", Some([127, 0, 0, 1].into())).is_ok(), "from elsewhere she may");
    }

    #[test]
    fn an_address_does_not_try_many_names() {
        let rate = Rate::default();
        let tries = (0..50).filter(|n| rate.note(&n.to_string(), None).is_ok()).count();
        assert_eq!(tries, 30);
    }
}
