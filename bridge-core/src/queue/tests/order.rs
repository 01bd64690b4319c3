//! Order within a lane, independence between lanes, and a bounded memory.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use tokio::sync::Semaphore;

use super::probe::{Probe, deliver, event, stop, texts, until_empty};
use crate::queue::{Closing, Job, Lane, Queue};
use crate::store::queue as table;
use crate::store::tests::engine::{Database, each_engine, number, until};

each_engine! {
    a_backlog_of_many_lanes_stays_in_the_table
    a_long_lane_stays_in_the_table
    a_stalled_lane_delays_no_other
    every_lane_keeps_its_order
}

async fn every_lane_keeps_its_order(db: &Database) {
    const LANES: usize = 50;
    const JOBS: usize = 200;
    let store = db.store().await;
    let at_work: Arc<Mutex<HashSet<Lane>>> = Arc::default();
    let probe = Probe::new(move |job| {
        let at_work = Arc::clone(&at_work);
        async move {
            assert!(at_work.lock().unwrap().insert(job.lane.clone()), "two jobs of a lane at work");
            // Different for each job, and the same each time.
            for _ in 0..job.id.rotate_left(7) % 5 {
                tokio::task::yield_now().await;
            }
            at_work.lock().unwrap().remove(&job.lane);
            Ok(Closing::default())
        }
    });
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    let inbox = queue.inbox();
    join_all((0..LANES).map(|lane| async move {
        let lane = format!("l{lane}");
        for start in (0..JOBS).step_by(20) {
            deliver(inbox, &lane, start..start + 20).await;
        }
    }))
    .await;
    until_empty(&store).await;
    for lane in (0..LANES).map(|lane| format!("l{lane}")) {
        assert_eq!(probe.seen(|seen| seen.in_lane(&lane)), texts(&lane, 0..JOBS), "{lane}");
    }
    assert_eq!(probe.seen(|seen| seen.given_up.len()), 0);
    stop(queue).await;
}

async fn a_stalled_lane_delays_no_other(db: &Database) {
    let store = db.store().await;
    let gate = Arc::new(Semaphore::new(0));
    let opened = Arc::clone(&gate);
    let probe = Probe::new(move |job| {
        let gate = Arc::clone(&opened);
        async move {
            if job.lane.as_str() == "stalled" {
                gate.acquire().await.unwrap().forget();
            }
            Ok(Closing::default())
        }
    });
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    deliver(queue.inbox(), "stalled", 0..5).await;
    probe.until("the lane stalls", |seen| seen.tried.len() == 1).await;
    for lane in ["a", "b", "c"] {
        deliver(queue.inbox(), lane, 0..50).await;
    }
    probe.until("the others are done", |seen| seen.done.len() == 150).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("stalled").len()), 1);
    gate.add_permits(5);
    until_empty(&store).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("stalled")), texts("stalled", 0..5));
    stop(queue).await;
}

async fn a_long_lane_stays_in_the_table(db: &Database) {
    const JOBS: usize = 10_000;
    let store = db.store().await;
    let most: Arc<AtomicUsize> = Arc::default();
    let gate = Arc::new(Semaphore::new(0));
    let opened = Arc::clone(&gate);
    let probe = Probe::new(move |_| {
        let gate = Arc::clone(&opened);
        async move {
            gate.acquire().await.unwrap().forget();
            Ok(Closing::default())
        }
    });
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    let watch = || most.fetch_max(queue.lanes.resident(), Ordering::Relaxed);
    for start in (0..JOBS).step_by(500) {
        deliver(queue.inbox(), "a", start..start + 500).await;
        watch();
        // Some are worked while others come.
        gate.add_permits(100);
    }
    assert!(number(&store, "SELECT COUNT(*) FROM job WHERE lane = 'a'").await > 7_000);
    gate.add_permits(JOBS);
    until("all are done", async || {
        watch();
        probe.seen(|seen| seen.done.len()) == JOBS
    })
    .await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a")), texts("a", 0..JOBS));
    // A window, and another that is being read.
    let most = most.load(Ordering::Relaxed);
    assert!((1..=256).contains(&most), "{most} jobs were in memory");
    until_empty(&store).await;
    until("the lane is forgotten", async || queue.lanes.len() == 0).await;
    assert_eq!(queue.lanes.resident(), 0);
    stop(queue).await;
}

async fn a_backlog_of_many_lanes_stays_in_the_table(db: &Database) {
    const LANES: i64 = 300;
    const JOBS: i64 = 100;
    let store = db.store().await;
    let jobs: Vec<Job> = (0..LANES * JOBS)
        .map(|number| Job {
            id: number + 1,
            lane: Lane::stored(format!("l{}", number % LANES)),
            source: crate::queue::Source::Remote,
            login_id: None,
            dedup: event("", number).dedup,
            payload: format!("{number:06}"),
            accepted_at: 1,
            attempts: 0,
            maybe_sent: false,
            letter_id: None,
        })
        .collect();
    let mut tx = store.begin().await.unwrap();
    table::insert_jobs(&mut tx, &jobs).await.unwrap();
    tx.commit().await.unwrap();

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
    probe.until("as many as may are at work", |seen| seen.tried.len() == 256).await;
    until("the others have read too", async || {
        let resident = queue.lanes.resident();
        // Each lane holds one at least, which its worker has taken out.
        assert!(resident <= 16_384 + 300, "{resident} jobs are in memory");
        resident > 10_000
    })
    .await;
    gate.add_permits(256);
    until_empty(&store).await;
    let of_lane =
        |lane: i64| (0..JOBS).map(move |job| format!("{:06}", job * LANES + lane)).collect::<Vec<_>>();
    for lane in 0..LANES {
        assert_eq!(probe.seen(|seen| seen.in_lane(&format!("l{lane}"))), of_lane(lane));
    }
    until("the lanes are forgotten", async || queue.lanes.len() == 0).await;
    assert_eq!(queue.lanes.resident(), 0);
    stop(queue).await;
}
