//! The table of what sessions have to know again after a crash.

use std::time::Duration;

use super::Store;
use super::db::{StoreError, on, storable};
use crate::id::LoginId;

/// How long a memo is kept: longer than any job waits that could ask for it.
const KEPT: Duration = Duration::from_hours(24 * 30);

const FIND: &str = "SELECT value FROM memo WHERE login_id = $1 AND name = $2";
const NAMES: &str = "SELECT name FROM memo WHERE login_id = $1";
const PUT: &str = "INSERT INTO memo (login_id, name, value, noted_at) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (login_id, name) DO UPDATE SET value = excluded.value, noted_at = excluded.noted_at";
const FORGET: &str = "DELETE FROM memo WHERE login_id = $1 AND name = $2";
const PRUNE: &str = "DELETE FROM memo WHERE noted_at < $1";

impl Store {
    /// What a login noted under a name.
    pub async fn memo(&self, login_id: &LoginId, name: &str) -> Result<Option<String>, StoreError> {
        if !self.may_have_memo(login_id, name).await? {
            return Ok(None);
        }
        let mut tx = self.read().await?;
        let row: Option<(String,)> = on!(&mut tx, c => {
            sqlx::query_as(FIND).bind(login_id.as_str()).bind(storable(name)).fetch_optional(c).await?
        });
        tx.commit().await?;
        Ok(row.map(|(value,)| value))
    }

    async fn may_have_memo(&self, login_id: &LoginId, name: &str) -> Result<bool, StoreError> {
        let name = storable(name);
        if let Some(may_have) = self.memo_names.may_have(login_id, &name) {
            return Ok(may_have);
        }
        let _reading = self.memo_names.reading.lock().await;
        if let Some(may_have) = self.memo_names.may_have(login_id, &name) {
            return Ok(may_have);
        }
        let mut tx = self.read().await?;
        let rows: Vec<(String,)> =
            on!(&mut tx, c => sqlx::query_as(NAMES).bind(login_id.as_str()).fetch_all(c).await?);
        tx.commit().await?;
        self.memo_names.read(login_id, rows.iter().map(|(name,)| name.as_str()));
        Ok(self.memo_names.may_have(login_id, &name).unwrap_or(true))
    }

    /// Notes something for a login, in place of what stood under the name, or takes it away. It is committed when this
    /// returns. What is older than thirty days goes at the same time.
    pub async fn put_memo(
        &self,
        login_id: &LoginId,
        name: &str,
        value: Option<&str>,
    ) -> Result<(), StoreError> {
        self.put_memos(login_id, &[(name, value)]).await
    }

    /// The same of several, in one commit.
    pub async fn put_memos(
        &self,
        login_id: &LoginId,
        memos: &[(&str, Option<&str>)],
    ) -> Result<(), StoreError> {
        let now = self.clock().now_ms();
        let kept = i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
        let mut tx = self.begin().await?;
        for (name, value) in memos {
            self.memo_names.add(login_id, &storable(name));
            on!(&mut tx, c => {
                let query = match value {
                    Some(value) => sqlx::query(PUT)
                        .bind(login_id.as_str()).bind(storable(name)).bind(storable(value)).bind(now),
                    None => sqlx::query(FORGET).bind(login_id.as_str()).bind(storable(name)),
                };
                query.execute(c).await?.rows_affected()
            });
        }
        on!(&mut tx, c => sqlx::query(PRUNE).bind(now - kept).execute(c).await?.rows_affected());
        tx.commit().await
    }
}
