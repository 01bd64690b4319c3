//! Trying again in a task of its own, which no lane does it for.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::error::JobError;
use crate::queue::retry;

/// Tries before giving up: some three minutes.
const MOST: u32 = 10;

/// Tries something as a lane tries a job, but not for ever. Ends with the last error when it will never succeed, when
/// it has failed too often, or when `stop` is cancelled.
pub(crate) async fn persist<T, F>(
    stop: &CancellationToken,
    mut attempt: impl FnMut() -> F,
) -> Result<T, JobError>
where
    F: Future<Output = Result<T, JobError>>,
{
    let mut failures = 0;
    loop {
        let error = match attempt().await {
            Err(error) if error.is_tried_again() => error,
            ended => return ended,
        };
        let wait: Duration = if let JobError::RetryAfter(wait) | JobError::ResumeAfter(wait) = &error {
            *wait
        } else {
            failures += 1;
            retry::delay(failures)
        };
        let waited = stop.run_until_cancelled(tokio::time::sleep(wait)).await;
        if failures >= MOST || waited.is_none() {
            return Err(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    async fn tried(error: JobError) -> (Result<u32, JobError>, u32) {
        let count = AtomicU32::new(0);
        let attempt = || async {
            let number = count.fetch_add(1, Ordering::Relaxed);
            if number < 1 { Err(error.clone()) } else { Ok(number) }
        };
        let ended = persist(&CancellationToken::new(), attempt).await;
        (ended, count.into_inner())
    }

    #[tokio::test]
    async fn what_may_succeed_later_is_tried_again() {
        for error in [JobError::Retry("down".into()), JobError::RetryAfter(Duration::from_millis(1))] {
            assert!(matches!(tried(error).await, (Ok(1), 2)));
        }
        assert!(matches!(tried(JobError::Park("odd".into())).await, (Err(JobError::Park(_)), 1)));
    }

    #[tokio::test]
    async fn it_ends_with_the_program() {
        let stop = CancellationToken::new();
        stop.cancel();
        let ask_to_wait = || async { Err::<(), _>(JobError::RetryAfter(Duration::from_hours(1))) };
        assert!(matches!(persist(&stop, ask_to_wait).await, Err(JobError::RetryAfter(_))));
    }
}
