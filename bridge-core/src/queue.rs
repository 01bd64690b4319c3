//! The durable queue: what is accepted is committed, and worked in order per lane.

pub mod commit;
pub mod committing;
pub(crate) mod hand_in;
pub mod handler;
pub mod inbox;
pub mod lanes;
pub mod retry;
pub mod verdict;
pub mod worker;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub use crate::store::job::{Job, Lane, NewJob, Source};
pub use committing::Committing;
pub use handler::{Closing, Handler};
pub use inbox::{Delivered, Delivery, Inbox, InboxError};

use crate::store::{Store, StoreError};
use crate::task::Vitals;
use lanes::Lanes;

/// Deliveries that may wait for the committer before a sender has to wait itself.
const INBOX_DEPTH: usize = 1_024;
/// How long the last commit may take: a database that is away answers nobody, and the program has to end.
const LAST_COMMIT: Duration = Duration::from_secs(2);

/// A running queue.
#[derive(Debug)]
pub struct Queue<H> {
    inbox: Inbox,
    lanes: Arc<Lanes<H>>,
    stop: CancellationToken,
    committer: tokio::task::JoinHandle<()>,
    vitals: Vitals,
}

impl<H: Handler> Queue<H> {
    /// Starts the queue: accepts from now on, and takes up what an earlier process left.
    pub async fn start(store: Store, handler: Arc<H>) -> Result<Self, StoreError> {
        let (inbox, deliveries) = Inbox::channel(INBOX_DEPTH);
        Self::start_with(store, handler, inbox, deliveries).await
    }

    /// Like [`Queue::start`], for an inbox that was handed out before the handler could be made.
    pub async fn start_with(
        store: Store,
        handler: Arc<H>,
        inbox: Inbox,
        deliveries: mpsc::Receiver<Delivery>,
    ) -> Result<Self, StoreError> {
        Self::start_among(store, handler, inbox, deliveries, Vitals::default(), Committing::default()).await
    }

    /// Like [`Queue::start_with`], with what others look at already.
    pub(crate) async fn start_among(
        store: Store,
        handler: Arc<H>,
        inbox: Inbox,
        deliveries: mpsc::Receiver<Delivery>,
        vitals: Vitals,
        committing: Committing,
    ) -> Result<Self, StoreError> {
        let mut tx = store.read().await?;
        let newest_id = crate::store::queue::newest_id(&mut tx).await?;
        let left = crate::store::queue::lanes(&mut tx).await?;
        tx.commit().await?;

        let (finishes, ends) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let lanes =
            Arc::new(Lanes::new(store.clone(), handler, finishes, newest_id, vitals.clone(), committing));
        lanes.take_up(left);
        let committer =
            commit::Committer::new(store, Arc::clone(&lanes), deliveries, ends, newest_id, stop.clone());
        let committer = vitals.spawn("committer", stop.clone(), committer.run());
        Ok(Self { inbox, lanes, stop, committer, vitals })
    }

    /// The way in.
    pub fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// Whether all that the queue needs still runs.
    pub fn vitals(&self) -> &Vitals {
        &self.vitals
    }

    /// Whether what is accepted and done can be committed.
    pub fn committing(&self) -> &Committing {
        &self.lanes.committing
    }

    /// Wakes every lane that waits to try again: the cause of its trouble may be gone.
    pub fn retry_now(&self) {
        self.lanes.wake();
    }

    /// Stops: no lane begins another job, jobs at work may end within `grace`, what is done is committed unless the
    /// database is away. Says whether no job is at work any more.
    pub async fn stop(mut self, grace: Duration) -> bool {
        let is_idle = self.lanes.stop(grace).await;
        self.stop.cancel();
        match timeout(LAST_COMMIT, &mut self.committer).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => tracing::error!("the committer ended by force"),
            Err(_) => {
                self.committer.abort();
                tracing::warn!(
                    "what was done last could not be noted: the database does not answer. It is repeated at the next \
                     start, which doubles nothing"
                );
            }
        }
        is_idle
    }

    /// A handle to wake lanes with, without owning the queue.
    pub fn waker(&self) -> Waker {
        let lanes = Arc::clone(&self.lanes);
        Waker(Arc::new(move || lanes.wake()))
    }
}

/// Wakes waiting lanes; see [`Queue::retry_now`].
#[derive(Clone)]
pub struct Waker(Arc<dyn Fn() + Send + Sync>);

impl std::fmt::Debug for Waker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Waker")
    }
}

impl Waker {
    /// Wakes them.
    pub fn retry_now(&self) {
        (self.0)();
    }
}

#[cfg(test)]
mod tests;
