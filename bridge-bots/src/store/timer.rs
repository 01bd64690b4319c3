//! The table of what instances are to be told later.

use bridge_core::store::db::on;
use bridge_core::store::{Store, StoreError};
use sqlx::FromRow;

const PUT: &str = "INSERT INTO bot_timer (instance_id, name, room_id, due_at, payload, fired) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (instance_id, name) DO UPDATE SET \
                   room_id = excluded.room_id, due_at = excluded.due_at, payload = excluded.payload, \
                   fired = excluded.fired WHERE bot_timer.due_at <> excluded.due_at";
const NEXT: &str = "SELECT due_at FROM bot_timer WHERE fired = $1 ORDER BY due_at LIMIT 1";
const FIRED: &str = "UPDATE bot_timer SET fired = $4 WHERE instance_id = $1 AND name = $2 AND due_at = $3";
const REMOVE: &str = "DELETE FROM bot_timer WHERE instance_id = $1 AND name = $2";

/// Something that an instance is to be told at a time.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct TimerRow {
    /// Whose it is.
    pub(crate) instance_id: String,
    /// Its name: another one of this name takes its place.
    pub(crate) name: String,
    /// The room in whose order it comes; empty for none.
    pub(crate) room_id: String,
    /// When, in milliseconds since 1970.
    pub(crate) due_at: i64,
    /// What the plugin wants to be told.
    pub(crate) payload: String,
}

/// Sets a timer. One of the same name and time is left as it is, whether it stands in the queue or not.
pub(crate) async fn put(store: &Store, row: &TimerRow) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    on!(&mut tx, c => {
        sqlx::query(PUT)
            .bind(&row.instance_id)
            .bind(&row.name)
            .bind(&row.room_id)
            .bind(row.due_at)
            .bind(&row.payload)
            .bind(false)
            .execute(c)
            .await?
            .rows_affected()
    });
    tx.commit().await
}

/// An instance's timers, the next first.
pub(crate) async fn of_instance(store: &Store, instance_id: &str) -> Result<Vec<TimerRow>, StoreError> {
    const SQL: &str = "SELECT instance_id, name, room_id, due_at, payload FROM bot_timer WHERE instance_id = $1 \
                       ORDER BY due_at, name";
    let mut tx = store.read().await?;
    let rows = on!(&mut tx, c => sqlx::query_as(SQL).bind(instance_id).fetch_all(c).await?);
    tx.commit().await?;
    Ok(rows)
}

/// An instance's timer of this name.
pub(crate) async fn find(
    store: &Store,
    instance_id: &str,
    name: &str,
) -> Result<Option<TimerRow>, StoreError> {
    const SQL: &str = "SELECT instance_id, name, room_id, due_at, payload FROM bot_timer WHERE instance_id = $1 \
                       AND name = $2";
    let mut tx = store.read().await?;
    let row = on!(&mut tx, c => sqlx::query_as(SQL).bind(instance_id).bind(name).fetch_optional(c).await?);
    tx.commit().await?;
    Ok(row)
}

/// When the next timer is due that does not stand in the queue yet.
pub(crate) async fn next_due(store: &Store) -> Result<Option<i64>, StoreError> {
    let mut tx = store.read().await?;
    let row: Option<(i64,)> = on!(&mut tx, c => sqlx::query_as(NEXT).bind(false).fetch_optional(c).await?);
    tx.commit().await?;
    Ok(row.map(|(due_at,)| due_at))
}

/// The timers that are due at `now` and do not stand in the queue yet, `most` at most.
pub(crate) async fn due(store: &Store, now: i64, most: i64) -> Result<Vec<TimerRow>, StoreError> {
    const SQL: &str = "SELECT instance_id, name, room_id, due_at, payload FROM bot_timer WHERE fired = $1 \
                       AND due_at <= $2 ORDER BY due_at LIMIT $3";
    let mut tx = store.read().await?;
    let rows = on!(&mut tx, c => sqlx::query_as(SQL).bind(false).bind(now).bind(most).fetch_all(c).await?);
    tx.commit().await?;
    Ok(rows)
}

/// Notes that timers stand in the queue.
pub(crate) async fn note_fired(store: &Store, rows: &[TimerRow]) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    for row in rows {
        on!(&mut tx, c => {
            sqlx::query(FIRED)
                .bind(&row.instance_id)
                .bind(&row.name)
                .bind(row.due_at)
                .bind(true)
                .execute(c)
                .await?
                .rows_affected()
        });
    }
    tx.commit().await
}

/// Takes a timer away. Says whether it was there.
pub(crate) async fn remove(store: &Store, instance_id: &str, name: &str) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    let gone = on!(&mut tx, c => {
        sqlx::query(REMOVE).bind(instance_id).bind(name).execute(c).await?.rows_affected()
    });
    tx.commit().await?;
    Ok(gone > 0)
}
