//! The table of ghosts: what their Matrix profiles were last set to.

use sqlx::FromRow;

use super::Store;
use super::db::{StoreError, on};
use crate::id::RemoteUserId;

const FIND: &str = "SELECT user_id, name, avatar_url, avatar_mxc, fetched_at FROM ghost WHERE user_id = $1";
const PUT: &str = "INSERT INTO ghost (user_id, name, avatar_url, avatar_mxc, fetched_at) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (user_id) DO UPDATE SET name = excluded.name, avatar_url = excluded.avatar_url, \
                   avatar_mxc = excluded.avatar_mxc, fetched_at = excluded.fetched_at";

/// A ghost's profile as it stands on Matrix.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct GhostRow {
    /// The remote person.
    pub user_id: String,
    /// The display name.
    pub name: Option<String>,
    /// Where the picture came from.
    pub avatar_url: Option<String>,
    /// Where the picture is on Matrix.
    pub avatar_mxc: Option<String>,
    /// When the network was last asked about the person, in milliseconds since 1970.
    pub fetched_at: i64,
}

impl Store {
    /// A ghost's row.
    pub async fn ghost(&self, user_id: &RemoteUserId) -> Result<Option<GhostRow>, StoreError> {
        let mut tx = self.read().await?;
        let row = on!(&mut tx, c => sqlx::query_as(FIND).bind(user_id.as_str()).fetch_optional(c).await?);
        tx.commit().await?;
        Ok(row)
    }

    /// Writes a ghost's row at once.
    pub async fn put_ghost(&self, row: &GhostRow) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        on!(&mut tx, c => {
            sqlx::query(PUT)
                .bind(row.user_id.as_str())
                .bind(row.name.as_deref())
                .bind(row.avatar_url.as_deref())
                .bind(row.avatar_mxc.as_deref())
                .bind(row.fetched_at)
                .execute(c)
                .await?
                .rows_affected()
        });
        tx.commit().await
    }
}
