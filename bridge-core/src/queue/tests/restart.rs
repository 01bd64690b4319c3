//! A process that died: the next one takes up what it left.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::probe::{Probe, deliver, event, pair, stop, texts, until_empty};
use super::process::Process;
use crate::clock::Clock;
use crate::error::JobError;
use crate::queue::{Closing, Delivered, Job, Queue};
use crate::store::handed_in;
use crate::store::tests::engine::{Database, each_engine, number, until};

each_engine! { durable:
    a_clock_that_was_ahead_changes_no_order
    a_known_effect_ends_the_doubt
    a_rejection_leaves_the_doubt
    takes_up_what_was_left_in_order
    what_others_had_accepted_is_worked_whoever_has_the_database_now
    what_was_done_and_not_committed_is_doubted
}

/// Works nothing, and dies with what it accepted.
async fn left_behind(db: &Database, lanes: &[&str], jobs: usize) {
    let process = Process::start(db, Probe::new(|_| std::future::pending())).await;
    for lane in lanes {
        deliver(&process.inbox(), lane, 0..jobs).await;
    }
    process.kill(db).await;
}

fn doubts(probe: &Probe, lane: &str) -> Vec<bool> {
    let of_lane = |seen: &super::probe::Seen| {
        seen.tried
            .iter()
            .filter(|tried| tried.job.lane.as_str() == lane)
            .map(|tried| tried.job.maybe_sent)
            .collect()
    };
    probe.seen(of_lane)
}

async fn takes_up_what_was_left_in_order(db: &Database) {
    left_behind(db, &["a", "b", "c"], 300).await;
    let store = db.store().await;
    let probe = Probe::willing();
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    // New ones of a lane that was left, and of one that was not.
    deliver(queue.inbox(), "a", 300..400).await;
    deliver(queue.inbox(), "d", 0..10).await;
    let again = texts("a", 0..1).remove(0);
    assert_eq!(queue.inbox().deliver_all(vec![event("a", again)]).await.unwrap(), [Delivered::Known]);
    until_empty(&store).await;
    for (lane, jobs) in [("a", 400), ("b", 300), ("c", 300), ("d", 10)] {
        assert_eq!(probe.seen(|seen| seen.in_lane(lane)), texts(lane, 0..jobs), "{lane}");
    }
    stop(queue).await;
}

/// As after a backup of a database that several shared was restored for one.
async fn what_others_had_accepted_is_worked_whoever_has_the_database_now(db: &Database) {
    let store = db.store().await;
    let jobs: Vec<Job> =
        (1..).zip(texts("a", 0..20)).map(|(id, text)| Job::accepted(id, &event("a", text), 0)).collect();
    let mut tx = store.begin().await.unwrap();
    handed_in::insert(&mut tx, &jobs).await.unwrap();
    tx.commit().await.unwrap();
    let probe = Probe::willing();
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    probe.until("all are done", |seen| seen.done.len() == 20).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a")), texts("a", 0..20));
    until_empty(&store).await;
    assert_eq!(number(&store, "SELECT COUNT(*) FROM handed_in").await, 0);
    stop(queue).await;
}

async fn a_clock_that_was_ahead_changes_no_order(db: &Database) {
    let then = Clock::system();
    let ahead = Clock::manual(then.now_ms() + i64::from(366 * 24 * 60 * 60) * 1000);
    let process = Process::start_at(db, Probe::new(|_| std::future::pending()), ahead).await;
    deliver(&process.inbox(), "a", 0..30).await;
    process.kill(db).await;
    // Set right in between.
    let process = Process::start_at(db, Probe::new(|_| std::future::pending()), then).await;
    deliver(&process.inbox(), "a", 30..60).await;
    process.kill(db).await;
    let store = db.store_at(Clock::manual(0)).await;
    let probe = Probe::willing();
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    deliver(queue.inbox(), "a", 60..90).await;
    until_empty(&store).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a")), texts("a", 0..90));
    // Nothing is left that would keep the ids going up; what comes now is alone in its lane.
    deliver(queue.inbox(), "a", 90..95).await;
    until_empty(&store).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a")), texts("a", 0..95));
    stop(queue).await;
}

async fn a_known_effect_ends_the_doubt(db: &Database) {
    left_behind(db, &["a", "b"], 4).await;
    let store = db.store().await;
    // The third job of lane a is the first that is really sent.
    let probe = Probe::new(|job| async move {
        Ok(Closing { pairs: Vec::new(), sent: job.payload == "a/000002", ..Closing::default() })
    });
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    deliver(queue.inbox(), "b", 4..6).await;
    until_empty(&store).await;
    assert_eq!(doubts(&probe, "a"), [true, true, true, false]);
    // Without such an effect: all that were left, and none of the new ones.
    assert_eq!(doubts(&probe, "b"), [true, true, true, true, false, false]);
    deliver(queue.inbox(), "a", 4..5).await;
    until_empty(&store).await;
    assert_eq!(doubts(&probe, "a").last(), Some(&false));
    stop(queue).await;
}

async fn a_rejection_leaves_the_doubt(db: &Database) {
    left_behind(db, &["a"], 3).await;
    let store = db.store().await;
    let probe = Probe::new(|job| async move {
        match job.payload.as_str() {
            "a/000000" => Err(JobError::Reject("No.".to_owned())),
            _ => Ok(Closing { pairs: Vec::new(), sent: true, ..Closing::default() }),
        }
    });
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    until_empty(&store).await;
    assert_eq!(doubts(&probe, "a"), [true, true, false]);
    stop(queue).await;
}

async fn what_was_done_and_not_committed_is_doubted(db: &Database) {
    let gate = Arc::new(Semaphore::new(2));
    let opened = Arc::clone(&gate);
    let sending = move |job: crate::queue::Job| {
        let gate = Arc::clone(&opened);
        async move {
            gate.acquire().await.unwrap().forget();
            Ok(Closing { pairs: vec![pair(&job.payload)], sent: true, ..Closing::default() })
        }
    };
    let probe = Probe::new(sending.clone());
    let process = Process::start(db, Arc::clone(&probe)).await;
    deliver(&process.inbox(), "a", 0..4).await;
    probe.until("two are done, the third is begun", |seen| seen.tried.len() == 3).await;
    process.kill(db).await;

    let store = db.store().await;
    // A commit that the dead process had handed to the engine may still end: whoever may write now comes after it.
    store.begin().await.unwrap().rollback().await.unwrap();
    // The ends of the first two are committed or not; the third's is certainly not.
    let left = number(&store, "SELECT COUNT(*) FROM job").await;
    assert!((2..=4).contains(&left), "{left}");
    assert_eq!(
        number(&store, "SELECT COUNT(*) FROM message").await,
        4 - left,
        "an end and its pair go together"
    );
    gate.add_permits(10);
    let probe = Probe::new(sending);
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    until_empty(&store).await;
    let first = usize::try_from(4 - left).unwrap();
    assert_eq!(probe.seen(|seen| seen.in_lane("a")), texts("a", first..4));
    assert!(doubts(&probe, "a")[0]);
    until("all pairs are stored", async || number(&store, "SELECT COUNT(*) FROM message").await == 4).await;
    stop(queue).await;
}
