//! The table of logins; credentials are sealed on the way in and opened on the way out.

use sqlx::FromRow;

use super::Store;
use super::db::{StoreError, on};
use crate::id::{LoginId, RemoteUserId};
use crate::secret::Secret;

const ALL: &str = "SELECT login_id, owner, name, own_user_id, personal, credentials, created_at FROM login ORDER BY created_at, login_id";
const PUT: &str = "INSERT INTO login (login_id, owner, name, own_user_id, personal, credentials, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (login_id) DO UPDATE SET owner = excluded.owner, \
                   name = excluded.name, own_user_id = excluded.own_user_id, personal = excluded.personal, credentials = excluded.credentials";
const HEADS: &str = "SELECT login_id, owner, name FROM login ORDER BY created_at, login_id";
const OWNER: &str = "SELECT owner FROM login WHERE login_id = $1";
const FORGET: &str = "DELETE FROM login WHERE login_id = $1";

/// A saved connection to the network.
#[derive(Debug, Clone)]
pub struct LoginRow {
    /// Its id.
    pub login_id: LoginId,
    /// The Matrix user who logged in.
    pub owner: String,
    /// What people call it.
    pub name: String,
    /// The network's account it speaks as.
    pub own_user_id: RemoteUserId,
    /// Whether the account is the owner's own.
    pub personal: bool,
    /// The network's credentials as JSON.
    pub credentials: Secret,
    /// When it was made, in milliseconds since 1970.
    pub created_at: i64,
}

/// Whose login it is and what it is called; no key is needed to know that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginHead {
    /// Its id.
    pub login_id: LoginId,
    /// The Matrix user who logged in.
    pub owner: String,
    /// What people call it.
    pub name: String,
}

#[derive(FromRow)]
struct Stored {
    login_id: String,
    owner: String,
    name: String,
    own_user_id: String,
    personal: bool,
    credentials: String,
    created_at: i64,
}

impl Store {
    /// All logins by id, the oldest first. One whose credentials cannot be opened (another key) is an error with the
    /// remedy in its place.
    pub async fn logins(&self) -> Result<Vec<(LoginId, Result<LoginRow, StoreError>)>, StoreError> {
        let mut tx = self.read().await?;
        let rows: Vec<Stored> = on!(&mut tx, c => sqlx::query_as(ALL).fetch_all(c).await?);
        tx.commit().await?;
        Ok(rows.into_iter().map(|row| (LoginId::new(row.login_id.as_str()), self.opened(row))).collect())
    }

    /// What logins there are, the oldest first, whether their credentials can be opened or not.
    pub async fn login_heads(&self) -> Result<Vec<LoginHead>, StoreError> {
        let mut tx = self.read().await?;
        let rows: Vec<(String, String, String)> =
            on!(&mut tx, c => sqlx::query_as(HEADS).fetch_all(c).await?);
        tx.commit().await?;
        let head = |(login_id, owner, name)| LoginHead { login_id: LoginId::new(login_id), owner, name };
        Ok(rows.into_iter().map(head).collect())
    }

    /// Whose login it is, if one of this id is stored, whatever became of its session.
    pub async fn login_owner(&self, login_id: &LoginId) -> Result<Option<String>, StoreError> {
        let mut tx = self.read().await?;
        let row: Option<(String,)> =
            on!(&mut tx, c => sqlx::query_as(OWNER).bind(login_id.as_str()).fetch_optional(c).await?);
        tx.commit().await?;
        Ok(row.map(|(owner,)| owner))
    }

    fn opened(&self, row: Stored) -> Result<LoginRow, StoreError> {
        let credentials = self.seal().open(&place(&row.login_id), &row.credentials)?;
        Ok(LoginRow {
            login_id: LoginId::new(row.login_id),
            owner: row.owner,
            name: row.name,
            own_user_id: RemoteUserId::new(row.own_user_id),
            personal: row.personal,
            credentials,
            created_at: row.created_at,
        })
    }

    /// Writes a login at once.
    pub async fn put_login(&self, row: &LoginRow) -> Result<(), StoreError> {
        let sealed = self.seal().close(&place(row.login_id.as_str()), &row.credentials)?;
        let mut tx = self.begin().await?;
        on!(&mut tx, c => {
            sqlx::query(PUT)
                .bind(row.login_id.as_str())
                .bind(row.owner.as_str())
                .bind(row.name.as_str())
                .bind(row.own_user_id.as_str())
                .bind(row.personal)
                .bind(sealed.as_str())
                .bind(row.created_at)
                .execute(c)
                .await?
                .rows_affected()
        });
        tx.commit().await
    }

    /// Until when a login missed nothing of what was said, in milliseconds since 1970; none before its first connection.
    pub async fn whole_until(&self, login_id: &LoginId) -> Result<Option<i64>, StoreError> {
        let fact = self.fact(&whole_until(login_id)).await?;
        Ok(fact.and_then(|at| at.parse().ok()))
    }

    /// Notes that a login missed nothing until then.
    pub async fn put_whole_until(&self, login_id: &LoginId, at: i64) -> Result<(), StoreError> {
        self.put_fact(&whole_until(login_id), &at.to_string()).await
    }

    /// Removes a login at once. Its portals and what stands in them stay.
    pub async fn forget_login(&self, login_id: &LoginId) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        super::kv::remove(&mut tx, &whole_until(login_id)).await?;
        on!(&mut tx, c => sqlx::query(FORGET).bind(login_id.as_str()).execute(c).await?.rows_affected());
        tx.commit().await
    }
}

/// The name of the fact.
fn whole_until(login_id: &LoginId) -> String {
    format!("whole_until/{login_id}")
}

/// Binds a sealed text to its row, so that it cannot be moved to another.
fn place(login_id: &str) -> String {
    format!("login/{login_id}")
}
