//! Slack's rate limits: per method and team, and per channel for posts.
use std::collections::HashMap;
use tokio::time::Instant;

use crate::options::Mode;

/// How often a method may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tier {
    /// 1 per minute.
    One,
    /// 20 per minute.
    Two,
    /// 50 per minute.
    Three,
    /// 100 per minute.
    Four,
    /// Several hundred per minute.
    Special,
}

impl Tier {
    fn per_minute(self) -> f64 {
        match self {
            Self::One => 1.0,
            Self::Two => 20.0,
            Self::Three => 50.0,
            Self::Four => 100.0,
            Self::Special => 600.0,
        }
    }
}

/// A bucket that fills steadily and is emptied by calls.
#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled_at: Instant,
}

/// Keeps count of calls in quota mode.
#[derive(Debug)]
pub(crate) struct Limits {
    mode: Mode,
    throttled_history: bool,
    buckets: HashMap<String, Bucket>,
}

impl Limits {
    pub(crate) fn new(mode: Mode, throttled_history: bool) -> Self {
        Self { mode, throttled_history, buckets: HashMap::new() }
    }

    /// Counts a call. `Err` holds the whole seconds to wait.
    pub(crate) fn count(
        &mut self,
        method: &str,
        tier: Tier,
        team_id: &str,
        channel: Option<&str>,
    ) -> Result<(), u64> {
        if self.mode == Mode::Unbounded {
            return Ok(());
        }
        let history = matches!(method, "conversations.history" | "conversations.replies");
        let tier = if history && self.throttled_history { Tier::One } else { tier };
        let per_minute = tier.per_minute();
        if method == "chat.postMessage" {
            let channel = channel.unwrap_or_default();
            self.take(&format!("{method} {team_id} {channel}"), 3.0, 1.0)?;
        }
        // An app may open all its sockets at once.
        let size = if method == "apps.connections.open" { 10.0 } else { per_minute };
        self.take(&format!("{method} {team_id}"), size, per_minute / 60.0)
    }

    /// Takes one token out of a bucket of this size that fills at this rate.
    fn take(&mut self, name: &str, size: f64, per_second: f64) -> Result<(), u64> {
        let now = Instant::now();
        let bucket = self.buckets.entry(name.to_owned()).or_insert(Bucket { tokens: size, filled_at: now });
        let elapsed = now.duration_since(bucket.filled_at).as_secs_f64();
        bucket.tokens = (bucket.tokens + elapsed * per_second).min(size);
        bucket.filled_at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        let wait = ((1.0 - bucket.tokens) / per_second).ceil().max(1.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 60")]
        Err(wait as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_are_limited_per_channel() {
        let mut limits = Limits::new(Mode::Quota, false);
        let mut post = |channel| limits.count("chat.postMessage", Tier::Special, "T1", Some(channel));
        assert_eq!([post("C1"), post("C1"), post("C1")], [Ok(()); 3]);
        assert_eq!(post("C1"), Err(1));
        assert_eq!(post("C2"), Ok(()));
    }

    #[test]
    fn tiers_are_per_method_and_team() {
        let mut limits = Limits::new(Mode::Quota, false);
        for _ in 0..20 {
            assert_eq!(limits.count("users.list", Tier::Two, "T1", None), Ok(()));
        }
        assert_eq!(limits.count("users.list", Tier::Two, "T1", None), Err(3));
        assert_eq!(limits.count("users.list", Tier::Two, "T2", None), Ok(()));
        assert_eq!(limits.count("emoji.list", Tier::Two, "T1", None), Ok(()));
    }

    #[test]
    fn unbounded_means_unbounded() {
        let mut limits = Limits::new(Mode::Unbounded, false);
        assert!((0..1000).all(|_| limits.count("users.list", Tier::One, "T1", None).is_ok()));
    }
}
