//! The table of accounts.

use bridge_core::store::db::on;
use bridge_core::store::{Store, StoreError, Tx};
use sqlx::FromRow;

const ALL: &str = "SELECT user_id, name, homeserver, displayname, avatar_url, autojoin, declared FROM bot_account ORDER BY user_id";
const PUT: &str = "INSERT INTO bot_account (user_id, displayname, avatar_url, autojoin, declared, name, homeserver) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (user_id) DO UPDATE SET \
                   displayname = excluded.displayname, avatar_url = excluded.avatar_url, autojoin = excluded.autojoin, \
                   declared = excluded.declared, name = excluded.name, homeserver = excluded.homeserver";
const REMOVE: &str = "DELETE FROM bot_account WHERE user_id = $1";

/// A bot's Matrix user.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct AccountRow {
    /// Its full id.
    pub(crate) user_id: String,
    /// How it is called here, for one elsewhere; empty for accounts of ours, whose names follow from their ids.
    pub(crate) name: String,
    /// Where it is, for one elsewhere; empty for accounts of ours.
    pub(crate) homeserver: String,
    /// Its display name; empty for one elsewhere that is called as it was.
    pub(crate) displayname: String,
    /// Its picture's `mxc://` address; empty for none.
    pub(crate) avatar_url: String,
    /// Whether it takes invitations of everybody who may invite bots, not of admins only.
    pub(crate) autojoin: bool,
    /// Whether the config file names it.
    pub(crate) declared: bool,
}

impl AccountRow {
    /// Whether it is no account in our namespace, but one with a token of its own.
    pub(crate) fn is_outside(&self) -> bool {
        !self.homeserver.is_empty()
    }
}

/// All accounts, by their ids.
pub(crate) async fn all(store: &Store) -> Result<Vec<AccountRow>, StoreError> {
    let mut tx = store.read().await?;
    let rows = on!(&mut tx, c => sqlx::query_as(ALL).fetch_all(c).await?);
    tx.commit().await?;
    Ok(rows)
}

/// Writes an account in place of what stood under its id.
pub(crate) async fn put(tx: &mut Tx, row: &AccountRow) -> Result<(), StoreError> {
    on!(&mut *tx, c => {
        sqlx::query(PUT)
            .bind(&row.user_id)
            .bind(&row.displayname)
            .bind(&row.avatar_url)
            .bind(row.autojoin)
            .bind(row.declared)
            .bind(&row.name)
            .bind(&row.homeserver)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(())
}

/// Takes an account away.
pub(crate) async fn remove(tx: &mut Tx, user_id: &str) -> Result<(), StoreError> {
    on!(&mut *tx, c => sqlx::query(REMOVE).bind(user_id).execute(c).await?.rows_affected());
    Ok(())
}
