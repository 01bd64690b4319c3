//! The table of ghosts: what their Matrix profiles were last set to, and by what the network told.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;

use super::Store;
use super::db::{StoreError, on, storable, storable_json};
use crate::event::UserInfo;
use crate::id::RemoteUserId;

const FIND: &str = "SELECT user_id, name, avatar_url, avatar_mxc, fetched_at, info, fields, status_until FROM ghost \
                    WHERE user_id = $1";
const PUT: &str = "INSERT INTO ghost (user_id, name, avatar_url, avatar_mxc, fetched_at, info, fields, status_until) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                   ON CONFLICT (user_id) DO UPDATE SET name = excluded.name, avatar_url = excluded.avatar_url, \
                   avatar_mxc = excluded.avatar_mxc, fetched_at = excluded.fetched_at, info = excluded.info, \
                   fields = excluded.fields, status_until = excluded.status_until";
const NEXT_STATUS_END: &str = "SELECT user_id, status_until FROM ghost WHERE status_until IS NOT NULL \
                               ORDER BY status_until LIMIT 1";

/// A ghost's profile as it stands on Matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GhostRow {
    /// The remote person.
    pub user_id: RemoteUserId,
    /// The display name.
    pub name: Option<String>,
    /// Where the picture came from.
    pub avatar_url: Option<String>,
    /// Where the picture is on Matrix.
    pub avatar_mxc: Option<String>,
    /// When the network was last asked about the person, in milliseconds since 1970.
    pub fetched_at: i64,
    /// What it told; none for a ghost of an earlier version.
    pub info: Option<UserInfo>,
    /// The further fields of the profile, by name.
    pub fields: BTreeMap<String, Value>,
    /// When the status among them ends by itself, in milliseconds since 1970.
    pub status_until: Option<i64>,
}

impl GhostRow {
    /// A ghost of whom nothing is set yet.
    pub fn new(user_id: RemoteUserId) -> Self {
        Self {
            user_id,
            name: None,
            avatar_url: None,
            avatar_mxc: None,
            fetched_at: 0,
            info: None,
            fields: BTreeMap::new(),
            status_until: None,
        }
    }
}

#[derive(FromRow)]
struct Stored {
    user_id: String,
    name: Option<String>,
    avatar_url: Option<String>,
    avatar_mxc: Option<String>,
    fetched_at: i64,
    info: Option<Json<UserInfo>>,
    fields: Option<Json<BTreeMap<String, Value>>>,
    status_until: Option<i64>,
}

impl From<Stored> for GhostRow {
    fn from(row: Stored) -> Self {
        Self {
            user_id: RemoteUserId::new(row.user_id),
            name: row.name,
            avatar_url: row.avatar_url,
            avatar_mxc: row.avatar_mxc,
            fetched_at: row.fetched_at,
            info: row.info.map(|info| info.0),
            fields: row.fields.map(|fields| fields.0).unwrap_or_default(),
            status_until: row.status_until,
        }
    }
}

impl Store {
    /// A ghost's row.
    pub async fn ghost(&self, user_id: &RemoteUserId) -> Result<Option<GhostRow>, StoreError> {
        let mut tx = self.read().await?;
        let row: Option<Stored> =
            on!(&mut tx, c => sqlx::query_as(FIND).bind(user_id.as_str()).fetch_optional(c).await?);
        tx.commit().await?;
        Ok(row.map(GhostRow::from))
    }

    /// Writes a ghost's row at once.
    pub async fn put_ghost(&self, row: &GhostRow) -> Result<(), StoreError> {
        let info = row.info.as_ref().map(storable_json).transpose()?;
        let fields = storable_json(&row.fields)?;
        let mut tx = self.begin().await?;
        on!(&mut tx, c => {
            sqlx::query(PUT)
                .bind(row.user_id.as_str())
                .bind(row.name.as_deref().map(storable))
                .bind(row.avatar_url.as_deref().map(storable))
                .bind(row.avatar_mxc.as_deref())
                .bind(row.fetched_at)
                .bind(&info)
                .bind(&fields)
                .bind(row.status_until)
                .execute(c)
                .await?
                .rows_affected()
        });
        tx.commit().await
    }

    /// The ghost whose status is the first to end by itself, and when, in milliseconds since 1970.
    pub async fn next_status_end(&self) -> Result<Option<(RemoteUserId, i64)>, StoreError> {
        let mut tx = self.read().await?;
        let row: Option<(String, i64)> =
            on!(&mut tx, c => sqlx::query_as(NEXT_STATUS_END).fetch_optional(c).await?);
        tx.commit().await?;
        Ok(row.map(|(user_id, until)| (RemoteUserId::new(user_id), until)))
    }
}
