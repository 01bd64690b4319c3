//! How new the newest message pair of each chat is, so that a message that is newer need not be looked for in the table.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Store;
use super::db::{StoreError, on};
use super::message::MessageRow;
use crate::id::ChatKey;

/// How much younger by its network than in the table a message may be: a rebuilt pair has the homeserver's time.
const MARGIN: Duration = Duration::from_mins(5);

const NEWEST: &str = "SELECT MAX(sent_at) FROM message WHERE chat_id = $1 AND receiver = $2";

/// The newest pair of each chat, as far as anybody asked. Only the process that works writes pairs, and it alone asks.
#[derive(Debug, Default)]
pub(crate) struct Newest(Mutex<HashMap<ChatKey, Mark>>);

#[derive(Debug, Default)]
struct Mark {
    /// Milliseconds since 1970; none if there is no pair.
    newest: Option<i64>,
    /// What the table has is in it, too.
    is_read: bool,
}

impl Newest {
    fn marks(&self) -> MutexGuard<'_, HashMap<ChatKey, Mark>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A pair is to be written.
    pub(crate) fn add(&self, row: &MessageRow) {
        let mut marks = self.marks();
        match marks.get_mut(&row.chat) {
            Some(mark) => mark.newest = mark.newest.max(Some(row.sent_at)),
            None => {
                marks.insert(row.chat.clone(), Mark { newest: Some(row.sent_at), is_read: false });
            }
        }
    }

    fn is_older(&self, chat: &ChatKey, at: i64) -> Option<bool> {
        self.marks().get(chat).filter(|mark| mark.is_read).map(|mark| mark.newest < Some(at))
    }

    fn read(&self, chat: &ChatKey, stored: Option<i64>) {
        let mut marks = self.marks();
        let mark = marks.entry(chat.clone()).or_default();
        mark.newest = mark.newest.max(stored);
        mark.is_read = true;
    }
}

impl Store {
    /// Whether all pairs of a chat are of messages from before a moment by the network's clock, also those whose commit is on
    /// its way: a message of that moment has none then. Only the first question about a chat reaches the table, and what that
    /// has counts as five minutes younger.
    pub(crate) async fn is_newer_than_pairs(&self, chat: &ChatKey, at: i64) -> Result<bool, StoreError> {
        if let Some(is_older) = self.newest().is_older(chat, at) {
            return Ok(is_older);
        }
        let mut tx = self.read().await?;
        let (stored,): (Option<i64>,) = on!(&mut tx, c => {
            sqlx::query_as(NEWEST).bind(chat.chat_id.as_str()).bind(chat.receiver_str()).fetch_one(c).await?
        });
        tx.commit().await?;
        let margin = i64::try_from(MARGIN.as_millis()).unwrap_or(i64::MAX);
        self.newest().read(chat, stored.map(|at| at.saturating_add(margin)));
        Ok(self.newest().is_older(chat, at).unwrap_or(false))
    }
}
