//! Stopping: what is begun ends, what is not begun stays.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::probe::{Probe, deliver, event, stop};
use crate::error::JobError;
use crate::queue::{Closing, Queue};
use crate::store::tests::engine::{Database, PATIENCE, each_engine, number};

each_engine! {
    does_not_wait_for_a_lane_that_waits
    gives_up_waiting_after_the_grace
    refuses_events_afterwards
    what_is_begun_ends_and_no_other_begins
}

async fn what_is_begun_ends_and_no_other_begins(db: &Database) {
    const AT_WORK: usize = 256;
    let store = db.store().await;
    let gate = Arc::new(Semaphore::new(0));
    let opened = Arc::clone(&gate);
    let probe = Probe::new(move |_| {
        let gate = Arc::clone(&opened);
        async move {
            let _open = gate.acquire().await.unwrap();
            Ok(Closing::default())
        }
    });
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    // More lanes than may work at once, two jobs in each.
    let jobs = (0..600).map(|number| event(&format!("l{}", number / 2), number)).collect();
    queue.inbox().deliver_all(jobs).await.unwrap();
    probe.until("all places are taken", |seen| seen.tried.len() == AT_WORK).await;
    let inner = Arc::clone(&queue.lanes);
    let mut stopping = tokio::task::JoinSet::from_iter([stop(queue)]);
    tokio::time::timeout(PATIENCE, inner.stop.cancelled()).await.unwrap();
    gate.add_permits(AT_WORK);
    stopping.join_next().await.unwrap().unwrap();
    assert_eq!(probe.seen(|seen| (seen.tried.len(), seen.done.len())), (AT_WORK, AT_WORK));
    assert_eq!(number(&store, "SELECT COUNT(*) FROM job").await, 600 - 256, "what is done is committed");
}

async fn does_not_wait_for_a_lane_that_waits(db: &Database) {
    let store = db.store().await;
    let probe = Probe::new(|job| async move {
        match job.lane.as_str() {
            "told" => Err(JobError::RetryAfter(Duration::from_hours(1))),
            _ => Err(JobError::Retry("never".to_owned())),
        }
    });
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    deliver(queue.inbox(), "told", 0..2).await;
    deliver(queue.inbox(), "failing", 0..2).await;
    probe.until("both lanes wait", |seen| seen.tried.len() >= 2).await;
    stop(queue).await;
    assert_eq!(number(&store, "SELECT COUNT(*) FROM job").await, 4);
    assert_eq!(probe.seen(|seen| seen.given_up.len()), 0);
}

async fn gives_up_waiting_after_the_grace(db: &Database) {
    let store = db.store().await;
    let probe = Probe::new(|_| std::future::pending());
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    deliver(queue.inbox(), "a", 0..1).await;
    probe.until("it is at work", |seen| seen.tried.len() == 1).await;
    tokio::time::timeout(PATIENCE, queue.stop(Duration::from_millis(20))).await.unwrap();
    assert_eq!(number(&store, "SELECT COUNT(*) FROM job").await, 1);
}

async fn refuses_events_afterwards(db: &Database) {
    let store = db.store().await;
    let queue = Queue::start(store.clone(), Probe::willing()).await.unwrap();
    let inbox = queue.inbox().clone();
    deliver(&inbox, "a", 0..3).await;
    stop(queue).await;
    let words = inbox.deliver_all(vec![event("a", "late")]).await.unwrap_err().0;
    assert!(words.contains("stopping"), "{words}");
    assert_eq!(number(&store, "SELECT COUNT(*) FROM seen WHERE dedup = 'late'").await, 0);
}
