//! Waiting for a condition with a deadline, and saying what was there instead when it does not come.
use std::fmt::Display;
use std::time::{Duration, Instant};

use anyhow::anyhow;

use crate::Result;

/// How often [`eventually`] looks.
pub const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Calls `probe` until it answers `Ok`, at most for `deadline`, and returns that value.
///
/// `what` completes the sentence "waited for …". The last `Err` of the probe is part of the failure's text, so let it
/// say what was found instead. A probe that itself hangs is cut off at the deadline.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use std::time::Duration;
/// let mut looks = 0;
/// let seen = testkit::eventually(Duration::from_secs(1), "three looks", async || {
///     looks += 1;
///     if looks >= 3 { Ok(looks) } else { Err(format!("only {looks} looks")) }
/// })
/// .await;
/// assert_eq!(seen.unwrap(), 3);
/// # }
/// ```
pub async fn eventually<T, E: Display>(
    deadline: Duration,
    what: impl Display,
    mut probe: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T> {
    let started = Instant::now();
    let mut last = String::from("the first look did not come back");
    loop {
        let left = deadline.saturating_sub(started.elapsed());
        match tokio::time::timeout(left.max(POLL_INTERVAL), probe()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(found)) => last = found.to_string(),
            Err(_) => {}
        }
        if started.elapsed() >= deadline {
            return Err(anyhow!("waited {deadline:?} for {what}, in vain. Last look: {last}"));
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn says_what_was_found_instead() {
        let error = eventually(Duration::from_millis(30), "the kettle to boil", async || {
            Err::<(), _>("it is at 40 degrees")
        })
        .await
        .unwrap_err();
        assert!(error.to_string().contains("the kettle to boil"), "{error}");
        assert!(error.to_string().contains("40 degrees"), "{error}");
    }

    #[tokio::test]
    async fn a_hanging_look_ends_at_the_deadline() {
        let started = Instant::now();
        let answer = eventually(Duration::from_millis(50), "an answer", async || {
            std::future::pending::<Result<(), String>>().await
        })
        .await;
        assert!(answer.is_err());
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}
