//! The table of jobs that could not be done and wait for the operator.

use sqlx::FromRow;

use super::Store;
use super::db::{StoreError, Tx, on, storable};
use super::job::{self, Job, Lane, Source};
use super::letter_id::LetterId;
use crate::id::{DedupKey, LoginId};

const PUT: &str = "INSERT INTO dead_letter (id, lane, source, login_id, dedup, payload, accepted_at, cause, attempts, \
                   parked_at, class, notice) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
                   ON CONFLICT (id) DO NOTHING";
const PUT_BACK: &str = "UPDATE dead_letter SET cause = $2, attempts = attempts + $3, parked_at = $4, class = $5, \
                        notice = COALESCE($6, notice), retry_id = NULL WHERE retry_id = $1";
const LIST: &str = "SELECT id, lane, source, login_id, class, cause, attempts, accepted_at, parked_at, wanted_at, retry_id, \
                    notice FROM dead_letter ORDER BY id LIMIT $1";
const FIND: &str = "SELECT id, lane, source, login_id, class, cause, attempts, accepted_at, parked_at, wanted_at, retry_id, \
                    notice FROM dead_letter WHERE id = $1";
const PAYLOAD: &str = "SELECT payload FROM dead_letter WHERE id = $1";
const COUNT: &str = "SELECT COUNT(*), COUNT(wanted_at) FROM dead_letter";
const WANT: &str = "UPDATE dead_letter SET wanted_at = $2 WHERE id = $1 AND retry_id IS NULL";
const WANT_ALL: &str = "UPDATE dead_letter SET wanted_at = $1 WHERE wanted_at IS NULL AND retry_id IS NULL";
const WANTED: &str = "SELECT id, lane, source, login_id, dedup, payload FROM dead_letter WHERE wanted_at IS NOT NULL \
                      ORDER BY id LIMIT $1";
const TAKE: &str =
    "UPDATE dead_letter SET wanted_at = NULL, retry_id = $2 WHERE id = $1 AND wanted_at IS NOT NULL";
const DONE: &str = "DELETE FROM dead_letter WHERE retry_id = $1";
const DROP: &str = "DELETE FROM dead_letter WHERE id = $1 AND retry_id IS NULL";
const DROP_BEFORE: &str = "DELETE FROM dead_letter WHERE parked_at < $1 AND retry_id IS NULL";

/// Most letters that are put back into their lanes in one commit.
pub(crate) const TAKEN_AT_ONCE: usize = 256;

/// Why a job was given up, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The other side will not take it; its sender was told.
    Rejected,
    /// It could not be read or carried out: for the operator.
    Parked,
}

impl Class {
    /// As stored, shown, and as a metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Parked => "parked",
        }
    }
}

/// A job that is given up.
#[derive(Debug)]
pub(crate) struct GivenUp {
    pub(crate) job: Job,
    pub(crate) class: Class,
    /// Why, in a sentence.
    pub(crate) cause: String,
    /// The event in which somebody was told.
    pub(crate) notice: Option<String>,
}

/// A job that was given up, without its payload.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct DeadLetterRow {
    /// The id of the job that was given up first.
    pub id: i64,
    /// Its lane.
    pub lane: String,
    /// Where it came from.
    pub source: String,
    /// The login that received it; empty for events of Matrix.
    pub login_id: String,
    /// Why it was given up, in one word.
    pub class: String,
    /// Why it was given up, in a sentence.
    pub cause: String,
    /// How often it was tried in all.
    pub attempts: i64,
    /// When it was accepted, in milliseconds since 1970.
    pub accepted_at: i64,
    /// When it was given up last, in milliseconds since 1970.
    pub parked_at: i64,
    /// Since when it is to be tried again, as long as that has not begun.
    pub wanted_at: Option<i64>,
    /// The job as which it is being tried again.
    pub retry_id: Option<i64>,
    /// The event in which somebody was told.
    pub notice: Option<String>,
}

impl DeadLetterRow {
    /// Its id as people write it.
    pub fn letter_id(&self) -> LetterId {
        LetterId(self.id)
    }
}

/// How many dead letters there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// All.
    pub all: i64,
    /// Those that are to be tried again and not begun yet.
    pub wanted: i64,
}

/// Keeps a job that is given up. One that was a letter before goes back to it. A repeat of the same changes nothing.
pub(crate) async fn keep(tx: &mut Tx, given_up: &GivenUp, now: i64) -> Result<(), StoreError> {
    let GivenUp { job, class, cause, notice } = given_up;
    let (cause, tries) = (storable(cause), i64::from(job.attempts) + 1);
    let known = on!(&mut *tx, c => {
        sqlx::query(PUT_BACK)
            .bind(job.id)
            .bind(&*cause)
            .bind(tries)
            .bind(now)
            .bind(class.as_str())
            .bind(notice)
            .execute(c)
            .await?
            .rows_affected()
    });
    if known > 0 {
        return Ok(());
    }
    on!(&mut *tx, c => {
        sqlx::query(PUT)
            .bind(job.letter_id.unwrap_or(LetterId(job.id)).0)
            .bind(job.lane.as_str())
            .bind(job.source.as_str())
            .bind(job.login_id.as_ref().map_or("", LoginId::as_str))
            .bind(job.dedup.as_str())
            .bind(job.payload.as_str())
            .bind(job.accepted_at)
            .bind(&*cause)
            .bind(tries)
            .bind(now)
            .bind(class.as_str())
            .bind(notice)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(())
}

#[derive(FromRow)]
struct Wanted {
    id: i64,
    lane: String,
    source: String,
    login_id: String,
    dedup: String,
    payload: String,
}

/// Puts letters that are to be tried again back into their lanes, the oldest first, [`TAKEN_AT_ONCE`] at most: as jobs
/// behind `newest_id`, which the caller writes in the same transaction. Their keys are the original ones, and so are the
/// marks by which effects are known.
pub(crate) async fn take_wanted(tx: &mut Tx, newest_id: i64, now: i64) -> Result<Vec<Job>, StoreError> {
    let most = i64::try_from(TAKEN_AT_ONCE).unwrap_or(i64::MAX);
    let rows: Vec<Wanted> = on!(&mut *tx, c => sqlx::query_as(WANTED).bind(most).fetch_all(c).await?);
    let (mut jobs, mut newest_id) = (Vec::with_capacity(rows.len()), newest_id);
    for row in rows {
        newest_id = job::next_id(newest_id, now);
        let taken = on!(&mut *tx, c => sqlx::query(TAKE).bind(row.id).bind(newest_id).execute(c).await?.rows_affected());
        if taken == 0 {
            // Dropped since it was read.
            continue;
        }
        jobs.push(Job {
            id: newest_id,
            lane: Lane::stored(row.lane),
            source: Source::stored(&row.source),
            login_id: (!row.login_id.is_empty()).then(|| LoginId::new(row.login_id)),
            dedup: DedupKey::new(row.dedup),
            payload: row.payload,
            accepted_at: now,
            attempts: 0,
            maybe_sent: true,
            letter_id: Some(LetterId(row.id)),
        });
    }
    Ok(jobs)
}

/// Removes the letter that was tried again as this job, with success.
pub(crate) async fn remove_done(tx: &mut Tx, job_id: i64) -> Result<(), StoreError> {
    on!(&mut *tx, c => sqlx::query(DONE).bind(job_id).execute(c).await?.rows_affected());
    Ok(())
}

impl Store {
    /// The oldest dead letters, `limit` at most.
    pub async fn dead_letters(&self, limit: i64) -> Result<Vec<DeadLetterRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows = on!(&mut tx, c => sqlx::query_as(LIST).bind(limit).fetch_all(c).await?);
        tx.commit().await?;
        Ok(rows)
    }

    /// One dead letter.
    pub async fn dead_letter(&self, id: LetterId) -> Result<Option<DeadLetterRow>, StoreError> {
        let mut tx = self.read().await?;
        let row = on!(&mut tx, c => sqlx::query_as(FIND).bind(id.0).fetch_optional(c).await?);
        tx.commit().await?;
        Ok(row)
    }

    /// What a dead letter holds: the event as it was received.
    pub async fn dead_letter_payload(&self, id: LetterId) -> Result<Option<String>, StoreError> {
        let mut tx = self.read().await?;
        let row: Option<(String,)> =
            on!(&mut tx, c => sqlx::query_as(PAYLOAD).bind(id.0).fetch_optional(c).await?);
        tx.commit().await?;
        Ok(row.map(|(payload,)| payload))
    }

    /// How many dead letters there are.
    pub async fn count_dead_letters(&self) -> Result<Count, StoreError> {
        let mut tx = self.read().await?;
        let (all, wanted) = on!(&mut tx, c => sqlx::query_as(COUNT).fetch_one(c).await?);
        tx.commit().await?;
        Ok(Count { all, wanted })
    }

    /// Notes that a letter is to be tried again. The queue that runs on this database takes it up within seconds, else
    /// the next that starts. Says whether it is there and not being tried already.
    pub async fn retry_dead_letter(&self, id: LetterId) -> Result<bool, StoreError> {
        let now = self.clock().now_ms();
        let mut tx = self.begin().await?;
        let noted =
            on!(&mut tx, c => sqlx::query(WANT).bind(id.0).bind(now).execute(c).await?.rows_affected());
        tx.commit().await?;
        Ok(noted > 0)
    }

    /// Notes that all are to be tried again; says of how many that is new.
    pub async fn retry_all_dead_letters(&self) -> Result<u64, StoreError> {
        let now = self.clock().now_ms();
        let mut tx = self.begin().await?;
        let noted = on!(&mut tx, c => sqlx::query(WANT_ALL).bind(now).execute(c).await?.rows_affected());
        tx.commit().await?;
        Ok(noted)
    }

    /// Deletes a letter with its payload, unless it is being tried again; says whether it did.
    pub async fn drop_dead_letter(&self, id: LetterId) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let dropped = on!(&mut tx, c => sqlx::query(DROP).bind(id.0).execute(c).await?.rows_affected());
        tx.commit().await?;
        Ok(dropped > 0)
    }

    /// Deletes all that were given up last before this time (milliseconds since 1970) and are not being tried again; says
    /// how many.
    pub async fn drop_dead_letters_before(&self, before: i64) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let dropped =
            on!(&mut tx, c => sqlx::query(DROP_BEFORE).bind(before).execute(c).await?.rows_affected());
        tx.commit().await?;
        Ok(dropped)
    }
}
