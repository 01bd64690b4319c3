//! Whether what is accepted and done can be committed. While it cannot, no job begins: its end could not be noted, and such
//! ends would pile up in memory, to be repeated after a crash.

use std::sync::Arc;

use tokio::sync::watch;

/// The state of committing; clones are handles of the same.
#[derive(Debug, Clone, Default)]
pub struct Committing(Arc<watch::Sender<Option<String>>>);

impl Committing {
    /// A commit failed. What the database said of it holds no stored data.
    pub(super) fn note_failure(&self, why: &str) {
        self.0.send_if_modified(|trouble| {
            let is_new = trouble.is_none();
            if is_new {
                *trouble = Some(why.to_owned());
            }
            is_new
        });
    }

    /// A commit succeeded.
    pub(super) fn note_success(&self) {
        self.0.send_if_modified(|trouble| trouble.take().is_some());
    }

    /// Waits until commits succeed, which they do unless the last one failed.
    pub(super) async fn until_possible(&self) {
        // Its sender is in our hands, so it does not go away.
        let _ = self.0.subscribe().wait_for(Option::is_none).await;
    }

    /// Why nothing can be committed now; none while it can.
    pub fn trouble(&self) -> Option<String> {
        self.0.borrow().clone()
    }
}
