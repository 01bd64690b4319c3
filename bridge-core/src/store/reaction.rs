//! The table of reactions: whose they are, and which Matrix event shows each.

use sqlx::FromRow;

use super::Store;
use super::db::{StoreError, Tx, on, storable};
use crate::id::RemoteMessageId;

const OF_MESSAGE: &str = "SELECT message_id, sender, emoji, event_id, name FROM reaction WHERE message_id = $1 \
                          ORDER BY emoji, event_id";
const BY_EVENT: &str = "SELECT message_id, sender, emoji, event_id, name FROM reaction WHERE event_id = $1";
const PUT: &str = "INSERT INTO reaction (message_id, sender, emoji, event_id, name) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (message_id, sender, emoji) DO UPDATE SET event_id = excluded.event_id, \
                   name = excluded.name";
const REMOVE: &str = "DELETE FROM reaction WHERE message_id = $1 AND sender = $2 AND emoji = $3";
const FORGET_OF_GONE: &str = "DELETE FROM reaction WHERE message_id = $1 \
                              AND NOT EXISTS (SELECT 1 FROM message WHERE message_id = $1)";
const FORGET: &str = "DELETE FROM reaction WHERE message_id = $1";

/// One reaction of one person to one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactionRow {
    /// The remote message.
    pub message_id: RemoteMessageId,
    /// Whose it is: the full Matrix id of a person, or of the ghost of a remote one.
    pub sender: String,
    /// Which: the characters, or the name between colons.
    pub emoji: String,
    /// The Matrix event.
    pub event_id: String,
    /// What the person was called then.
    pub name: String,
}

#[derive(FromRow)]
struct Stored {
    message_id: String,
    sender: String,
    emoji: String,
    event_id: String,
    name: String,
}

impl From<Stored> for ReactionRow {
    fn from(row: Stored) -> Self {
        let Stored { message_id, sender, emoji, event_id, name } = row;
        Self { message_id: RemoteMessageId::new(message_id), sender, emoji, event_id, name }
    }
}

impl Store {
    /// All reactions to a message, by emoji.
    pub async fn reactions(&self, message_id: &RemoteMessageId) -> Result<Vec<ReactionRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows: Vec<Stored> =
            on!(&mut tx, c => sqlx::query_as(OF_MESSAGE).bind(message_id.as_str()).fetch_all(c).await?);
        tx.commit().await?;
        Ok(rows.into_iter().map(ReactionRow::from).collect())
    }

    /// The reaction that a Matrix event shows.
    pub async fn reaction_of_event(&self, event_id: &str) -> Result<Option<ReactionRow>, StoreError> {
        let mut tx = self.read().await?;
        let row: Option<Stored> =
            on!(&mut tx, c => sqlx::query_as(BY_EVENT).bind(event_id).fetch_optional(c).await?);
        tx.commit().await?;
        Ok(row.map(ReactionRow::from))
    }

    /// Writes a reaction at once.
    pub async fn put_reaction(&self, row: &ReactionRow) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        on!(&mut tx, c => {
            sqlx::query(PUT)
                .bind(storable(row.message_id.as_str()))
                .bind(storable(&row.sender))
                .bind(storable(&row.emoji))
                .bind(storable(&row.event_id))
                .bind(storable(&row.name))
                .execute(c)
                .await?
                .rows_affected()
        });
        tx.commit().await
    }

    /// Removes a reaction at once.
    pub async fn remove_reaction(&self, row: &ReactionRow) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        on!(&mut tx, c => {
            sqlx::query(REMOVE)
                .bind(row.message_id.as_str())
                .bind(row.sender.as_str())
                .bind(row.emoji.as_str())
                .execute(c)
                .await?
                .rows_affected()
        });
        tx.commit().await
    }

    /// Removes all reactions to a message at once.
    pub async fn remove_reactions(&self, message_id: &RemoteMessageId) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        on!(&mut tx, c => sqlx::query(FORGET).bind(message_id.as_str()).execute(c).await?.rows_affected());
        tx.commit().await
    }
}

/// Forgets the reactions to a message that has no pair any more.
pub(crate) async fn forget_of_gone(tx: &mut Tx, message_id: &RemoteMessageId) -> Result<(), StoreError> {
    on!(&mut *tx, c => sqlx::query(FORGET_OF_GONE).bind(message_id.as_str()).execute(c).await?.rows_affected());
    Ok(())
}
