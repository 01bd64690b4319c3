//! The table of operators who are signed in.

use bridge_core::store::db::on;
use bridge_core::store::{Store, StoreError};
use sqlx::FromRow;

const PUT: &str = "INSERT INTO bot_session (token_hash, name, stamp, kind, created_at, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
const FIND: &str =
    "SELECT token_hash, name, stamp, kind, created_at, expires_at FROM bot_session WHERE token_hash = $1";
const REMOVE: &str = "DELETE FROM bot_session WHERE token_hash = $1";
const PRUNE: &str = "DELETE FROM bot_session WHERE expires_at <= $1";

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct SessionRow {
    /// The token's hash.
    pub(crate) token_hash: String,
    /// Who signed in: a name of the config, or a Matrix id.
    pub(crate) name: String,
    /// What has to be the same for the session to go on: it differs when the password does.
    pub(crate) stamp: String,
    /// What for.
    pub(crate) kind: String,
    /// Since when, in milliseconds since 1970.
    pub(crate) created_at: i64,
    /// Until when.
    pub(crate) expires_at: i64,
}

/// Writes a new session, and takes those away that have run out.
pub(crate) async fn put(store: &Store, row: &SessionRow) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    on!(&mut tx, c => sqlx::query(PRUNE).bind(row.created_at).execute(c).await?.rows_affected());
    on!(&mut tx, c => {
        sqlx::query(PUT)
            .bind(&row.token_hash)
            .bind(&row.name)
            .bind(&row.stamp)
            .bind(&row.kind)
            .bind(row.created_at)
            .bind(row.expires_at)
            .execute(c)
            .await?
            .rows_affected()
    });
    tx.commit().await
}

/// The session of a token.
pub(crate) async fn find(store: &Store, token_hash: &str) -> Result<Option<SessionRow>, StoreError> {
    let mut tx = store.read().await?;
    let row = on!(&mut tx, c => sqlx::query_as(FIND).bind(token_hash).fetch_optional(c).await?);
    tx.commit().await?;
    Ok(row)
}

/// Takes a session away. Says whether there was one.
pub(crate) async fn remove(store: &Store, token_hash: &str) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    let gone = on!(&mut tx, c => sqlx::query(REMOVE).bind(token_hash).execute(c).await?.rows_affected());
    tx.commit().await?;
    Ok(gone > 0)
}
