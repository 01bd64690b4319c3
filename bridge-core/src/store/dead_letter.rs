//! The table of jobs that could not be done and wait for the operator.

use sqlx::FromRow;

use super::Store;
use super::db::{StoreError, Tx, on, storable};
use super::job::Job;
use crate::id::LoginId;

const PUT: &str = "INSERT INTO dead_letter (id, lane, source, login_id, dedup, payload, accepted_at, cause, attempts, \
                   parked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING";
const LIST: &str =
    "SELECT id, lane, source, cause, attempts, accepted_at, parked_at FROM dead_letter ORDER BY id LIMIT $1";
const COUNT: &str = "SELECT COUNT(*) FROM dead_letter";

/// A parked job, without its payload.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct DeadLetterRow {
    /// The job's id.
    pub id: i64,
    /// Its lane.
    pub lane: String,
    /// Where it came from.
    pub source: String,
    /// Why it was parked.
    pub cause: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was accepted, in milliseconds since 1970.
    pub accepted_at: i64,
    /// When it was parked, in milliseconds since 1970.
    pub parked_at: i64,
}

/// Parks a job with its payload.
pub(crate) async fn insert(tx: &mut Tx, job: &Job, cause: &str, now: i64) -> Result<(), StoreError> {
    on!(&mut *tx, c => {
        sqlx::query(PUT)
            .bind(job.id)
            .bind(job.lane.as_str())
            .bind(job.source.as_str())
            .bind(job.login_id.as_ref().map_or("", LoginId::as_str))
            .bind(job.dedup.as_str())
            .bind(job.payload.as_str())
            .bind(job.accepted_at)
            .bind(storable(cause))
            .bind(i64::from(job.attempts))
            .bind(now)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(())
}

impl Store {
    /// The oldest parked jobs, `limit` at most.
    pub async fn dead_letters(&self, limit: i64) -> Result<Vec<DeadLetterRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows = on!(&mut tx, c => sqlx::query_as(LIST).bind(limit).fetch_all(c).await?);
        tx.commit().await?;
        Ok(rows)
    }

    /// How many jobs are parked.
    pub async fn count_dead_letters(&self) -> Result<i64, StoreError> {
        let mut tx = self.read().await?;
        let (count,): (i64,) = on!(&mut tx, c => sqlx::query_as(COUNT).fetch_one(c).await?);
        tx.commit().await?;
        Ok(count)
    }
}
