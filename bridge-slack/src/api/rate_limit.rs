//! Holds calls back to what Slack allows: per method and team, per channel for posts, and as long as Slack says.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use tokio::time::{Instant, sleep_until};

use crate::config::RateLimits;

/// Waited after a "too many requests" that does not say how long.
pub(super) const UNSAID_WAIT: Duration = Duration::from_secs(1);
/// The calls after which quotas that are full again are forgotten.
const TIDY_EVERY: u32 = 4_096;
/// Slack counts from when calls arrive, which is never quite as evenly as they were sent. This much slower than
/// the quota, in percent, a call that arrives early is not refused for it.
const MARGIN: u32 = 2;

/// How long one call may wait here for its turn when it is made for a job, which keeps a place at work meanwhile. Enough
/// for one turn of what Slack allows a channel, or a method of 50 a minute.
const SHORT_WAIT: Duration = Duration::from_millis(1_250);

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
            "conversations.members"
            | "users.info"
            | "files.info"
            | "files.getUploadURLExternal"
            | "files.completeUploadExternal"
            | "chat.postEphemeral" => Self::Four,
            "conversations.list"
            | "users.list"
            | "users.conversations"
            | "emoji.list"
            | "usergroups.list"
            | "pins.list"
            | "reactions.remove"
            | "conversations.create"
            | "conversations.rename"
            | "conversations.setTopic" => Self::Two,
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

/// How long a call may wait for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// As long as it takes: nobody else waits behind the caller.
    Endless,
    /// A moment only: the caller keeps a place that others need, and comes back later.
    Short,
}

impl Patience {
    /// Until when a call that begins now may wait.
    pub(crate) fn deadline(self) -> Option<Instant> {
        (self == Self::Short).then(|| Instant::now() + SHORT_WAIT)
    }
}

/// The call may not be made before this time is over, which is longer than its caller wants to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ComeBackIn(pub(crate) Duration);

/// The limits of all teams. One per program.
#[derive(Debug)]
pub(crate) struct RateLimit {
    clock: TokioClock,
    /// `None` when only Slack's own word counts.
    quotas: Option<Quotas>,
    blocked: Mutex<HashMap<Key, Instant>>,
    /// The last turn that was told to a caller of little patience. The next one is told a later one: sent away for the
    /// same time, all would come back at once, and wait here after all.
    turns: Mutex<HashMap<Key, Instant>>,
    calls: AtomicU32,
}

#[derive(Debug)]
struct Quotas {
    two: Limit,
    three: Limit,
    four: Limit,
    hundreds: Limit,
    channel: Limit,
}

/// A quota, and the time in which it allows one more call.
#[derive(Debug)]
struct Limit {
    limiter: Limiter,
    period: Duration,
}

impl Quotas {
    fn new(clock: &TokioClock) -> Self {
        // A whole minute's calls may come at once: Slack counts per minute, and sync at start needs it.
        let per_minute = |calls: u32| limit(Duration::from_mins(1) / calls, calls, clock);
        Self {
            two: per_minute(20),
            three: per_minute(50),
            four: per_minute(100),
            hundreds: per_minute(600),
            channel: limit(Duration::from_secs(1), 3, clock),
        }
    }

    /// The limits a call has to pass, in this order. For posts the channel's comes first: who waits there must not
    /// use up what the other channels may post.
    fn of(&self, tier: Tier, key: &Key) -> Vec<(&Limit, Key)> {
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
        for limit in [&self.two, &self.three, &self.four, &self.hundreds, &self.channel] {
            limit.limiter.retain_recent();
        }
    }
}

fn limit(period: Duration, burst: u32, clock: &TokioClock) -> Limit {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    let period = period * (100 + MARGIN) / 100;
    let quota = Quota::with_period(period).unwrap_or(Quota::per_second(burst)).allow_burst(burst);
    Limit { limiter: RateLimiter::dashmap_with_clock(quota, clock.clone()), period }
}

impl RateLimit {
    /// Full quotas for everybody.
    pub(crate) fn new(mode: RateLimits) -> Self {
        let clock = TokioClock { started_at: Instant::now() };
        Self {
            quotas: (mode == RateLimits::Quota).then(|| Quotas::new(&clock)),
            blocked: Mutex::default(),
            turns: Mutex::default(),
            calls: AtomicU32::new(0),
            clock,
        }
    }

    /// Waits until the call may be made, and counts it. `channel` matters for posts only. A wait that would end after
    /// the deadline is not begun; the error tells when to come back.
    pub(crate) async fn admit(
        &self,
        team_id: &str,
        method: &'static str,
        channel: Option<&str>,
        deadline: Option<Instant>,
    ) -> Result<(), ComeBackIn> {
        let tier = Tier::of(method);
        let key = key(tier, team_id, method, channel);
        self.wait_while_blocked(&key, deadline).await?;
        let Some(quotas) = &self.quotas else { return Ok(()) };
        if self.calls.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            quotas.tidy();
            let now = Instant::now();
            lock(&self.turns).retain(|_, turn| *turn > now);
        }
        for (limit, limited) in quotas.of(tier, &key) {
            while let Err(not_yet) = limit.limiter.check_key(&limited) {
                let mut free_at = Instant::now() + not_yet.wait_time_from(self.clock.now());
                if deadline.is_some() {
                    free_at = self.turn(&limited, free_at, limit.period);
                }
                wait_until(free_at, deadline).await?;
            }
        }
        // Slack may have said "wait" in the meantime.
        self.wait_while_blocked(&key, deadline).await
    }

    /// The caller's turn: when the quota is free again, or behind those whose turns are still to come.
    fn turn(&self, key: &Key, free_at: Instant, period: Duration) -> Instant {
        let mut turns = lock(&self.turns);
        let turn = turns.get(key).map_or(free_at, |last| free_at.max(*last + period));
        turns.insert(key.clone(), turn);
        turn
    }

    /// Slack asked to wait: nothing of this kind is called before. Other methods, teams and, for posts, channels
    /// go on.
    pub(crate) fn block(&self, team_id: &str, method: &'static str, channel: Option<&str>, wait: Duration) {
        let key = key(Tier::of(method), team_id, method, channel);
        let until = Instant::now() + wait;
        let mut blocked = lock(&self.blocked);
        let entry = blocked.entry(key).or_insert(until);
        *entry = until.max(*entry);
    }

    async fn wait_while_blocked(&self, key: &Key, deadline: Option<Instant>) -> Result<(), ComeBackIn> {
        while let Some(until) = self.blocked_until(key) {
            wait_until(until, deadline).await?;
        }
        Ok(())
    }

    fn blocked_until(&self, key: &Key) -> Option<Instant> {
        let mut blocked = lock(&self.blocked);
        let until = *blocked.get(key)?;
        if until > Instant::now() {
            return Some(until);
        }
        blocked.remove(key);
        None
    }
}

async fn wait_until(until: Instant, deadline: Option<Instant>) -> Result<(), ComeBackIn> {
    if deadline.is_some_and(|deadline| until > deadline) {
        return Err(ComeBackIn(until.saturating_duration_since(Instant::now())));
    }
    sleep_until(until).await;
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn key(tier: Tier, team_id: &str, method: &'static str, channel: Option<&str>) -> Key {
    let channel = if tier == Tier::Post { channel.unwrap_or_default() } else { "" };
    (team_id.to_owned(), method, channel.to_owned())
}

#[cfg(test)]
mod tests;
