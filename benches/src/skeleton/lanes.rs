//! Order within each chat: one task per chat works through what comes for it.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The chats that have a task.
#[derive(Default)]
pub(super) struct Lanes(Mutex<HashMap<String, UnboundedSender<Work>>>);

impl Lanes {
    /// Does something after everything that came before it in the same chat.
    pub(super) fn add(&self, runtime: &tokio::runtime::Handle, chat: &str, work: Work) {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !lanes.contains_key(chat) {
            let (sender, mut incoming) = unbounded_channel::<Work>();
            runtime.spawn(async move {
                while let Some(work) = incoming.recv().await {
                    work.await;
                }
            });
            lanes.insert(chat.to_owned(), sender);
        }
        let Some(lane) = lanes.get(chat) else { return };
        // Fails only when the task has ended, which ends the program.
        let _ = lane.send(work);
    }
}
