//! Holds calls back to what Slack allows: per method and team, per channel for posts, and as long as Slack says.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use tokio::time::{Instant, sleep, sleep_until};

use crate::config::RateLimits;

/// Waited after a "too many requests" that does not say how long.
pub(super) const UNSAID_WAIT: Duration = Duration::from_secs(1);
/// The calls after which quotas that are full again are forgotten.
const TIDY_EVERY: u32 = 4_096;
/// Slack counts from when calls arrive, which is never quite as evenly as they were sent. This much slower than
/// the quota, in percent, a call that arrives early is not refused for it.
const MARGIN: u32 = 2;

/// Whose calls of which method are counted together: team, method, and the channel for posts (else empty).
type Key = (String, &'static str, String);
type Limiter = RateLimiter<Key, DashMapStateStore<Key>, TokioClock, NoOpMiddleware<Nanos>>;

/// Slack's published limits. Each is a minimum that Slack keeps for every app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tier {
    /// 20 per minute.
    Two,
    /// 50 per minute.
    Three,
    /// 100 per minute.
    Four,
    /// "Several hundred" per minute.
    Hundreds,
    /// Posts: one per second into a channel, several hundred per minute in all.
    Post,
    /// Never held back beforehand: opening a socket must not wait for a quota, and is seldom.
    Free,
}

impl Tier {
    fn of(method: &str) -> Self {
        match method {
            "chat.postMessage" => Self::Post,
            "apps.connections.open" => Self::Free,
            "auth.test" | "chat.getPermalink" => Self::Hundreds,
            "conversations.members" | "users.info" | "files.info" | "chat.postEphemeral" => Self::Four,
            "conversations.list"
            | "users.list"
            | "users.conversations"
            | "emoji.list"
            | "usergroups.list"
            | "reactions.remove"
            | "conversations.create"
            | "conversations.rename" => Self::Two,
            _ => Self::Three,
        }
    }
}

/// Time as tokio tells it, so that tests can move it.
#[derive(Debug, Clone)]
struct TokioClock {
    started_at: Instant,
}

impl GovernorClock for TokioClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.started_at.elapsed().into()
    }
}

/// The limits of all teams. One per program.
#[derive(Debug)]
pub(crate) struct RateLimit {
    clock: TokioClock,
    /// `None` when only Slack's own word counts.
    quotas: Option<Quotas>,
    blocked: Mutex<HashMap<Key, Instant>>,
    calls: AtomicU32,
}

#[derive(Debug)]
struct Quotas {
    two: Limiter,
    three: Limiter,
    four: Limiter,
    hundreds: Limiter,
    channel: Limiter,
}

impl Quotas {
    fn new(clock: &TokioClock) -> Self {
        // A whole minute's calls may come at once: Slack counts per minute, and sync at start needs it.
        let per_minute = |calls: u32| limiter(Duration::from_mins(1) / calls, calls, clock);
        Self {
            two: per_minute(20),
            three: per_minute(50),
            four: per_minute(100),
            hundreds: per_minute(600),
            channel: limiter(Duration::from_secs(1), 3, clock),
        }
    }

    /// The limits a call has to pass, in this order. For posts the channel's comes first: who waits there must not
    /// use up what the other channels may post.
    fn of(&self, tier: Tier, key: &Key) -> Vec<(&Limiter, Key)> {
        let whole = || (key.0.clone(), key.1, String::new());
        match tier {
            Tier::Two => vec![(&self.two, whole())],
            Tier::Three => vec![(&self.three, whole())],
            Tier::Four => vec![(&self.four, whole())],
            Tier::Hundreds => vec![(&self.hundreds, whole())],
            Tier::Post => vec![(&self.channel, key.clone()), (&self.hundreds, whole())],
            Tier::Free => Vec::new(),
        }
    }

    fn tidy(&self) {
        for limiter in [&self.two, &self.three, &self.four, &self.hundreds, &self.channel] {
            limiter.retain_recent();
        }
    }
}

fn limiter(period: Duration, burst: u32, clock: &TokioClock) -> Limiter {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    let period = period * (100 + MARGIN) / 100;
    let quota = Quota::with_period(period).unwrap_or(Quota::per_second(burst)).allow_burst(burst);
    RateLimiter::dashmap_with_clock(quota, clock.clone())
}

impl RateLimit {
    /// Full quotas for everybody.
    pub(crate) fn new(mode: RateLimits) -> Self {
        let clock = TokioClock { started_at: Instant::now() };
        Self {
            quotas: (mode == RateLimits::Quota).then(|| Quotas::new(&clock)),
            blocked: Mutex::default(),
            calls: AtomicU32::new(0),
            clock,
        }
    }

    /// Waits until the call may be made, and counts it. `channel` matters for posts only.
    pub(crate) async fn admit(&self, team_id: &str, method: &'static str, channel: Option<&str>) {
        let tier = Tier::of(method);
        let key = key(tier, team_id, method, channel);
        self.wait_while_blocked(&key).await;
        let Some(quotas) = &self.quotas else { return };
        if self.calls.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            quotas.tidy();
        }
        for (limiter, limited) in quotas.of(tier, &key) {
            while let Err(not_yet) = limiter.check_key(&limited) {
                sleep(not_yet.wait_time_from(self.clock.now())).await;
            }
        }
        // Slack may have said "wait" in the meantime.
        self.wait_while_blocked(&key).await;
    }

    /// Slack asked to wait: nothing of this kind is called before. Other methods, teams and, for posts, channels
    /// go on.
    pub(crate) fn block(&self, team_id: &str, method: &'static str, channel: Option<&str>, wait: Duration) {
        let key = key(Tier::of(method), team_id, method, channel);
        let until = Instant::now() + wait;
        let mut blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = blocked.entry(key).or_insert(until);
        *entry = until.max(*entry);
    }

    async fn wait_while_blocked(&self, key: &Key) {
        while let Some(until) = self.blocked_until(key) {
            sleep_until(until).await;
        }
    }

    fn blocked_until(&self, key: &Key) -> Option<Instant> {
        let mut blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        let until = *blocked.get(key)?;
        if until > Instant::now() {
            return Some(until);
        }
        blocked.remove(key);
        None
    }
}

fn key(tier: Tier, team_id: &str, method: &'static str, channel: Option<&str>) -> Key {
    let channel = if tier == Tier::Post { channel.unwrap_or_default() } else { "" };
    (team_id.to_owned(), method, channel.to_owned())
}

#[cfg(test)]
mod tests;
