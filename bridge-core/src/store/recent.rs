//! Message pairs whose commit is still on its way, so that a lane sees what it just did.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::message::{Gone, MessageRow};
use crate::id::{ChatKey, RemoteMessageId};

/// What was handed to the next commit. Lookups ask here before they ask the table: in the other order a pair whose
/// commit ends between the two would be in neither.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<OnTheWay>);

#[derive(Debug, Default)]
struct OnTheWay {
    pairs: HashMap<RemoteMessageId, Vec<MessageRow>>,
    gone: Vec<Gone>,
}

impl Recent {
    fn on_the_way(&self) -> MutexGuard<'_, OnTheWay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows a pair before its commit.
    pub(crate) fn add(&self, row: MessageRow) {
        let mut on_the_way = self.on_the_way();
        // What comes back is not gone any more.
        on_the_way.gone.retain(|gone| !is_of(gone, &row));
        on_the_way.pairs.entry(row.message_id.clone()).or_default().push(row);
    }

    /// Forgets a pair, which the table has now. Other pairs of its message may still be on their way.
    pub(crate) fn forget(&self, row: &MessageRow) {
        let mut on_the_way = self.on_the_way();
        let Some(of_message) = on_the_way.pairs.get_mut(&row.message_id) else { return };
        if let Some(at) = of_message.iter().position(|other| other == row) {
            of_message.remove(at);
        }
        if of_message.is_empty() {
            on_the_way.pairs.remove(&row.message_id);
        }
    }

    /// Hides a pair before the commit that removes it.
    pub(crate) fn add_gone(&self, gone: Gone) {
        self.on_the_way().gone.push(gone);
    }

    /// Stops hiding a pair, which the table does not have any more.
    pub(crate) fn forget_gone(&self, gone: &Gone) {
        let mut on_the_way = self.on_the_way();
        if let Some(at) = on_the_way.gone.iter().position(|other| other == gone) {
            on_the_way.gone.remove(at);
        }
    }

    /// What is being removed. To be asked for before the table: a commit that ends while the table is read takes a pair from
    /// both, and it would still be among the rows.
    pub(crate) fn gone(&self) -> Vec<Gone> {
        self.on_the_way().gone.clone()
    }

    /// Leaves out what was being removed before the table was read, and what is being removed now.
    pub(crate) fn without_gone(&self, mut rows: Vec<MessageRow>, before: &[Gone]) -> Vec<MessageRow> {
        let on_the_way = self.on_the_way();
        rows.retain(|row| !on_the_way.gone.iter().chain(before).any(|gone| is_of(gone, row)));
        rows
    }

    /// The pairs of a message.
    pub(crate) fn of_message(&self, message_id: &RemoteMessageId) -> Vec<MessageRow> {
        self.on_the_way().pairs.get(message_id).cloned().unwrap_or_default()
    }

    /// The pairs of a chat's messages from a moment on.
    pub(crate) fn of_chat(&self, chat: &ChatKey, from: i64) -> Vec<MessageRow> {
        let rows = self.on_the_way();
        let fits = |row: &&MessageRow| row.chat == *chat && row.sent_at >= from;
        rows.pairs.values().flatten().filter(fits).cloned().collect()
    }

    /// The pairs of a Matrix event. There are few rows at any time, so they are simply walked.
    pub(crate) fn of_event(&self, event_id: &str) -> Vec<MessageRow> {
        let rows = self.on_the_way();
        rows.pairs.values().flatten().filter(|row| row.event_id == event_id).cloned().collect()
    }
}

fn is_of(gone: &Gone, row: &MessageRow) -> bool {
    gone.0 == row.message_id && gone.1 == row.part_id
}
