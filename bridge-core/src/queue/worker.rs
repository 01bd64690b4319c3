//! Works one lane, job by job, until nothing is left of it.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::commit::{End, Finish};
use super::handler::{Closing, Handler};
use super::lanes::Lanes;
use super::retry;
use super::verdict::{Doubt, Verdict};
use crate::error::JobError;
use crate::store::dead_letter::{Class, GivenUp};
use crate::store::job::{Job, Lane};
use crate::store::letter_id::LetterId;
use crate::{failpoint, metrics};

/// A lane's worker.
struct Worker<H> {
    lanes: Arc<Lanes<H>>,
    doubt: Doubt,
}

/// Runs until the lane is empty or the program stops.
pub(crate) async fn work<H: Handler>(lanes: Arc<Lanes<H>>, lane: Lane) {
    let mut failures = 0;
    let mut worker = Worker { lanes: Arc::clone(&lanes), doubt: Doubt::new(lanes.left_until) };
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
        self.doubt.begin(&mut job);
        let lanes = Arc::clone(&self.lanes);
        loop {
            // Before the try: what it lacks may come while it is at work.
            let woken = lanes.wake.notified();
            let tried = self.attempt(&job).await?;
            match self.doubt.judge(&mut job, tried) {
                Verdict::Done(closing) => {
                    failpoint::pass("job.after");
                    self.recovered(&job, &closing).await;
                    self.finish(&job, closing).await;
                    return Some(());
                }
                Verdict::GivenUp(cause, class) => return self.give_up(job, cause, class).await,
                Verdict::Told(wait) => self.wait(wait, std::future::pending()).await?,
                Verdict::Failed(reason) => self.wait(Self::failed(&job, &reason), woken).await?,
            }
        }
    }

    /// Tries a job once, when it is its turn; none when the program stops first.
    async fn attempt(&self, job: &Job) -> Option<Result<Closing, JobError>> {
        self.lanes.stop.run_until_cancelled(self.lanes.committing.until_possible()).await?;
        let _slot = self.lanes.slots.acquire().await.ok()?;
        let sure = self.lanes.store.lease().until_sure();
        self.lanes.stop.run_until_cancelled(sure).await.filter(|is_sure| *is_sure)?;
        // The call itself stands inside too: a handler may panic before it has made its future. That is large, and on the
        // heap it is not copied along through every call on the way.
        failpoint::pass("job.before");
        let tried = AssertUnwindSafe(async { Box::pin(self.lanes.handler.handle(job)).await });
        let tried = tried.catch_unwind().await;
        Some(tried.unwrap_or_else(|_| {
            Err(JobError::Park(
                "The program ran into a fault of its own while handling this event.".to_owned(),
            ))
        }))
    }

    fn failed(job: &Job, reason: &str) -> Duration {
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

    async fn finish(&self, job: &Job, closing: Closing) {
        // At a stop it is not waited for: the end is noted if it can be.
        let place = self.lanes.stop.run_until_cancelled(Arc::clone(&self.lanes.ends).acquire_owned()).await;
        let place = place.and_then(Result::ok);
        let taken_ms = self.lanes.store.clock().now_ms().saturating_sub(job.accepted_at);
        metrics::done(job.source.as_str(), Duration::from_millis(u64::try_from(taken_ms).unwrap_or(0)));
        // The one line that a message costs: with the job's number it is found in the database, and its words are not.
        tracing::debug!(job = job.id, lane = %job.lane, source = job.source.as_str(), taken_ms, "an event is done");
        for pair in &closing.pairs {
            self.lanes.store.newest().add(pair);
            self.lanes.store.recent().add(pair.clone());
        }
        for gone in &closing.gone {
            self.lanes.store.recent().add_gone(gone.clone());
        }
        let Closing { pairs, gone, .. } = closing;
        let end = if job.letter_id.is_some() { End::Recovered } else { End::Done };
        let finish = Finish { job_id: job.id, pairs, gone, end, answer: None, place };
        if self.lanes.finishes.send(finish).is_err() {
            tracing::warn!("a finished job could not be noted; it is repeated at the next start");
        }
    }

    /// Says that a dead letter was tried again with success. Whatever comes of that, the job is done.
    async fn recovered(&self, job: &Job, closing: &Closing) {
        let Some(letter_id) = job.letter_id else { return };
        tracing::info!(lane = %job.lane, letter = %letter_id, "a dead letter was tried again, with success");
        let telling = async { self.lanes.handler.recovered(job, closing).await };
        if AssertUnwindSafe(telling).catch_unwind().await.is_err() {
            tracing::error!(job = job.id, "telling about a recovered job panicked");
        }
    }

    /// Gives a job up. It is committed before the lane goes on: were the end of a rejected job lost to a crash while a
    /// later one was sent, the next start could not tell that the later one was sent.
    async fn give_up(&self, job: Job, cause: String, class: Class) -> Option<()> {
        metrics::given_up(job.source.as_str(), class.as_str());
        let letter = job.letter_id.unwrap_or(LetterId(job.id));
        let for_person = class == Class::Rejected;
        if for_person {
            // The reason may hold words of the network's; it stands in the letter.
            tracing::info!(lane = %job.lane, %letter, class = class.as_str(), "an event was refused for good; its sender is told, and it is kept as a dead letter");
        } else {
            tracing::warn!(lane = %job.lane, %letter, reason = cause, "an event could not be handled; it is kept as a dead letter");
        }
        let telling = async { self.lanes.handler.given_up(&job, &cause, for_person).await };
        let notice = AssertUnwindSafe(telling).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(job = job.id, "telling about a given-up job panicked");
            None
        });
        failpoint::pass("job.given_up");
        let (answer, committed) = oneshot::channel();
        let (job_id, pairs, gone) = (job.id, Vec::new(), Vec::new());
        let end = End::GivenUp(Box::new(GivenUp { job, class, cause, notice }));
        self.lanes
            .finishes
            .send(Finish { job_id, pairs, gone, end, answer: Some(answer), place: None })
            .ok()?;
        committed.await.ok()
    }
}
