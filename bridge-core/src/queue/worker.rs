//! Works one lane, job by job, until nothing is left of it.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::commit::Finish;
use super::handler::{Closing, Handler};
use super::lanes::Lanes;
use super::retry;
use crate::error::JobError;
use crate::metrics;
use crate::store::job::{Job, Lane};

/// A lane and whether its next jobs may have been tried by a process that died.
struct Worker<H> {
    lanes: Arc<Lanes<H>>,
    maybe_sent: bool,
}

/// Runs until the lane is empty or the program stops.
pub(crate) async fn work<H: Handler>(lanes: Arc<Lanes<H>>, lane: Lane) {
    let mut failures = 0;
    let mut worker = Worker { lanes: Arc::clone(&lanes), maybe_sent: true };
    while !lanes.stop.is_cancelled() {
        match lanes.next(&lane).await {
            Ok(None) => return,
            Ok(Some(job)) => {
                failures = 0;
                if worker.carry_out(job).await.is_none() {
                    return;
                }
            }
            Err(error) => {
                failures += 1;
                tracing::error!(%error, "a lane's jobs could not be read; trying again");
                let woken = lanes.wake.notified();
                if worker.wait(retry::delay(failures), woken).await.is_none() {
                    return;
                }
            }
        }
    }
}

impl<H: Handler> Worker<H> {
    /// Tries a job until it is done or given up; none when the program stops first.
    async fn carry_out(&mut self, mut job: Job) -> Option<()> {
        job.maybe_sent = self.maybe_sent && job.id <= self.lanes.left_until;
        let lanes = Arc::clone(&self.lanes);
        loop {
            // Before the try: what it lacks may come while it is at work.
            let woken = lanes.wake.notified();
            let wait = match self.attempt(&job).await? {
                Ok(closing) => {
                    self.maybe_sent &= !closing.sent;
                    self.finish(&job, closing);
                    return Some(());
                }
                Err(JobError::Reject(reason)) => return self.give_up(job, &reason, true).await,
                Err(JobError::Park(reason)) => return self.give_up(job, &reason, false).await,
                Err(JobError::RetryAfter(wait)) => {
                    self.wait(wait, std::future::pending()).await?;
                    continue;
                }
                Err(JobError::ResumeAfter(wait)) => {
                    job.maybe_sent = true;
                    self.wait(wait, std::future::pending()).await?;
                    continue;
                }
                Err(JobError::Retry(reason)) => Self::failed(&mut job, &reason),
                Err(JobError::Uncertain(reason)) => {
                    job.maybe_sent = true;
                    Self::failed(&mut job, &reason)
                }
            };
            self.wait(wait, woken).await?;
        }
    }

    /// Tries a job once, when it is its turn; none when the program stops first.
    async fn attempt(&self, job: &Job) -> Option<Result<Closing, JobError>> {
        let _slot = self.lanes.slots.acquire().await.ok()?;
        // The call itself stands inside too: a handler may panic before it has made its future. That is large, and on the
        // heap it is not copied along through every call on the way.
        let tried = AssertUnwindSafe(async { Box::pin(self.lanes.handler.handle(job)).await });
        let tried = tried.catch_unwind().await;
        Some(tried.unwrap_or_else(|_| {
            Err(JobError::Park(
                "The program ran into a fault of its own while handling this event.".to_owned(),
            ))
        }))
    }

    fn failed(job: &mut Job, reason: &str) -> Duration {
        job.attempts = job.attempts.saturating_add(1);
        metrics::retried(job.source.as_str());
        // The first failures are everyday; only what lasts is worth a line.
        if job.attempts == 5 {
            tracing::warn!(lane = %job.lane, attempts = job.attempts, reason, "a job keeps failing; its lane waits");
        } else {
            tracing::debug!(lane = %job.lane, attempts = job.attempts, reason, "a job failed; trying again");
        }
        retry::delay(job.attempts)
    }

    /// Waits before another try, less when somebody wakes the lanes; none when the program stops.
    async fn wait(&self, wait: Duration, woken: impl Future<Output = ()>) -> Option<()> {
        tokio::select! {
            biased;
            () = self.lanes.stop.cancelled() => None,
            () = tokio::time::sleep(wait) => Some(()),
            () = woken => Some(()),
        }
    }

    fn finish(&self, job: &Job, closing: Closing) {
        let taken_ms = self.lanes.store.clock().now_ms().saturating_sub(job.accepted_at);
        metrics::done(job.source.as_str(), Duration::from_millis(u64::try_from(taken_ms).unwrap_or(0)));
        for pair in &closing.pairs {
            self.lanes.store.recent().add(pair.clone());
        }
        for gone in &closing.gone {
            self.lanes.store.recent().add_gone(gone.clone());
        }
        let Closing { pairs, gone, .. } = closing;
        let finish = Finish { job_id: job.id, pairs, gone, parked: None, answer: None };
        if self.lanes.finishes.send(finish).is_err() {
            tracing::warn!("a finished job could not be noted; it is repeated at the next start");
        }
    }

    /// Parks a job. It is committed before the lane goes on: were the end of a rejected job lost to a crash while a
    /// later one was sent, the next start could not tell that the later one was sent.
    async fn give_up(&self, job: Job, reason: &str, for_person: bool) -> Option<()> {
        metrics::given_up(job.source.as_str(), if for_person { "rejected" } else { "parked" });
        if for_person {
            tracing::debug!(lane = %job.lane, job = job.id, reason, "an event was refused; its sender is told");
        } else {
            tracing::warn!(lane = %job.lane, job = job.id, reason, "an event could not be handled; it is kept as a dead letter");
        }
        let telling = async { self.lanes.handler.given_up(&job, reason, for_person).await };
        if AssertUnwindSafe(telling).catch_unwind().await.is_err() {
            tracing::error!(job = job.id, "telling about a given-up job panicked");
        }
        let (answer, committed) = oneshot::channel();
        let parked = Some((job.clone(), reason.to_owned()));
        let (pairs, gone) = (Vec::new(), Vec::new());
        let finish = Finish { job_id: job.id, pairs, gone, parked, answer: Some(answer) };
        self.lanes.finishes.send(finish).ok()?;
        committed.await.ok()
    }
}
