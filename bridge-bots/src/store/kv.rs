//! The table of what plugins keep.

use bridge_core::store::db::on;
use bridge_core::store::{Store, StoreError};

const FIND: &str = "SELECT value FROM bot_kv WHERE instance_id = $1 AND name = $2";
const LIST: &str = "SELECT name, value FROM bot_kv WHERE instance_id = $1";
const PUT: &str = "INSERT INTO bot_kv (instance_id, name, value) VALUES ($1, $2, $3) \
                   ON CONFLICT (instance_id, name) DO UPDATE SET value = excluded.value";
const REMOVE: &str = "DELETE FROM bot_kv WHERE instance_id = $1 AND name = $2";

/// What an instance keeps under a name.
pub(crate) async fn find(store: &Store, instance_id: &str, name: &str) -> Result<Option<String>, StoreError> {
    let mut tx = store.read().await?;
    let row: Option<(String,)> =
        on!(&mut tx, c => sqlx::query_as(FIND).bind(instance_id).bind(name).fetch_optional(c).await?);
    tx.commit().await?;
    Ok(row.map(|(value,)| value))
}

/// What an instance keeps under names that begin so.
pub(crate) async fn list(
    store: &Store,
    instance_id: &str,
    beginning: &str,
) -> Result<Vec<(String, String)>, StoreError> {
    let mut tx = store.read().await?;
    let rows: Vec<(String, String)> =
        on!(&mut tx, c => sqlx::query_as(LIST).bind(instance_id).fetch_all(c).await?);
    tx.commit().await?;
    // Chosen and sorted here: a database server may have another order for letters than for bytes.
    let mut rows: Vec<_> = rows.into_iter().filter(|(name, _)| name.starts_with(beginning)).collect();
    rows.sort();
    Ok(rows)
}

/// Writes a value in place of what stood under the name, or takes it away. It is committed when this returns.
pub(crate) async fn put(
    store: &Store,
    instance_id: &str,
    name: &str,
    value: Option<&str>,
) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    on!(&mut tx, c => {
        let query = match value {
            Some(value) => sqlx::query(PUT).bind(instance_id).bind(name).bind(value),
            None => sqlx::query(REMOVE).bind(instance_id).bind(name),
        };
        query.execute(c).await?.rows_affected()
    });
    tx.commit().await
}
