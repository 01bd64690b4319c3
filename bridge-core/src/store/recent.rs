//! Message pairs whose commit is still on its way, so that a lane sees what it just did.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::message::MessageRow;
use crate::id::RemoteMessageId;

/// Pairs that were handed to the next commit. Lookups ask here before they ask the table: in the other order a pair
/// whose commit ends between the two would be in neither.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<HashMap<RemoteMessageId, Vec<MessageRow>>>);

impl Recent {
    fn rows(&self) -> MutexGuard<'_, HashMap<RemoteMessageId, Vec<MessageRow>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows a pair before its commit.
    pub(crate) fn add(&self, row: MessageRow) {
        self.rows().entry(row.message_id.clone()).or_default().push(row);
    }

    /// Forgets a pair, which the table has now. Other pairs of its message may still be on their way.
    pub(crate) fn forget(&self, row: &MessageRow) {
        let mut rows = self.rows();
        let Some(of_message) = rows.get_mut(&row.message_id) else { return };
        if let Some(at) = of_message.iter().position(|other| other == row) {
            of_message.remove(at);
        }
        if of_message.is_empty() {
            rows.remove(&row.message_id);
        }
    }

    /// The pairs of a message.
    pub(crate) fn of_message(&self, message_id: &RemoteMessageId) -> Vec<MessageRow> {
        self.rows().get(message_id).cloned().unwrap_or_default()
    }

    /// The pairs of a Matrix event. There are few rows at any time, so they are simply walked.
    pub(crate) fn of_event(&self, event_id: &str) -> Vec<MessageRow> {
        self.rows().values().flatten().filter(|row| row.event_id == event_id).cloned().collect()
    }
}
