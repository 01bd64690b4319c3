//! The table of instances.

use bridge_core::store::db::on;
use bridge_core::store::{Store, StoreError, Tx};
use sqlx::FromRow;

const ALL: &str =
    "SELECT instance_id, plugin, user_id, enabled, config, declared FROM bot_instance ORDER BY instance_id";
const PUT: &str = "INSERT INTO bot_instance (instance_id, plugin, user_id, enabled, config, declared) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (instance_id) DO UPDATE SET plugin = excluded.plugin, \
                   user_id = excluded.user_id, enabled = excluded.enabled, config = excluded.config, \
                   declared = excluded.declared";
/// What belongs to an instance goes with it.
const REMOVE: [&str; 4] = [
    "DELETE FROM bot_kv WHERE instance_id = $1",
    "DELETE FROM bot_timer WHERE instance_id = $1",
    "DELETE FROM bot_kept WHERE instance_id = $1",
    "DELETE FROM bot_instance WHERE instance_id = $1",
];

/// A plugin at work for an account.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct InstanceRow {
    /// Its name.
    pub(crate) instance_id: String,
    /// The plugin's id.
    pub(crate) plugin: String,
    /// The account's full id.
    pub(crate) user_id: String,
    /// Whether it is to run.
    pub(crate) enabled: bool,
    /// Its config as it was written: YAML or JSON.
    pub(crate) config: String,
    /// Whether the config file names it.
    pub(crate) declared: bool,
}

/// All instances, by their names.
pub(crate) async fn all(store: &Store) -> Result<Vec<InstanceRow>, StoreError> {
    let mut tx = store.read().await?;
    let rows = on!(&mut tx, c => sqlx::query_as(ALL).fetch_all(c).await?);
    tx.commit().await?;
    Ok(rows)
}

/// Writes an instance in place of what stood under its name.
pub(crate) async fn put(tx: &mut Tx, row: &InstanceRow) -> Result<(), StoreError> {
    on!(&mut *tx, c => {
        sqlx::query(PUT)
            .bind(&row.instance_id)
            .bind(&row.plugin)
            .bind(&row.user_id)
            .bind(row.enabled)
            .bind(&row.config)
            .bind(row.declared)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(())
}

/// Takes an instance away, with all that it kept.
pub(crate) async fn remove(tx: &mut Tx, instance_id: &str) -> Result<(), StoreError> {
    for sql in REMOVE {
        on!(&mut *tx, c => sqlx::query(sql).bind(instance_id).execute(c).await?.rows_affected());
    }
    Ok(())
}
