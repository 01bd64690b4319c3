//! Whether what is accepted and done can be committed. While it cannot, no job begins: its end could not be noted, and such
//! ends would pile up in memory, to be repeated after a crash.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

/// The state of committing; clones are handles of the same.
#[derive(Debug, Clone, Default)]
pub struct Committing(Arc<State>);

#[derive(Debug, Default)]
struct State {
    trouble: watch::Sender<Option<String>>,
    /// When the committer's loop last began anew; none before it began.
    turned_at: Mutex<Option<Instant>>,
}

impl Committing {
    /// A commit failed. What the database said of it holds no stored data.
    pub(super) fn note_failure(&self, why: &str) {
        self.0.trouble.send_if_modified(|trouble| {
            let is_new = trouble.is_none();
            if is_new {
                *trouble = Some(why.to_owned());
            }
            is_new
        });
    }

    /// A commit succeeded.
    pub(super) fn note_success(&self) {
        self.0.trouble.send_if_modified(|trouble| trouble.take().is_some());
    }

    /// Waits until commits succeed, which they do unless the last one failed.
    pub(super) async fn until_possible(&self) {
        // Its sender is in our hands, so it does not go away.
        let _ = self.0.trouble.subscribe().wait_for(Option::is_none).await;
    }

    /// Why nothing can be committed now; none while it can.
    pub fn trouble(&self) -> Option<String> {
        self.0.trouble.borrow().clone()
    }

    /// The committer's loop begins anew, which it does every few seconds also where there is nothing to commit.
    pub(crate) fn note_turn(&self) {
        *self.0.turned_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// When its loop last began anew; none before the queue runs.
    pub fn turned_at(&self) -> Option<Instant> {
        *self.0.turned_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
