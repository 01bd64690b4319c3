//! What the table of accounts has of those elsewhere beside the rest: their token, and how far what came for them was taken.

use bridge_core::secret::Secret;
use bridge_core::store::db::on;
use bridge_core::store::{Store, StoreError, Tx};

use super::member;

const TOKEN: &str = "SELECT token FROM bot_account WHERE user_id = $1";
const PUT_TOKEN: &str = "UPDATE bot_account SET token = $2 WHERE user_id = $1";
const SINCE: &str = "SELECT since FROM bot_account WHERE user_id = $1";
const BEGIN_ANEW: &str = "UPDATE bot_account SET since = '' WHERE user_id = $1";
// Whoever was overtaken changes nothing.
const ADVANCE: &str = "UPDATE bot_account SET since = $3 WHERE user_id = $1 AND since = $2";

/// The stored token; none if none was stored.
pub(crate) async fn token(store: &Store, user_id: &str) -> Result<Option<Secret>, StoreError> {
    let sealed = text(store, TOKEN, user_id).await?;
    if sealed.is_empty() {
        return Ok(None);
    }
    store.seal().open(&place(user_id), &sealed).map(Some)
}

/// Stores a token, sealed, in place of another.
pub(crate) async fn put_token(
    store: &Store,
    tx: &mut Tx,
    user_id: &str,
    token: &Secret,
) -> Result<(), StoreError> {
    let sealed = store.seal().close(&place(user_id), token)?;
    on!(&mut *tx, c => sqlx::query(PUT_TOKEN).bind(user_id).bind(&sealed).execute(c).await?.rows_affected());
    Ok(())
}

fn place(user_id: &str) -> String {
    format!("bot_account:{user_id}")
}

/// Up to where what came was taken; empty before the first time.
pub(crate) async fn since(store: &Store, user_id: &str) -> Result<String, StoreError> {
    text(store, SINCE, user_id).await
}

/// What came so far counts as not taken, and what is there as no news. It is not known in which rooms it is.
pub(crate) async fn begin_anew(tx: &mut Tx, user_id: &str) -> Result<(), StoreError> {
    member::replace(tx, user_id, &[]).await?;
    on!(&mut *tx, c => sqlx::query(BEGIN_ANEW).bind(user_id).execute(c).await?.rows_affected());
    Ok(())
}

/// How far it was taken, and what that changed of the account's rooms.
#[derive(Debug)]
pub(crate) struct Advance<'a> {
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) joined: Vec<&'a str>,
    pub(crate) left: Vec<&'a str>,
}

/// Notes that everything up to a place is committed.
pub(crate) async fn advance(store: &Store, user_id: &str, step: &Advance<'_>) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let advanced = on!(&mut tx, c => {
        sqlx::query(ADVANCE).bind(user_id).bind(step.from).bind(step.to).execute(c).await?.rows_affected()
    });
    if advanced > 0 {
        for (rooms, is_in) in [(&step.joined, true), (&step.left, false)] {
            for room_id in rooms {
                member::write(&mut tx, room_id, user_id, is_in).await?;
            }
        }
    }
    tx.commit().await
}

async fn text(store: &Store, sql: &'static str, user_id: &str) -> Result<String, StoreError> {
    let mut tx = store.read().await?;
    let row: Option<(String,)> =
        on!(&mut tx, c => sqlx::query_as(sql).bind(user_id).fetch_optional(c).await?);
    tx.commit().await?;
    Ok(row.map(|(text,)| text).unwrap_or_default())
}
