//! A process that can be killed: everything of it lives in a runtime of its own.

use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};

use super::probe::Probe;
use crate::clock::Clock;
use crate::queue::{Inbox, Queue};
use crate::store::Store;
use crate::store::seal::Seal;
use crate::store::tests::engine::{Database, PATIENCE};

/// A running queue with its database.
pub(super) struct Process {
    runtime: Runtime,
    pub(super) queue: Queue<Probe>,
    store: Store,
}

impl Process {
    /// Opens the database and starts the queue.
    pub(super) async fn start(db: &Database, handler: Arc<Probe>) -> Self {
        Self::start_at(db, handler, Clock::system()).await
    }

    /// The same, by this clock.
    pub(super) async fn start_at(db: &Database, handler: Arc<Probe>, clock: Clock) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let url = db.url.clone();
        let started = runtime.spawn(async move {
            let store = Store::open(&url, Seal::none(), clock).await.unwrap();
            // A killed process is gone with all its threads. Here a commit that one had handed to the embedded engine
            // may still end, so what it left is looked at only when nobody writes any more.
            store.begin().await.unwrap().rollback().await.unwrap();
            let queue = Queue::start(store.clone(), handler).await.unwrap();
            (store, queue)
        });
        let (store, queue) = started.await.unwrap();
        Self { runtime, queue, store }
    }

    /// The way in.
    pub(super) fn inbox(&self) -> Inbox {
        self.queue.inbox().clone()
    }

    /// Dies in the middle of whatever it does: no task gets another turn.
    pub(super) async fn kill(self, db: &Database) {
        let Self { runtime, queue, store } = self;
        let died = tokio::task::spawn_blocking(move || {
            let handle = runtime.handle().clone();
            runtime.shutdown_timeout(PATIENCE);
            let _context = handle.enter();
            drop(queue);
            drop(store);
        });
        died.await.unwrap();
        db.until_let_go().await;
    }
}
