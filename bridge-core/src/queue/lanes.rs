//! Lanes in memory: a window on the table, and one worker for each lane that has work.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::commit::Finish;
use super::handler::Handler;
use super::worker;
use crate::store::job::{Job, Lane};
use crate::store::{Store, StoreError, queue};
use crate::task::Vitals;

/// Jobs of one lane in memory.
const WINDOW: usize = 128;
/// Jobs of all lanes in memory; more wait in the table.
const RESIDENT: usize = 16_384;
/// Jobs at work at the same time.
const AT_WORK: usize = 256;

/// All lanes with work, and what their workers share.
pub(crate) struct Lanes<H> {
    pub(crate) store: Store,
    pub(crate) handler: Arc<H>,
    pub(crate) finishes: mpsc::UnboundedSender<Finish>,
    pub(crate) slots: Semaphore,
    pub(crate) stop: CancellationToken,
    pub(crate) wake: Notify,
    /// Jobs up to this id may have been tried by an earlier process.
    pub(crate) left_until: i64,
    known: Mutex<Known>,
    resident: AtomicUsize,
    workers: TaskTracker,
    vitals: Vitals,
}

/// The lanes with work, and how far the table was handed to them.
#[derive(Debug)]
struct Known {
    lanes: HashMap<Lane, LaneState>,
    /// The newest job that was pushed. What is committed behind it is still to come, and is not read from the table:
    /// it would be handed out twice.
    pushed_until: i64,
}

/// One lane with work.
#[derive(Debug, Default)]
struct LaneState {
    window: VecDeque<Job>,
    /// The newest job that was taken out of the window.
    taken: i64,
    /// Whether the table has jobs behind the window.
    more: bool,
}

impl<H> std::fmt::Debug for Lanes<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lanes").field("lanes", &self.known().lanes.len()).finish_non_exhaustive()
    }
}

impl<H> Lanes<H> {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes every lane that waits to try again.
    pub(crate) fn wake(&self) {
        self.wake.notify_waiters();
    }

    /// No lane begins another job; jobs at work may end within `grace`.
    pub(crate) async fn stop(&self, grace: Duration) {
        // The places first: a job that ends because of the stop must not pass its place on.
        self.slots.close();
        self.stop.cancel();
        self.workers.close();
        if tokio::time::timeout(grace, self.workers.wait()).await.is_err() {
            tracing::warn!("some jobs did not end in time; they are tried again at the next start");
        }
    }
}

impl<H: Handler> Lanes<H> {
    pub(crate) fn new(
        store: Store,
        handler: Arc<H>,
        finishes: mpsc::UnboundedSender<Finish>,
        left_until: i64,
        vitals: Vitals,
    ) -> Self {
        Self {
            store,
            handler,
            finishes,
            slots: Semaphore::new(AT_WORK),
            stop: CancellationToken::new(),
            wake: Notify::new(),
            left_until,
            known: Mutex::new(Known { lanes: HashMap::new(), pushed_until: left_until }),
            resident: AtomicUsize::new(0),
            workers: TaskTracker::new(),
            vitals,
        }
    }

    /// Starts workers for lanes whose jobs an earlier process left. Comes before the first [`Lanes::push`], which
    /// would take a lane it does not know for one without older jobs.
    pub(crate) fn take_up(self: &Arc<Self>, left: Vec<Lane>) {
        let mut known = self.known();
        for lane in left {
            known.lanes.insert(lane.clone(), LaneState { more: true, ..LaneState::default() });
            self.start(lane);
        }
    }

    /// Takes newly committed jobs, which are in order.
    pub(crate) fn push(self: &Arc<Self>, jobs: Vec<Job>) {
        let mut known = self.known();
        let Known { lanes, pushed_until } = &mut *known;
        for job in jobs {
            *pushed_until = job.id;
            if let Some(state) = lanes.get_mut(&job.lane) {
                self.place(state, job);
            } else {
                let lane = job.lane.clone();
                // Whatever the table still has of this lane before this job is done and only waits for its commit.
                let mut state = LaneState { taken: job.id - 1, ..LaneState::default() };
                self.place(&mut state, job);
                lanes.insert(lane.clone(), state);
                self.start(lane);
            }
        }
    }

    fn place(&self, state: &mut LaneState, job: Job) {
        let full = state.window.len() >= WINDOW || self.resident.load(Ordering::Relaxed) >= RESIDENT;
        if state.more || full {
            state.more = true;
        } else {
            self.resident.fetch_add(1, Ordering::Relaxed);
            state.window.push_back(job);
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
            let (after, until) = {
                let mut known = self.known();
                let until = known.pushed_until;
                let Some(state) = known.lanes.get_mut(lane) else { return Ok(None) };
                if let Some(job) = state.window.pop_front() {
                    state.taken = job.id;
                    self.resident.fetch_sub(1, Ordering::Relaxed);
                    return Ok(Some(job));
                }
                if !state.more {
                    known.lanes.remove(lane);
                    return Ok(None);
                }
                // From here on new jobs go into the window again, behind those that the table gives.
                state.more = false;
                (state.taken, until)
            };
            let room = self.reserve();
            let stored = self.read(lane, after, until, room).await;
            self.refill(lane, room, stored)?;
        }
    }

    /// Makes room for a lane's next jobs: a whole window, or one job when memory is full of those of other lanes.
    fn reserve(&self) -> usize {
        let whole = |resident: usize| (resident + WINDOW <= RESIDENT).then_some(resident + WINDOW);
        if self.resident.fetch_update(Ordering::Relaxed, Ordering::Relaxed, whole).is_ok() {
            return WINDOW;
        }
        self.resident.fetch_add(1, Ordering::Relaxed);
        1
    }

    async fn read(&self, lane: &Lane, after: i64, until: i64, most: usize) -> Result<Vec<Job>, StoreError> {
        let mut tx = self.store.read().await?;
        let stored = queue::next_jobs(&mut tx, lane, after, until, most).await?;
        tx.commit().await?;
        Ok(stored)
    }

    fn refill(
        &self,
        lane: &Lane,
        room: usize,
        stored: Result<Vec<Job>, StoreError>,
    ) -> Result<(), StoreError> {
        let mut known = self.known();
        let Some(state) = known.lanes.get_mut(lane) else { return Ok(()) };
        let arrived = std::mem::take(&mut state.window);
        self.resident.fetch_sub(room + arrived.len(), Ordering::Relaxed);
        let full = stored.as_ref().map_or(true, |stored| stored.len() >= room);
        // What arrived meanwhile is in the table, behind what was read or could not be read.
        state.more |= full;
        state.window = stored?.into();
        if !full {
            state.window.extend(arrived);
        }
        self.resident.fetch_add(state.window.len(), Ordering::Relaxed);
        Ok(())
    }

    /// Jobs in memory that no worker has taken yet.
    #[cfg(test)]
    pub(crate) fn resident(&self) -> usize {
        self.resident.load(Ordering::Relaxed)
    }

    /// Lanes in memory.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.known().lanes.len()
    }
}
