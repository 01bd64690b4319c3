//! What may happen between the table and a lane's window.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::probe::{Probe, event, stop, until_empty};
use crate::queue::commit::Finish;
use crate::queue::lanes::{Lanes, MOST_ENDS};
use crate::queue::{Committing, Inbox, Job, Lane, Queue, Source};
use crate::store::tests::engine::{Database, Engine, each_engine, sql_in, until};
use crate::store::{Store, Tx, queue as table};
use crate::task::Vitals;

each_engine! {
    a_failed_read_skips_nothing
    what_arrives_during_a_read_comes_once
    what_is_done_and_not_committed_is_bounded
    what_is_not_pushed_yet_comes_once
    what_waits_at_the_door_comes_behind_what_was_left
}

fn job(id: i64) -> Job {
    Job {
        id,
        lane: Lane::stored("a"),
        source: Source::Remote,
        login_id: None,
        dedup: event("a", id).dedup,
        payload: id.to_string(),
        accepted_at: 1,
        attempts: 0,
        maybe_sent: false,
        letter_id: None,
    }
}

async fn stored(store: &Store, ids: &[i64]) {
    let jobs: Vec<Job> = ids.iter().copied().map(job).collect();
    let mut tx = store.begin().await.unwrap();
    table::insert_jobs(&mut tx, &jobs).await.unwrap();
    tx.commit().await.unwrap();
}

/// Keeps everybody from reading jobs, until it is dropped or committed.
async fn hold(db: &Database, store: &Store) -> Vec<Tx> {
    match db.engine {
        Engine::Memory => vec![store.begin().await.unwrap()],
        Engine::File => {
            let mut held = vec![store.begin().await.unwrap()];
            for _ in 0..4 {
                held.push(store.read().await.unwrap());
            }
            held
        }
        Engine::Postgres => {
            let mut tx = store.begin().await.unwrap();
            sql_in(&mut tx, "LOCK TABLE job IN ACCESS EXCLUSIVE MODE").await;
            vec![tx]
        }
    }
}

async fn let_go(held: Vec<Tx>) {
    for tx in held {
        tx.commit().await.unwrap();
    }
}

/// Lanes without a committer: the test says what was pushed.
fn lanes(store: &Store, left_until: i64) -> (Arc<Lanes<Probe>>, Arc<Probe>) {
    let (lanes, probe, mut ends) = lanes_and_ends(store, left_until);
    drop(crate::task::spawn("ends", async move { while ends.recv().await.is_some() {} }));
    (lanes, probe)
}

/// The same, with the ends of jobs, which nobody takes.
fn lanes_and_ends(
    store: &Store,
    left_until: i64,
) -> (Arc<Lanes<Probe>>, Arc<Probe>, mpsc::UnboundedReceiver<Finish>) {
    let probe = Probe::willing();
    let (finishes, ends) = mpsc::unbounded_channel();
    let (handler, vitals, committing) = (Arc::clone(&probe), Vitals::default(), Committing::default());
    let lanes = Lanes::new(store.clone(), handler, finishes, left_until, vitals, committing);
    (Arc::new(lanes), probe, ends)
}

async fn until_forgotten(lanes: &Lanes<Probe>) {
    until("the lane is forgotten", async || lanes.len() == 0).await;
    assert_eq!(lanes.resident(), 0);
}

async fn what_is_not_pushed_yet_comes_once(db: &Database) {
    let store = db.store().await;
    stored(&store, &[1, 2, 3]).await;
    // The third is committed; its push is still to come.
    let (lanes, probe) = lanes(&store, 2);
    lanes.take_up(vec![Lane::stored("a")]);
    until_forgotten(&lanes).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a")), ["1", "2"]);
    lanes.push(vec![job(3)]);
    until_forgotten(&lanes).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a")), ["1", "2", "3"]);
}

async fn what_is_done_and_not_committed_is_bounded(db: &Database) {
    let store = db.store().await;
    let most = i64::try_from(MOST_ENDS).unwrap();
    stored(&store, &(1..=most + 10).collect::<Vec<_>>()).await;
    let (lanes, probe, mut ends) = lanes_and_ends(&store, most + 10);
    lanes.take_up(vec![Lane::stored("a")]);
    // The last of them waits for a place.
    until("all places are taken", async || probe.seen(|seen| seen.in_lane("a").len()) > MOST_ENDS).await;
    assert_eq!((ends.len(), lanes.ends.available_permits()), (MOST_ENDS, 0));
    assert_eq!(probe.seen(|seen| seen.in_lane("a").len()), MOST_ENDS + 1);
    drop(crate::task::spawn("ends", async move { while ends.recv().await.is_some() {} }));
    until_forgotten(&lanes).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a").len()), MOST_ENDS + 10);
}

async fn what_arrives_during_a_read_comes_once(db: &Database) {
    let store = db.store().await;
    stored(&store, &[1, 2, 3]).await;
    let (lanes, probe) = lanes(&store, 2);
    let held = hold(db, &store).await;
    lanes.take_up(vec![Lane::stored("a")]);
    until("the lane is being read", async || lanes.resident() > 0).await;
    lanes.push(vec![job(3)]);
    let_go(held).await;
    until_forgotten(&lanes).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a")), ["1", "2", "3"]);
}

async fn a_failed_read_skips_nothing(db: &Database) {
    let store = db.store().await;
    stored(&store, &[1, 2, 3]).await;
    let (lanes, probe) = lanes(&store, 2);
    let mut held = hold(db, &store).await;
    lanes.take_up(vec![Lane::stored("a")]);
    until("the lane is being read", async || lanes.resident() > 0).await;
    lanes.push(vec![job(3)]);
    sql_in(&mut held[0], "ALTER TABLE job RENAME TO away").await;
    let_go(held).await;
    until("the read has failed", async || lanes.resident() == 0).await;
    assert_eq!(probe.seen(|seen| seen.tried.len()), 0, "a later job must not overtake");
    let mut tx = store.begin().await.unwrap();
    sql_in(&mut tx, "ALTER TABLE away RENAME TO job").await;
    tx.commit().await.unwrap();
    until_forgotten(&lanes).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a")), ["1", "2", "3"]);
}

async fn what_waits_at_the_door_comes_behind_what_was_left(db: &Database) {
    let store = db.store().await;
    stored(&store, &[1, 2, 3]).await;
    let probe = Probe::willing();
    let (inbox, deliveries) = Inbox::channel(8);
    let waiting = inbox.clone();
    let delivered = tokio::task::JoinSet::from_iter([async move {
        waiting.deliver_all(vec![event("a", "4")]).await.unwrap();
    }]);
    until("it waits", async || !deliveries.is_empty()).await;
    let queue = Queue::start_with(store.clone(), Arc::clone(&probe), inbox, deliveries).await.unwrap();
    delivered.join_all().await;
    until_empty(&store).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a")), ["1", "2", "3", "4"]);
    stop(queue).await;
}
