//! The table of what operators had done with services.

use bridge_core::store::db::on;
use bridge_core::store::{Store, StoreError};
use sqlx::FromRow;

/// How many are kept; of more, the oldest go.
pub(crate) const MOST: i64 = 1_000;

const PUT: &str = "INSERT INTO service_action (action_id, service, action, who, command, started_at, tail) \
                   SELECT COALESCE(MAX(action_id), 0) + 1, $1, $2, $3, $4, $5, '' FROM service_action \
                   RETURNING action_id";
const PRUNE: &str = "DELETE FROM service_action WHERE action_id <= $1";
const END: &str = "UPDATE service_action SET ended_at = $2, outcome = $3, exit_code = $4, error = $5, tail = $6 \
                   WHERE action_id = $1";
const CUT_OFF: &str =
    "UPDATE service_action SET ended_at = $1, outcome = $2, error = $3 WHERE ended_at IS NULL";
const FIND: &str = "SELECT action_id, service, action, who, command, started_at, ended_at, outcome, exit_code, error, tail \
                    FROM service_action WHERE action_id = $1";
const RECENT: &str = "SELECT action_id, service, action, who, command, started_at, ended_at, outcome, exit_code, error, tail \
                      FROM service_action WHERE service = $1 OR $1 = '' ORDER BY action_id DESC LIMIT $2";

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub(crate) struct ActionRow {
    pub(crate) action_id: i64,
    /// The service's name in the config.
    pub(crate) service: String,
    /// What: a verb.
    pub(crate) action: String,
    /// Who had it done.
    pub(crate) who: String,
    /// The command, its words as JSON.
    pub(crate) command: String,
    /// When, in milliseconds since 1970.
    pub(crate) started_at: i64,
    /// None while it goes on.
    pub(crate) ended_at: Option<i64>,
    /// How it ended, in a word.
    pub(crate) outcome: Option<String>,
    /// As the command gave it; none if it gave none.
    pub(crate) exit_code: Option<i64>,
    /// What went wrong, in words.
    pub(crate) error: Option<String>,
    /// The end of what it wrote.
    pub(crate) tail: String,
}

/// Notes the beginning of one, before it is done. Gives its number.
pub(crate) async fn begin(store: &Store, row: &ActionRow) -> Result<i64, StoreError> {
    let mut tx = store.begin().await?;
    let id: i64 = on!(&mut tx, c => {
        sqlx::query_scalar(PUT)
            .bind(&row.service)
            .bind(&row.action)
            .bind(&row.who)
            .bind(&row.command)
            .bind(row.started_at)
            .fetch_one(c)
            .await?
    });
    on!(&mut tx, c => sqlx::query(PRUNE).bind(id - MOST).execute(c).await?.rows_affected());
    tx.commit().await?;
    Ok(id)
}

/// Notes how it ended.
pub(crate) async fn end(store: &Store, row: &ActionRow) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    on!(&mut tx, c => {
        sqlx::query(END)
            .bind(row.action_id)
            .bind(row.ended_at)
            .bind(&row.outcome)
            .bind(row.exit_code)
            .bind(&row.error)
            .bind(&row.tail)
            .execute(c)
            .await?
            .rows_affected()
    });
    tx.commit().await
}

/// Notes of all whose end is not known how they were left. Gives how many there were.
pub(crate) async fn cut_off(store: &Store, at: i64, outcome: &str, error: &str) -> Result<u64, StoreError> {
    let mut tx = store.begin().await?;
    let count = on!(&mut tx, c => {
        sqlx::query(CUT_OFF).bind(at).bind(outcome).bind(error).execute(c).await?.rows_affected()
    });
    tx.commit().await?;
    Ok(count)
}

/// The one of this number.
pub(crate) async fn find(store: &Store, id: i64) -> Result<Option<ActionRow>, StoreError> {
    let mut tx = store.read().await?;
    let row = on!(&mut tx, c => sqlx::query_as(FIND).bind(id).fetch_optional(c).await?);
    tx.commit().await?;
    Ok(row)
}

/// The newest of a service first; of all services if it is empty.
pub(crate) async fn recent(store: &Store, service: &str, most: i64) -> Result<Vec<ActionRow>, StoreError> {
    let mut tx = store.read().await?;
    let rows = on!(&mut tx, c => sqlx::query_as(RECENT).bind(service).bind(most).fetch_all(c).await?);
    tx.commit().await?;
    Ok(rows)
}
