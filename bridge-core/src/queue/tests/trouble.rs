//! Jobs that fail: what each kind of failure leads to.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::probe::{LONG, Probe, event, pair, stop, until_empty};
use crate::error::JobError;
use crate::queue::{Closing, Queue};
use crate::store::tests::engine::{Database, each_engine, number, until};

each_engine! {
    a_panic_parks_the_job
    a_retry_backs_off
    a_told_wait_is_kept_exactly
    a_wait_in_the_middle_is_kept_and_what_was_done_is_looked_for
    a_wake_during_a_try_counts
    a_wake_ends_the_wait
    an_uncertain_effect_is_said_the_next_time
    what_is_given_up_is_kept_and_the_lane_goes_on
}

async fn what_is_given_up_is_kept_and_the_lane_goes_on(db: &Database) {
    let store = db.store().await;
    let probe = Probe::new(|job| async move {
        match job.payload.as_str() {
            "1" => Err(JobError::Reject("Too big.".to_owned())),
            "2" => Err(JobError::Park("no such field".to_owned())),
            "3" => Err(JobError::Park("panic while telling".to_owned())),
            "4" => Err(JobError::Park("nul \0 inside".to_owned())),
            _ => Ok(Closing { pairs: vec![pair("5\0")], sent: true, ..Closing::default() }),
        }
    });
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    let events = ["1", "2", "3", "4", "5"].map(|text| event("a", text));
    queue.inbox().deliver_all(events.into()).await.unwrap();
    until_empty(&store).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a")), ["1", "2", "3", "4", "5"]);
    let told = probe.seen(|seen| seen.given_up[..2].to_vec());
    let told: Vec<_> = told.iter().map(|(text, reason, person)| (&text[..], &reason[..], *person)).collect();
    assert_eq!(told, [("1", "Too big.", true), ("2", "no such field", false)]);
    let kept = store.dead_letters(10).await.unwrap();
    let causes: Vec<_> = kept.iter().map(|row| row.cause.as_str()).collect();
    assert_eq!(causes, ["Too big.", "no such field", "panic while telling", "nul \u{fffd} inside"]);
    assert_eq!(
        number(&store, "SELECT COUNT(*) FROM dead_letter WHERE payload IN ('1', '2', '3', '4')").await,
        4
    );
    // It stays known: the same event is not worked again.
    queue.inbox().deliver_all(vec![event("a", "1")]).await.unwrap();
    stop(queue).await;
    assert_eq!(probe.seen(|seen| seen.tried.len()), 5);
}

async fn a_panic_parks_the_job(db: &Database) {
    let store = db.store().await;
    let probe = Probe::new(|job| {
        // One before there is a future, one inside it.
        assert!(job.payload != "1", "a fault in front");
        async move {
            assert!(job.payload != "2", "a fault inside");
            tokio::task::yield_now().await;
            assert!(job.payload != "3", "a fault after a wait");
            Ok(Closing::default())
        }
    });
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    let events = ["1", "2", "3", "4"].map(|text| event("a", text));
    queue.inbox().deliver_all(events.into()).await.unwrap();
    until_empty(&store).await;
    assert_eq!(probe.seen(|seen| seen.done.clone()), ["4"]);
    let kept = store.dead_letters(10).await.unwrap();
    assert_eq!(kept.len(), 3);
    assert!(kept.iter().all(|row| row.cause.contains("a fault of its own") && row.attempts == 1), "{kept:?}");
    assert!(probe.seen(|seen| seen.given_up.iter().all(|(_, _, for_person)| !for_person)));
    stop(queue).await;
}

async fn a_retry_backs_off(db: &Database) {
    let store = db.store().await;
    let probe = Probe::new(|job| async move {
        if job.attempts < 2 { Err(JobError::Retry("not yet".to_owned())) } else { Ok(Closing::default()) }
    });
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    queue.inbox().deliver_all(vec![event("a", "1"), event("a", "2")]).await.unwrap();
    probe.until("the first is done", |seen| !seen.done.is_empty()).await;
    probe.seen(|seen| {
        let tries: Vec<_> = seen.tried.iter().filter(|tried| tried.job.payload == "1").collect();
        assert_eq!(tries.iter().map(|tried| tried.job.attempts).collect::<Vec<_>>(), [0, 1, 2]);
        // Half a second and one second, a quarter less at most.
        assert!(tries[1].at - tries[0].at >= Duration::from_millis(375));
        assert!(tries[2].at - tries[1].at >= Duration::from_millis(750));
        assert!(tries.iter().all(|tried| !tried.job.maybe_sent), "a failure that is certain had no effect");
    });
    until("the second is done", async || {
        queue.retry_now();
        probe.seen(|seen| seen.done.len()) == 2
    })
    .await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a")), ["1", "1", "1", "2", "2", "2"]);
    stop(queue).await;
}

async fn a_told_wait_is_kept_exactly(db: &Database) {
    const TOLD: Duration = Duration::from_millis(400);
    let store = db.store().await;
    let first = Semaphore::new(1);
    let probe = Probe::new(move |_| {
        let told = first.try_acquire().map(tokio::sync::SemaphorePermit::forget).is_ok();
        async move { if told { Err(JobError::RetryAfter(TOLD)) } else { Ok(Closing::default()) } }
    });
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    queue.inbox().deliver_all(vec![event("a", "1")]).await.unwrap();
    until("it is done", async || {
        // The network's word stands above everything that may have changed meanwhile.
        queue.waker().retry_now();
        probe.seen(|seen| seen.done.len()) == 1
    })
    .await;
    probe.seen(|seen| {
        let waited = seen.tried[1].at - seen.tried[0].at;
        assert!(waited >= TOLD && waited < TOLD + LONG, "{waited:?}");
        assert_eq!((seen.tried.len(), seen.tried[1].job.attempts), (2, 0), "a told wait is no failure");
    });
    stop(queue).await;
}

async fn a_wait_in_the_middle_is_kept_and_what_was_done_is_looked_for(db: &Database) {
    const TOLD: Duration = Duration::from_millis(300);
    let store = db.store().await;
    let probe = Probe::new(|job| async move {
        if job.maybe_sent || job.payload != "1" {
            Ok(Closing::default())
        } else {
            Err(JobError::ResumeAfter(TOLD))
        }
    });
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    queue.inbox().deliver_all(vec![event("a", "1"), event("a", "2")]).await.unwrap();
    until_empty(&store).await;
    probe.seen(|seen| {
        assert_eq!(seen.in_lane("a"), ["1", "1", "2"]);
        let waited = seen.tried[1].at - seen.tried[0].at;
        assert!(waited >= TOLD && waited < TOLD + LONG, "{waited:?}");
        assert_eq!(seen.tried[1].job.attempts, 0, "a told wait is no failure");
        assert!(!seen.tried[2].job.maybe_sent, "the next job was not begun");
    });
    stop(queue).await;
}

async fn a_wake_ends_the_wait(db: &Database) {
    let store = db.store().await;
    let probe = Probe::new(|job| async move {
        if job.attempts < 7 { Err(JobError::Retry("not yet".to_owned())) } else { Ok(Closing::default()) }
    });
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    let started = Instant::now();
    queue.inbox().deliver_all(vec![event("a", "1")]).await.unwrap();
    until("it is done", async || {
        queue.retry_now();
        probe.seen(|seen| seen.done.len()) == 1
    })
    .await;
    // Alone it would take 63 s, a quarter less at most.
    assert!(started.elapsed() < LONG, "{:?}", started.elapsed());
    stop(queue).await;
}

async fn a_wake_during_a_try_counts(db: &Database) {
    let store = db.store().await;
    let gate = Arc::new(Semaphore::new(0));
    let opened = Arc::clone(&gate);
    let probe = Probe::new(move |_| {
        let gate = Arc::clone(&opened);
        async move {
            gate.acquire().await.unwrap().forget();
            Err(JobError::Retry("what it lacks came too late".to_owned()))
        }
    });
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    let started = Instant::now();
    queue.inbox().deliver_all(vec![event("a", "1")]).await.unwrap();
    for tries in 1..=7 {
        probe.until("it is at work", |seen| seen.tried.len() == tries).await;
        queue.retry_now();
        gate.add_permits(1);
    }
    assert!(started.elapsed() < LONG, "{:?}", started.elapsed());
    gate.add_permits(1);
    stop(queue).await;
}

async fn an_uncertain_effect_is_said_the_next_time(db: &Database) {
    let store = db.store().await;
    let probe = Probe::new(|job| async move {
        match (job.payload.as_str(), job.attempts) {
            ("1", 0) => Err(JobError::Uncertain("cut off".to_owned())),
            ("1", 1) => Err(JobError::Retry("not yet".to_owned())),
            _ => Ok(Closing::default()),
        }
    });
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    queue.inbox().deliver_all(vec![event("a", "1"), event("a", "2")]).await.unwrap();
    until("both are done", async || {
        queue.retry_now();
        probe.seen(|seen| seen.done.len()) == 2
    })
    .await;
    let said: Vec<bool> = probe.seen(|seen| seen.tried.iter().map(|tried| tried.job.maybe_sent).collect());
    assert_eq!(said, [false, true, true, false]);
    stop(queue).await;
}
