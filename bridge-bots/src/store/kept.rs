//! The table of what came for instances while they were stopped.

use bridge_core::store::db::on;
use bridge_core::store::{Store, StoreError};
use sqlx::FromRow;

/// How many events are kept for an instance; of more, the oldest go.
pub(crate) const MOST: i64 = 1_000;

const PUT: &str = "INSERT INTO bot_kept (instance_id, dedup, room_id, order_id, payload) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (instance_id, dedup) DO NOTHING";
const PRUNE: &str = "DELETE FROM bot_kept WHERE instance_id = $1 AND order_id <= (SELECT order_id FROM bot_kept \
                     WHERE instance_id = $1 ORDER BY order_id DESC LIMIT 1 OFFSET $2)";
const NEXT: &str = "SELECT dedup, room_id, order_id, payload FROM bot_kept WHERE instance_id = $1 \
                    ORDER BY order_id LIMIT $2";
const REMOVE: &str = "DELETE FROM bot_kept WHERE instance_id = $1 AND order_id <= $2";

/// An event that waits until its instance is started.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct KeptRow {
    /// What makes a second delivery recognizable.
    pub(crate) dedup: String,
    /// The room.
    pub(crate) room_id: String,
    /// The order among them: that of acceptance.
    pub(crate) order_id: i64,
    /// The job's payload.
    pub(crate) payload: String,
}

/// Keeps an event, unless it is kept already. Gives how many older ones had to go for it.
pub(crate) async fn put(store: &Store, instance_id: &str, row: &KeptRow) -> Result<u64, StoreError> {
    let mut tx = store.begin().await?;
    on!(&mut tx, c => {
        sqlx::query(PUT)
            .bind(instance_id)
            .bind(&row.dedup)
            .bind(&row.room_id)
            .bind(row.order_id)
            .bind(&row.payload)
            .execute(c)
            .await?
            .rows_affected()
    });
    let gone = on!(&mut tx, c => {
        sqlx::query(PRUNE).bind(instance_id).bind(MOST).execute(c).await?.rows_affected()
    });
    tx.commit().await?;
    Ok(gone)
}

/// The oldest of an instance's, `most` at most.
pub(crate) async fn next(store: &Store, instance_id: &str, most: i64) -> Result<Vec<KeptRow>, StoreError> {
    let mut tx = store.read().await?;
    let rows = on!(&mut tx, c => sqlx::query_as(NEXT).bind(instance_id).bind(most).fetch_all(c).await?);
    tx.commit().await?;
    Ok(rows)
}

/// Takes away what was kept up to this one.
pub(crate) async fn remove(store: &Store, instance_id: &str, until: i64) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    on!(&mut tx, c => sqlx::query(REMOVE).bind(instance_id).bind(until).execute(c).await?.rows_affected());
    tx.commit().await
}
