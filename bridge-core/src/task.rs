//! The one way to start a task: named, never silent when it dies, and known to all when the program needs it.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Starts a task. A panic in it is logged with its name and ends only this task.
#[allow(clippy::disallowed_methods, reason = "the replacement that the ban names")]
pub fn spawn<F>(name: &'static str, future: F) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        if AssertUnwindSafe(future).catch_unwind().await.is_err() {
            tracing::error!(task = name, "a task panicked and ended");
        }
    })
}

/// Whether all tasks still run without which the program is of no use. Clones are handles of the same.
#[derive(Debug, Clone, Default)]
pub struct Vitals(Arc<watch::Sender<Option<&'static str>>>);

impl Vitals {
    /// Starts a task that has to run until `stop` is cancelled. When it panics, or ends before, it counts as broken.
    pub fn spawn<F>(&self, name: &'static str, stop: CancellationToken, future: F) -> JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let vitals = self.clone();
        spawn(name, async move {
            vitals.guard(name, future).await;
            if !stop.is_cancelled() {
                vitals.note_broken(name);
            }
        })
    }

    /// Runs something that may end at any time. When it panics, it counts as broken.
    pub async fn guard(&self, name: &'static str, future: impl Future<Output = ()>) {
        if AssertUnwindSafe(future).catch_unwind().await.is_err() {
            self.note_broken(name);
        }
    }

    fn note_broken(&self, name: &'static str) {
        self.0.send_if_modified(|broken| {
            let first = broken.is_none();
            if first {
                tracing::error!(task = name, "a task that the program needs has broken down");
                *broken = Some(name);
            }
            first
        });
    }

    /// What broke first and what to do, in sentences; none while all is well.
    pub fn trouble(&self) -> Option<String> {
        let name = (*self.0.borrow())?;
        Some(format!(
            "A part of the program ({name}) has broken down by a fault of its own, so events are not carried over any \
             more. What was accepted is kept. The program stops; start it again."
        ))
    }

    /// Waits until something breaks.
    pub async fn broken(&self) {
        // The sender lives as long as this handle.
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;

    #[tokio::test]
    async fn a_panic_is_known_to_all_who_hold_the_handle() {
        let vitals = Vitals::default();
        assert_eq!(vitals.trouble(), None);
        let panics = vitals.spawn("heart", CancellationToken::new(), async { panic!("ordered by the test") });
        vitals.clone().broken().await;
        assert!(vitals.trouble().unwrap().contains("(heart)"), "{:?}", vitals.trouble());
        panics.await.unwrap();
    }

    #[tokio::test]
    async fn an_end_before_the_stop_counts_as_broken_and_one_after_it_does_not() {
        let (vitals, stop) = (Vitals::default(), CancellationToken::new());
        stop.cancel();
        vitals.spawn("done", stop, async {}).await.unwrap();
        vitals.guard("a lane", async {}).await;
        assert_eq!(vitals.trouble(), None);
        vitals.spawn("early", CancellationToken::new(), async {}).await.unwrap();
        vitals.guard("late", async { panic!("ordered by the test") }).await;
        assert!(vitals.trouble().unwrap().contains("(early)"), "the first counts: {:?}", vitals.trouble());
    }
}
