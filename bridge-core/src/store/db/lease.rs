//! What the lease asks of an engine in its own words.

use super::{StoreError, Tx};

const SQLITE_NOW: &str = "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS BIGINT)";
const POSTGRES_NOW: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
const SQLITE_FENCE: &str = "SELECT generation, owner FROM lease WHERE name = 'fence'";
const POSTGRES_FENCE: &str = "SELECT generation, owner FROM lease WHERE name = 'fence' FOR SHARE";

impl Tx {
    /// The database's time of day, in milliseconds since 1970: the same for all processes.
    pub(crate) async fn now_ms(&mut self) -> Result<i64, StoreError> {
        let (now,): (i64,) = match self {
            Self::Sqlite(link) => sqlx::query_as(SQLITE_NOW).fetch_one(&mut **link).await?,
            Self::Postgres(link) => sqlx::query_as(POSTGRES_NOW).fetch_one(&mut **link).await?,
        };
        Ok(now)
    }

    /// The generation of whoever may write, and who that is. It stays that until this transaction has ended.
    pub(crate) async fn fence(&mut self) -> Result<Option<(i64, String)>, StoreError> {
        Ok(match self {
            Self::Sqlite(link) => sqlx::query_as(SQLITE_FENCE).fetch_optional(&mut **link).await?,
            Self::Postgres(link) => sqlx::query_as(POSTGRES_FENCE).fetch_optional(&mut **link).await?,
        })
    }
}
