//! The table of what processes that stand by have accepted for the one that works.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::Store;
use super::db::hurried::answer_within;
use super::db::{StoreError, Tx, on};
use super::job::{self, Job, Lane};
use super::queue::{self, Stored};
use super::{kv, portal};
use crate::event::Scope;

/// How long the database may take to note a fact.
const NOTED: Duration = Duration::from_secs(2);

const NEWEST: &str = "SELECT CAST(MAX(id) AS BIGINT) FROM handed_in";
const TAKE: &str = "DELETE FROM handed_in WHERE id IN (SELECT id FROM handed_in ORDER BY id LIMIT $1) \
                    RETURNING id, lane, source, login_id, dedup, payload, accepted_at, \
                    CAST(NULL AS BIGINT) AS letter_id";
const ANY: &str = "SELECT id FROM handed_in LIMIT 1";

/// The highest id in the table.
pub(crate) async fn newest_id(tx: &mut Tx) -> Result<i64, StoreError> {
    let (id,): (Option<i64>,) = on!(&mut *tx, c => sqlx::query_as(NEWEST).fetch_one(c).await?);
    Ok(id.unwrap_or(0))
}

/// Writes what was accepted.
pub(crate) async fn insert(tx: &mut Tx, jobs: &[Job]) -> Result<(), StoreError> {
    let head = "INSERT INTO handed_in (id, lane, source, login_id, dedup, payload, accepted_at) VALUES ";
    queue::insert_by(tx, head, jobs).await
}

/// Takes the first `most` rows out, in their order, with ids behind `newest_id`.
pub(crate) async fn take(tx: &mut Tx, newest_id: i64, now: i64, most: usize) -> Result<Vec<Job>, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut rows: Vec<Stored> = on!(&mut *tx, c => sqlx::query_as(TAKE).bind(most).fetch_all(c).await?);
    rows.sort_unstable_by_key(|row| row.id);
    let mut jobs: Vec<Job> = rows.into_iter().map(Job::from).collect();
    let mut id = newest_id;
    for job in &mut jobs {
        // They belong behind all that was given an id before.
        id = job::next_id(id, now);
        job.id = id;
    }
    Ok(jobs)
}

/// What becomes of lanes that whoever accepted could not decide: the chat's where the room is a portal, but for one whose
/// own lane has work still, which new events go behind. So they do where that lane only now gets work: somebody found its room
/// not to be a portal yet, for an event that comes behind.
pub(crate) async fn decide<'l>(
    tx: &mut Tx,
    lanes: impl Iterator<Item = &'l Lane> + Clone,
) -> Result<HashMap<Lane, Lane>, StoreError> {
    let mut decided = HashMap::new();
    let found: HashSet<&Lane> = lanes.clone().filter(|lane| lane.undecided_room().is_none()).collect();
    for lane in lanes {
        let Some(room_id) = lane.undecided_room() else { continue };
        if decided.contains_key(lane) {
            continue;
        }
        let own = Lane::of_room(room_id);
        let chat = match portal::chat_of_room(tx, room_id).await? {
            Some(chat) if !found.contains(&own) && !queue::has_work(tx, &own).await? => {
                Lane::of_scope(&Scope::Chat(chat))
            }
            _ => own,
        };
        decided.insert(lane.clone(), chat);
    }
    Ok(decided)
}

impl Store {
    /// Whether something waits to be taken.
    pub(crate) async fn has_handed_in(&self) -> Result<bool, StoreError> {
        let mut tx = self.read().await?;
        let row: Option<(i64,)> = on!(&mut tx, c => sqlx::query_as(ANY).fetch_optional(c).await?);
        tx.commit().await?;
        Ok(row.is_some())
    }

    /// Writes a fact at once while this process stands by: one that the process that works waits for.
    pub(crate) async fn put_fact_standing_by(&self, name: &str, value: &str) -> Result<(), StoreError> {
        answer_within(NOTED, async {
            let mut tx = self.begin_standing_by().await?;
            kv::put(&mut tx, name, value).await?;
            tx.commit().await
        })
        .await
    }
}
