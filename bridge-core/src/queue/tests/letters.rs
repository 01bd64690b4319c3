//! Dead letters that are tried again: behind what waits, under their own keys, once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::probe::{Probe, event, stop, until_empty};
use super::process::Process;
use crate::clock::Clock;
use crate::error::JobError;
use crate::queue::{Closing, Queue};
use crate::store::Store;
use crate::store::letter_id::LetterId;
use crate::store::tests::engine::{Database, each_engine, until};

each_engine! { a_letter_is_tried_again_at_the_end_of_its_lane what_fails_again_is_the_same_letter }
each_engine! { durable: another_process_says_so what_is_tried_again_survives_a_kill while_stopped }

/// Refuses `bad` as long as it is told to.
fn refusing(refuses: &Arc<AtomicBool>) -> Arc<Probe> {
    let refuses = Arc::clone(refuses);
    Probe::new(move |job| {
        let refuses = Arc::clone(&refuses);
        async move {
            if job.payload == "bad" && refuses.load(Ordering::Relaxed) {
                return Err(JobError::Reject("Not now.".to_owned()));
            }
            Ok(Closing::default())
        }
    })
}

async fn letter(store: &Store) -> LetterId {
    until("there is a letter", async || store.count_dead_letters().await.unwrap().all == 1).await;
    store.dead_letters(1).await.unwrap()[0].letter_id()
}

async fn until_gone(store: &Store) {
    until("the letter is gone", async || store.count_dead_letters().await.unwrap().all == 0).await;
}

async fn a_letter_is_tried_again_at_the_end_of_its_lane(db: &Database) {
    let store = db.store().await;
    let refuses = Arc::new(AtomicBool::new(true));
    let probe = refusing(&refuses);
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    queue.inbox().deliver_all(vec![event("a", "bad"), event("a", "good")]).await.unwrap();
    until_empty(&store).await;
    let id = letter(&store).await;
    refuses.store(false, Ordering::Relaxed);
    assert!(store.retry_dead_letter(id).await.unwrap());
    until_gone(&store).await;
    until_empty(&store).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a")), ["bad", "good", "bad"]);
    assert_eq!(probe.seen(|seen| seen.recovered.clone()), ["bad"]);
    let (first, again) = probe.seen(|seen| (seen.tried[0].job.clone(), seen.tried[2].job.clone()));
    assert_eq!((&again.dedup, again.attempts, again.letter_id), (&first.dedup, 0, Some(LetterId(first.id))));
    assert!(again.maybe_sent && again.id > first.id, "a part may be there: {again:?}");
    // What comes later has nothing to do with it.
    queue.inbox().deliver_all(vec![event("a", "later")]).await.unwrap();
    until_empty(&store).await;
    assert!(probe.seen(|seen| !seen.tried[3].job.maybe_sent));
    stop(queue).await;
}

async fn what_fails_again_is_the_same_letter(db: &Database) {
    let store = db.store().await;
    let refuses = Arc::new(AtomicBool::new(true));
    let probe = refusing(&refuses);
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    queue.inbox().deliver_all(vec![event("a", "bad")]).await.unwrap();
    let id = letter(&store).await;
    store.retry_all_dead_letters().await.unwrap();
    probe.until("it is given up again", |seen| seen.given_up.len() == 2).await;
    until_empty(&store).await;
    let row = store.dead_letter(id).await.unwrap().unwrap();
    assert_eq!((row.attempts, row.retry_id, row.class.as_str()), (2, None, "rejected"));
    refuses.store(false, Ordering::Relaxed);
    assert!(store.retry_dead_letter(id).await.unwrap());
    until_gone(&store).await;
    stop(queue).await;
}

async fn another_process_says_so(db: &Database) {
    let store = db.store().await;
    let refuses = Arc::new(AtomicBool::new(true));
    let probe = refusing(&refuses);
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    queue.inbox().deliver_all(vec![event("a", "bad")]).await.unwrap();
    let id = letter(&store).await;
    refuses.store(false, Ordering::Relaxed);
    let beside = Store::open_beside(&db.url, Clock::system()).await.unwrap();
    assert!(beside.retry_dead_letter(id).await.unwrap());
    until_gone(&beside).await;
    beside.close().await;
    assert_eq!(probe.seen(|seen| seen.recovered.clone()), ["bad"]);
    stop(queue).await;
}

async fn what_is_tried_again_survives_a_kill(db: &Database) {
    let hanging = Probe::new(|job| async move {
        match job.letter_id {
            None => Err(JobError::Park("odd".to_owned())),
            Some(_) => std::future::pending().await,
        }
    });
    let process = Process::start(db, Arc::clone(&hanging)).await;
    process.inbox().deliver_all(vec![event("a", "bad")]).await.unwrap();
    let beside = Store::open_beside(&db.url, Clock::system()).await.unwrap();
    let id = letter(&beside).await;
    assert!(beside.retry_dead_letter(id).await.unwrap());
    hanging.until("it is tried again", |seen| seen.tried.len() == 2).await;
    beside.close().await;
    drop(beside);
    process.kill(db).await;
    let store = db.store().await;
    assert!(!store.drop_dead_letter(id).await.unwrap(), "it is being tried");
    let probe = Probe::willing();
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    until_gone(&store).await;
    until_empty(&store).await;
    assert_eq!(probe.seen(|seen| (seen.in_lane("a"), seen.recovered.len())), (vec!["bad".to_owned()], 1));
    stop(queue).await;
}

async fn while_stopped(db: &Database) {
    let process = Process::start(db, Probe::new(|_| async { Err(JobError::Park("odd".to_owned())) })).await;
    process.inbox().deliver_all(vec![event("a", "1"), event("b", "2")]).await.unwrap();
    let beside = Store::open_beside(&db.url, Clock::system()).await.unwrap();
    until("there are letters", async || beside.count_dead_letters().await.unwrap().all == 2).await;
    beside.close().await;
    drop(beside);
    process.kill(db).await;
    let beside = Store::open_beside(&db.url, Clock::system()).await.unwrap();
    assert_eq!(beside.retry_all_dead_letters().await.unwrap(), 2);
    beside.close().await;
    drop(beside);
    let store = db.store().await;
    let probe = Probe::willing();
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    until_gone(&store).await;
    assert_eq!(probe.seen(|seen| seen.recovered.len()), 2);
    stop(queue).await;
}
