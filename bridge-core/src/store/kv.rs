//! The table of small facts by name.

use super::Store;
use super::db::{StoreError, Tx, on};

const FIND: &str = "SELECT value FROM kv WHERE name = $1";
const PUT: &str =
    "INSERT INTO kv (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
const REMOVE: &str = "DELETE FROM kv WHERE name = $1";
const REMOVE_ALL: &str = "DELETE FROM kv WHERE name LIKE $1";

/// The fact of this name.
pub async fn find(tx: &mut Tx, name: &str) -> Result<Option<String>, StoreError> {
    let row: Option<(String,)> = on!(&mut *tx, c => sqlx::query_as(FIND).bind(name).fetch_optional(c).await?);
    Ok(row.map(|(value,)| value))
}

/// Writes a fact, replacing an earlier one.
pub async fn put(tx: &mut Tx, name: &str, value: &str) -> Result<(), StoreError> {
    on!(&mut *tx, c => sqlx::query(PUT).bind(name).bind(value).execute(c).await?.rows_affected());
    Ok(())
}

/// Takes a fact away.
pub async fn remove(tx: &mut Tx, name: &str) -> Result<(), StoreError> {
    on!(&mut *tx, c => sqlx::query(REMOVE).bind(name).execute(c).await?.rows_affected());
    Ok(())
}

/// Takes all facts away whose names begin so.
pub async fn remove_all(tx: &mut Tx, beginning: &str) -> Result<(), StoreError> {
    on!(&mut *tx, c => {
        sqlx::query(REMOVE_ALL).bind(format!("{beginning}%")).execute(c).await?.rows_affected()
    });
    Ok(())
}

impl Store {
    /// The fact of this name.
    pub async fn fact(&self, name: &str) -> Result<Option<String>, StoreError> {
        let mut tx = self.read().await?;
        let value = find(&mut tx, name).await?;
        tx.commit().await?;
        Ok(value)
    }

    /// Writes a fact at once.
    pub async fn put_fact(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        put(&mut tx, name, value).await?;
        tx.commit().await
    }

    /// Takes a fact away at once.
    pub async fn forget_fact(&self, name: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        remove(&mut tx, name).await?;
        tx.commit().await
    }
}
