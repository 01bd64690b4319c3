//! The tables of jobs and of what was seen.

use std::collections::HashSet;
use std::sync::Arc;

use sqlx::{AssertSqlSafe, FromRow};

use super::Store;
use super::db::{StoreError, Tx, on};
use super::job::{Job, Lane, NewJob, Source};
use super::letter_id::LetterId;
use crate::id::{DedupKey, LoginId};

const NEXT: &str = "SELECT job.id, job.lane, job.source, job.login_id, job.dedup, job.payload, job.accepted_at, \
                    dead_letter.id AS letter_id FROM job LEFT JOIN dead_letter ON dead_letter.retry_id = job.id \
                    WHERE job.lane = $1 AND job.id > $2 AND job.id <= $3 ORDER BY job.id LIMIT $4";
const BEHIND: &str = "SELECT job.id, job.lane, job.source, job.login_id, job.dedup, job.payload, job.accepted_at, \
                      dead_letter.id AS letter_id FROM job LEFT JOIN dead_letter ON dead_letter.retry_id = job.id \
                      WHERE job.id > $1 ORDER BY job.id";
const LANES: &str = "SELECT DISTINCT lane FROM job";
const HAS_WORK: &str = "SELECT id FROM job WHERE lane = $1 LIMIT 1";
const NEWEST: &str = "SELECT CAST(MAX(id) AS BIGINT) FROM (SELECT id FROM job UNION ALL SELECT id FROM dead_letter) AS all_jobs";
const COUNT: &str = "SELECT (SELECT COUNT(*) FROM job), (SELECT accepted_at FROM job ORDER BY id LIMIT 1)";
const FORGET: &str = "DELETE FROM seen WHERE seen_at < $1";

#[derive(FromRow)]
pub(super) struct Stored {
    pub(super) id: i64,
    lane: String,
    source: String,
    login_id: String,
    dedup: String,
    payload: String,
    accepted_at: i64,
    letter_id: Option<i64>,
}

impl From<Stored> for Job {
    fn from(row: Stored) -> Self {
        Self {
            id: row.id,
            lane: Lane::stored(row.lane),
            source: Source::stored(&row.source),
            login_id: (!row.login_id.is_empty()).then(|| LoginId::new(row.login_id)),
            dedup: DedupKey::new(row.dedup),
            payload: row.payload,
            accepted_at: row.accepted_at,
            attempts: 0,
            maybe_sent: false,
            letter_id: row.letter_id.map(LetterId),
        }
    }
}

/// Cuts rows into pieces of 64, 8 and 1, so that few different statements are prepared and kept.
pub(crate) fn chunks<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = [64, 8, 1].into_iter().find(|size| *size <= rest.len())?;
        let (head, tail) = rest.split_at(size);
        rest = tail;
        Some(head)
    })
}

/// A statement over `rows` rows of `columns` values each: `head ($1,$2),($3,$4) tail`.
pub(crate) fn values_sql(
    tx: &Tx,
    head: &str,
    columns: usize,
    rows: usize,
    tail: &str,
) -> AssertSqlSafe<Arc<str>> {
    let mut sql = String::with_capacity(head.len() + tail.len() + rows * columns * 5);
    sql.push_str(head);
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            if column > 0 {
                sql.push(',');
            }
            tx.push_parameter(&mut sql, row * columns + column + 1);
        }
        sql.push(')');
    }
    sql.push_str(tail);
    // Built from constants and numbers only.
    AssertSqlSafe(sql.into())
}

/// Notes events as seen and returns which of them were not seen before.
pub(crate) async fn insert_seen(
    tx: &mut Tx,
    jobs: &[&NewJob],
    now: i64,
) -> Result<HashSet<(String, String)>, StoreError> {
    let mut fresh = HashSet::new();
    for chunk in chunks(jobs) {
        let sql = values_sql(
            tx,
            "INSERT INTO seen (source, dedup, seen_at) VALUES ",
            3,
            chunk.len(),
            " ON CONFLICT DO NOTHING RETURNING source, dedup",
        );
        let rows: Vec<(String, String)> = on!(&mut *tx, c => {
            let mut query = sqlx::query_as(sql);
            for job in chunk {
                query = query.bind(job.source.as_str()).bind(job.dedup.as_str()).bind(now);
            }
            query.fetch_all(c).await?
        });
        fresh.extend(rows);
    }
    Ok(fresh)
}

/// Writes accepted jobs.
pub(crate) async fn insert_jobs(tx: &mut Tx, jobs: &[Job]) -> Result<(), StoreError> {
    let head = "INSERT INTO job (id, lane, source, login_id, dedup, payload, accepted_at) VALUES ";
    insert_by(tx, head, jobs).await
}

/// Writes jobs by a statement whose columns are those of an accepted job.
pub(super) async fn insert_by(tx: &mut Tx, head: &str, jobs: &[Job]) -> Result<(), StoreError> {
    for chunk in chunks(jobs) {
        let sql = values_sql(tx, head, 7, chunk.len(), "");
        on!(&mut *tx, c => {
            let mut query = sqlx::query(sql);
            for job in chunk {
                query = query
                    .bind(job.id)
                    .bind(job.lane.as_str())
                    .bind(job.source.as_str())
                    .bind(job.login_id.as_ref().map_or("", LoginId::as_str))
                    .bind(job.dedup.as_str())
                    .bind(job.payload.as_str())
                    .bind(job.accepted_at);
            }
            query.execute(c).await?;
        });
    }
    Ok(())
}

/// Removes jobs that are done.
pub(crate) async fn delete_jobs(tx: &mut Tx, ids: &[i64]) -> Result<(), StoreError> {
    for chunk in chunks(ids) {
        let sql = values_sql(tx, "DELETE FROM job WHERE id IN (VALUES ", 1, chunk.len(), ")");
        on!(&mut *tx, c => {
            let mut query = sqlx::query(sql);
            for id in chunk {
                query = query.bind(*id);
            }
            query.execute(c).await?;
        });
    }
    Ok(())
}

/// The next jobs of a lane behind `after` and up to `until`, `most` of them.
pub(crate) async fn next_jobs(
    tx: &mut Tx,
    lane: &Lane,
    after: i64,
    until: i64,
    most: usize,
) -> Result<Vec<Job>, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows: Vec<Stored> = on!(&mut *tx, c => {
        sqlx::query_as(NEXT).bind(lane.as_str()).bind(after).bind(until).bind(most).fetch_all(c).await?
    });
    Ok(rows.into_iter().map(Job::from).collect())
}

/// All jobs behind `after`, of any lane.
pub(crate) async fn jobs_behind(tx: &mut Tx, after: i64) -> Result<Vec<Job>, StoreError> {
    let rows: Vec<Stored> = on!(&mut *tx, c => sqlx::query_as(BEHIND).bind(after).fetch_all(c).await?);
    Ok(rows.into_iter().map(Job::from).collect())
}

/// All lanes with work.
pub(crate) async fn lanes(tx: &mut Tx) -> Result<Vec<Lane>, StoreError> {
    let rows: Vec<(String,)> = on!(&mut *tx, c => sqlx::query_as(LANES).fetch_all(c).await?);
    Ok(rows.into_iter().map(|(lane,)| Lane::stored(lane)).collect())
}

/// Whether a lane has jobs that are not done.
pub(crate) async fn has_work(tx: &mut Tx, lane: &Lane) -> Result<bool, StoreError> {
    let row: Option<(i64,)> =
        on!(&mut *tx, c => sqlx::query_as(HAS_WORK).bind(lane.as_str()).fetch_optional(c).await?);
    Ok(row.is_some())
}

/// The highest id ever given that is still stored.
pub(crate) async fn newest_id(tx: &mut Tx) -> Result<i64, StoreError> {
    let (id,): (Option<i64>,) = on!(&mut *tx, c => sqlx::query_as(NEWEST).fetch_one(c).await?);
    Ok(id.unwrap_or(0))
}

impl Store {
    /// How many jobs wait, and when the oldest was accepted, in milliseconds since 1970.
    pub async fn backlog(&self) -> Result<(i64, Option<i64>), StoreError> {
        let mut tx = self.read().await?;
        let found = backlog(&mut tx).await?;
        tx.commit().await?;
        Ok(found)
    }
}

/// See [`Store::backlog`].
pub(crate) async fn backlog(tx: &mut Tx) -> Result<(i64, Option<i64>), StoreError> {
    Ok(on!(&mut *tx, c => sqlx::query_as(COUNT).fetch_one(c).await?))
}

/// Forgets what was seen before `before`.
pub(crate) async fn forget_seen(tx: &mut Tx, before: i64) -> Result<(), StoreError> {
    on!(&mut *tx, c => sqlx::query(FORGET).bind(before).execute(c).await?.rows_affected());
    Ok(())
}
