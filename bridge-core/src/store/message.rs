//! The table of message pairs: which Matrix event shows which remote message.

use sqlx::FromRow;

use super::Store;
use super::db::{StoreError, Tx, on, storable};
use crate::id::{ChatId, ChatKey, LoginId, PartId, RemoteMessageId};

const BY_MESSAGE: &str = "SELECT message_id, part_id, event_id, chat_id, receiver, sender, sent_at, thread_id FROM message \
                          WHERE message_id = $1 ORDER BY part_id";
const BY_EVENT: &str = "SELECT message_id, part_id, event_id, chat_id, receiver, sender, sent_at, thread_id FROM message \
                        WHERE event_id = $1 ORDER BY message_id, part_id";
const SINCE: &str = "SELECT message_id, part_id, event_id, chat_id, receiver, sender, sent_at, thread_id FROM message \
                     WHERE chat_id = $1 AND receiver = $2 AND sent_at >= $3 AND (sent_at, message_id, part_id) > ($3, $4, $5) \
                     ORDER BY sent_at, message_id, part_id LIMIT $6";
/// Pairs that are read at once.
const PAGE: i64 = 250;
const THREADS_SINCE: &str = "SELECT thread_id FROM message WHERE chat_id = $1 AND receiver = $2 AND sent_at >= $3 AND thread_id <> '' \
                             GROUP BY thread_id ORDER BY MAX(sent_at) DESC LIMIT 100";
const LAST_IN_CHATS: &str = "SELECT chat_id, receiver, MAX(sent_at) FROM message GROUP BY chat_id, receiver";
const COLUMNS: usize = 8;
const FORGET: &str = "DELETE FROM message WHERE message_id = $1 AND part_id = $2";

/// A pair that is to be forgotten: its message and part.
pub type Gone = (RemoteMessageId, PartId);

/// One pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    /// The remote message.
    pub message_id: RemoteMessageId,
    /// Which part of it.
    pub part_id: PartId,
    /// The Matrix event.
    pub event_id: String,
    /// The chat.
    pub chat: ChatKey,
    /// The Matrix user who sent the event.
    pub sender: String,
    /// When it was said, in milliseconds since 1970.
    pub sent_at: i64,
    /// The first message of the thread it stands in.
    pub thread_root: Option<RemoteMessageId>,
}

impl MessageRow {
    /// Whether an event shows the message. Some messages of ours are about others, and no event shows them.
    pub fn has_event(&self) -> bool {
        self.event_id.starts_with('$')
    }
}

#[derive(FromRow)]
struct Stored {
    message_id: String,
    part_id: String,
    event_id: String,
    chat_id: String,
    receiver: String,
    sender: String,
    sent_at: i64,
    thread_id: String,
}

impl From<Stored> for MessageRow {
    fn from(row: Stored) -> Self {
        let receiver = (!row.receiver.is_empty()).then(|| LoginId::new(row.receiver));
        Self {
            message_id: RemoteMessageId::new(row.message_id),
            part_id: PartId::new(row.part_id),
            event_id: row.event_id,
            chat: ChatKey { chat_id: ChatId::new(row.chat_id), receiver },
            sender: row.sender,
            sent_at: row.sent_at,
            thread_root: (!row.thread_id.is_empty()).then(|| RemoteMessageId::new(row.thread_id)),
        }
    }
}

impl Store {
    /// The pairs of a remote message, also those whose commit is on its way.
    pub async fn message_pairs(&self, message_id: &RemoteMessageId) -> Result<Vec<MessageRow>, StoreError> {
        let (recent, gone) = (self.recent().of_message(message_id), self.recent().gone());
        let mut tx = self.read().await?;
        let rows: Vec<Stored> =
            on!(&mut tx, c => sqlx::query_as(BY_MESSAGE).bind(message_id.as_str()).fetch_all(c).await?);
        tx.commit().await?;
        Ok(self.recent().without_gone(merged(rows, recent), &gone))
    }

    /// The pairs of a Matrix event, also those whose commit is on its way.
    pub async fn event_pairs(&self, event_id: &str) -> Result<Vec<MessageRow>, StoreError> {
        let (recent, gone) = (self.recent().of_event(event_id), self.recent().gone());
        let mut tx = self.read().await?;
        let rows: Vec<Stored> =
            on!(&mut tx, c => sqlx::query_as(BY_EVENT).bind(event_id).fetch_all(c).await?);
        tx.commit().await?;
        Ok(self.recent().without_gone(merged(rows, recent), &gone))
    }
}

impl Store {
    /// Looks at the pairs of a chat's messages from a moment on, also at those whose commit is on its way, which it may see
    /// twice. However many there are, few are in memory at the same time.
    pub async fn each_pair_since(
        &self,
        chat: &ChatKey,
        from: i64,
        mut look: impl FnMut(MessageRow) + Send,
    ) -> Result<(), StoreError> {
        let (recent, mut gone) = (self.recent().of_chat(chat, from), self.recent().gone());
        let mut after = (from, String::new(), String::new());
        loop {
            let mut tx = self.read().await?;
            let rows: Vec<Stored> = on!(&mut tx, c => {
                sqlx::query_as(SINCE)
                    .bind(chat.chat_id.as_str())
                    .bind(chat.receiver_str())
                    .bind(after.0)
                    .bind(&after.1)
                    .bind(&after.2)
                    .bind(PAGE)
                    .fetch_all(c)
                    .await?
            });
            tx.commit().await?;
            let is_last = i64::try_from(rows.len()).is_ok_and(|count| count < PAGE);
            if let Some(last) = rows.last() {
                after = (last.sent_at, last.message_id.clone(), last.part_id.clone());
            }
            let rows = rows.into_iter().map(MessageRow::from).collect();
            self.recent().without_gone(rows, &gone).into_iter().for_each(&mut look);
            gone = self.recent().gone();
            if is_last {
                break;
            }
        }
        self.recent().without_gone(recent, &[]).into_iter().for_each(look);
        Ok(())
    }

    /// The threads of a chat in which something was said from this moment on, those first in which it was said last, 100 at
    /// most.
    pub async fn threads_since(&self, chat: &ChatKey, from: i64) -> Result<Vec<RemoteMessageId>, StoreError> {
        let mut tx = self.read().await?;
        let rows: Vec<(String,)> = on!(&mut tx, c => {
            sqlx::query_as(THREADS_SINCE)
                .bind(chat.chat_id.as_str())
                .bind(chat.receiver_str())
                .bind(from)
                .fetch_all(c)
                .await?
        });
        tx.commit().await?;
        Ok(rows.into_iter().map(|(root,)| RemoteMessageId::new(root)).collect())
    }

    /// When the last message of each chat was said, in milliseconds since 1970.
    pub async fn last_in_chats(&self) -> Result<Vec<(ChatKey, i64)>, StoreError> {
        let mut tx = self.read().await?;
        let rows: Vec<(String, String, i64)> =
            on!(&mut tx, c => sqlx::query_as(LAST_IN_CHATS).fetch_all(c).await?);
        tx.commit().await?;
        let read = |(chat_id, receiver, at): (String, String, i64)| {
            let receiver = (!receiver.is_empty()).then(|| LoginId::new(receiver));
            (ChatKey { chat_id: ChatId::new(chat_id), receiver }, at)
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Forgets pairs at once.
    pub async fn forget_pairs(&self, gone: &[Gone]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        forget(&mut tx, &gone.iter().collect::<Vec<_>>()).await?;
        tx.commit().await
    }

    /// Writes pairs at once, for a job that leaves some behind although it is given up. A pair that is there already
    /// stays as it is.
    pub async fn put_pairs(&self, rows: &[MessageRow]) -> Result<(), StoreError> {
        for row in rows {
            self.newest().add(row);
        }
        let mut tx = self.begin().await?;
        insert(&mut tx, &rows.iter().collect::<Vec<_>>()).await?;
        tx.commit().await
    }
}

/// What is stored, and behind it what is on its way; of two rows for one pair the stored one stays.
fn merged(stored: Vec<Stored>, recent: Vec<MessageRow>) -> Vec<MessageRow> {
    let mut rows: Vec<MessageRow> = stored.into_iter().map(MessageRow::from).collect();
    for row in recent {
        let same = |other: &MessageRow| other.message_id == row.message_id && other.part_id == row.part_id;
        if !rows.iter().any(same) {
            rows.push(row);
        }
    }
    rows.sort_by(|a, b| (&a.message_id, &a.part_id).cmp(&(&b.message_id, &b.part_id)));
    rows
}

/// Writes pairs; a pair that is there already stays as it is, since a repeated effect has the same one.
pub(crate) async fn insert(tx: &mut Tx, rows: &[&MessageRow]) -> Result<(), StoreError> {
    for chunk in super::queue::chunks(rows) {
        let sql = super::queue::values_sql(
            tx,
            "INSERT INTO message (message_id, part_id, event_id, chat_id, receiver, sender, sent_at, thread_id) VALUES ",
            COLUMNS,
            chunk.len(),
            " ON CONFLICT DO NOTHING",
        );
        on!(&mut *tx, c => {
            let mut query = sqlx::query(sql);
            for row in chunk {
                query = query
                    .bind(storable(row.message_id.as_str()))
                    .bind(storable(row.part_id.as_str()))
                    .bind(storable(&row.event_id))
                    .bind(storable(row.chat.chat_id.as_str()))
                    .bind(storable(row.chat.receiver_str()))
                    .bind(storable(&row.sender))
                    .bind(row.sent_at)
                    .bind(storable(row.thread_root.as_ref().map_or("", RemoteMessageId::as_str)));
            }
            query.execute(c).await?;
        });
    }
    Ok(())
}

/// Forgets pairs of messages that are gone, and the reactions to what has no pair left. Comes after the pairs of the same
/// commit, which may be among them.
pub(crate) async fn forget(tx: &mut Tx, gone: &[&Gone]) -> Result<(), StoreError> {
    for (message_id, part_id) in gone {
        on!(&mut *tx, c => {
            sqlx::query(FORGET).bind(message_id.as_str()).bind(part_id.as_str()).execute(c).await?.rows_affected()
        });
        super::reaction::forget_of_gone(tx, message_id).await?;
    }
    Ok(())
}
