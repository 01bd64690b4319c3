//! The tables of another program, maubot, in a database of its own: they are read only.

use bridge_core::secret::Secret;
use bridge_core::store::db::on;
use bridge_core::store::{Store, StoreError};
use sqlx::FromRow;

const TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table'";
const CLIENTS: &str =
    "SELECT id, homeserver, access_token, enabled, autojoin, displayname, avatar_url FROM client ORDER BY id";
const INSTANCES: &str = "SELECT id, type, enabled, primary_user, config FROM instance ORDER BY id";

/// A client: an account with an access token.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct ClientRow {
    /// Its Matrix id.
    pub(crate) id: String,
    /// Where it is.
    pub(crate) homeserver: String,
    /// Its access token.
    #[sqlx(try_from = "String")]
    pub(crate) access_token: Secret,
    /// Whether it works at all.
    pub(crate) enabled: bool,
    /// Whether it takes invitations.
    pub(crate) autojoin: bool,
    /// Its display name; `disable` for one that maubot leaves alone.
    pub(crate) displayname: String,
    /// The same for its picture.
    pub(crate) avatar_url: String,
}

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct InstanceRow {
    /// Its name.
    pub(crate) id: String,
    /// The plugin's id.
    #[sqlx(rename = "type")]
    pub(crate) plugin: String,
    /// Whether it is to run.
    pub(crate) enabled: bool,
    /// The client's id.
    pub(crate) primary_user: String,
    /// Its config, as it was written.
    pub(crate) config: String,
}

/// The names of all tables.
pub(crate) async fn tables(store: &Store) -> Result<Vec<String>, StoreError> {
    let mut tx = store.read().await?;
    let names = on!(&mut tx, c => sqlx::query_scalar(TABLES).fetch_all(c).await?);
    tx.commit().await?;
    Ok(names)
}

/// All clients, by their ids.
pub(crate) async fn clients(store: &Store) -> Result<Vec<ClientRow>, StoreError> {
    let mut tx = store.read().await?;
    let rows = on!(&mut tx, c => sqlx::query_as(CLIENTS).fetch_all(c).await?);
    tx.commit().await?;
    Ok(rows)
}

/// All instances, by their names.
pub(crate) async fn instances(store: &Store) -> Result<Vec<InstanceRow>, StoreError> {
    let mut tx = store.read().await?;
    let rows = on!(&mut tx, c => sqlx::query_as(INSTANCES).fetch_all(c).await?);
    tx.commit().await?;
    Ok(rows)
}
