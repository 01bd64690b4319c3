//! Lanes in memory: a window on the table, and one worker for each lane that has work.

pub(crate) mod window;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::commit::Finish;
use super::committing::Committing;
use super::handler::Handler;
use super::worker;
use crate::store::job::{Job, Lane};
use crate::store::{Store, StoreError, queue};
use crate::task::Vitals;
use window::{LIMITS, Next, Reading, Windows};

/// Jobs at work at the same time.
const AT_WORK: usize = 256;
/// Ends of jobs that wait for their commit at the same time: where the database is slower than the work, the work waits.
pub(crate) const MOST_ENDS: usize = 8_192;

/// All lanes with work, and what their workers share.
pub(crate) struct Lanes<H> {
    pub(crate) store: Store,
    pub(crate) handler: Arc<H>,
    pub(crate) finishes: mpsc::UnboundedSender<Finish>,
    pub(crate) slots: Semaphore,
    pub(crate) ends: Arc<Semaphore>,
    pub(crate) committing: Committing,
    pub(crate) stop: CancellationToken,
    pub(crate) wake: Notify,
    /// Jobs up to this id may have been tried by an earlier process.
    pub(crate) left_until: i64,
    windows: Mutex<Windows>,
    workers: TaskTracker,
    vitals: Vitals,
}

impl<H> std::fmt::Debug for Lanes<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lanes").field("lanes", &self.windows().len()).finish_non_exhaustive()
    }
}

impl<H> Lanes<H> {
    fn windows(&self) -> MutexGuard<'_, Windows> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes every lane that waits to try again.
    pub(crate) fn wake(&self) {
        self.wake.notify_waiters();
    }

    /// No lane begins another job; jobs at work may end within `grace`. Says whether all of them did.
    pub(crate) async fn stop(&self, grace: Duration) -> bool {
        // The places first: a job that ends because of the stop must not pass its place on.
        self.slots.close();
        self.stop.cancel();
        self.workers.close();
        let is_idle = tokio::time::timeout(grace, self.workers.wait()).await.is_ok();
        if !is_idle {
            tracing::warn!("some jobs did not end in time; they are tried again at the next start");
        }
        is_idle
    }
}

impl<H: Handler> Lanes<H> {
    pub(crate) fn new(
        store: Store,
        handler: Arc<H>,
        finishes: mpsc::UnboundedSender<Finish>,
        left_until: i64,
        vitals: Vitals,
        committing: Committing,
    ) -> Self {
        Self {
            store,
            handler,
            finishes,
            slots: Semaphore::new(AT_WORK),
            ends: Arc::new(Semaphore::new(MOST_ENDS)),
            committing,
            stop: CancellationToken::new(),
            wake: Notify::new(),
            left_until,
            windows: Mutex::new(Windows::new(LIMITS, left_until)),
            workers: TaskTracker::new(),
            vitals,
        }
    }

    /// Starts workers for lanes whose jobs an earlier process left. Comes before the first [`Lanes::push`], which
    /// would take a lane it does not know for one without older jobs.
    pub(crate) fn take_up(self: &Arc<Self>, left: Vec<Lane>) {
        let mut windows = self.windows();
        for lane in left {
            windows.take_up(lane.clone());
            self.start(lane);
        }
    }

    /// Takes newly committed jobs, which are in order.
    pub(crate) fn push(self: &Arc<Self>, jobs: Vec<Job>) {
        let mut windows = self.windows();
        for job in jobs {
            if let Some(lane) = windows.push(job) {
                self.start(lane);
            }
        }
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "tracked, so that stopping can wait for it; guarded, as a panic would leave the lane without a worker"
    )]
    fn start(self: &Arc<Self>, lane: Lane) {
        let (vitals, work) = (self.vitals.clone(), worker::work(Arc::clone(self), lane));
        self.workers.spawn(async move { vitals.guard("lane worker", work).await });
    }

    /// The next job of a lane; none ends its worker. A lane that is not in memory any more has no work.
    pub(crate) async fn next(&self, lane: &Lane) -> Result<Option<Job>, StoreError> {
        loop {
            let next = self.windows().next(lane);
            let reading = match next {
                Next::Job(job) => return Ok(Some(job)),
                Next::Nothing => return Ok(None),
                Next::Read(reading) => reading,
            };
            match self.read(lane, reading).await {
                Ok(stored) => self.windows().refill(lane, reading, Some(stored)),
                Err(error) => {
                    self.windows().refill(lane, reading, None);
                    return Err(error);
                }
            }
        }
    }

    async fn read(&self, lane: &Lane, reading: Reading) -> Result<Vec<Job>, StoreError> {
        let Reading { after, until, room } = reading;
        let mut tx = self.store.read().await?;
        let stored = queue::next_jobs(&mut tx, lane, after, until, room).await?;
        tx.commit().await?;
        Ok(stored)
    }

    /// Jobs in memory that no worker has taken yet.
    #[cfg(test)]
    pub(crate) fn resident(&self) -> usize {
        self.windows().resident()
    }

    /// Lanes in memory.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.windows().len()
    }
}
