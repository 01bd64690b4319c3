//! Accepting: committed before it is answered, many at a time, once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use tokio::time::Instant;

use super::probe::{Probe, event, stop, until_empty};
use crate::clock::Clock;
use crate::event::Scope;
use crate::id::{ChatId, ChatKey, DedupKey, LoginId};
use crate::queue::{Delivered, Queue, Source};
use crate::store::tests::engine::{Database, Engine, each_engine, number, run_on_one_thread, until};

each_engine! {
    answers_after_the_commit
    does_not_wait_for_company
    forgets_after_a_week
    keeps_the_payload_as_it_came
    knows_what_it_accepted
    replaces_what_no_database_keeps
}
each_engine! { durable: knows_it_after_a_restart }

const ONCE: [Delivered; 1] = [Delivered::New];
const AGAIN: [Delivered; 1] = [Delivered::Known];

async fn answers_after_the_commit(db: &Database) {
    let store = db.store().await;
    let never = Probe::new(|_| std::future::pending());
    let queue = Queue::start(store.clone(), never).await.unwrap();
    for text in ["1", "2", "3"] {
        assert_eq!(queue.inbox().deliver_all(vec![event("a", text)]).await.unwrap(), ONCE);
        let stored = format!("SELECT COUNT(*) FROM job WHERE payload = '{text}'");
        assert_eq!(number(&store, &stored).await, 1);
    }
    assert_eq!(queue.inbox().deliver_all(Vec::new()).await.unwrap(), []);
    queue.stop(Duration::ZERO).await;
}

async fn does_not_wait_for_company(db: &Database) {
    let queue = Queue::start(db.store().await, Probe::willing()).await.unwrap();
    let mut text = 0;
    // What is done waits for 50 ms; what is accepted for nothing but the disk, which may be busy now and then.
    until("one is accepted at once", async || {
        text += 1;
        let started = Instant::now();
        queue.inbox().deliver_all(vec![event("a", text)]).await.unwrap();
        started.elapsed() < Duration::from_millis(40)
    })
    .await;
    stop(queue).await;
}

async fn knows_what_it_accepted(db: &Database) {
    let store = db.store().await;
    let probe = Probe::willing();
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    let inbox = queue.inbox();
    let together = vec![event("a", "1"), event("a", "2"), event("a", "1")];
    let answers = inbox.deliver_all(together).await.unwrap();
    assert_eq!(answers, [Delivered::New, Delivered::New, Delivered::Known]);
    // Also while it is worked, when it is done, and under another lane.
    assert_eq!(inbox.deliver_all(vec![event("a", "2")]).await.unwrap(), AGAIN);
    until_empty(&store).await;
    assert_eq!(inbox.deliver_all(vec![event("b", "2"), event("a", "3")]).await.unwrap()[0], Delivered::Known);
    let mut matrix = event("a", "1");
    matrix.source = Source::Matrix;
    assert_eq!(inbox.deliver_all(vec![matrix]).await.unwrap(), ONCE);
    // Many senders with the same event: one of them brings it.
    let answers = join_all((0..20).map(|_| inbox.deliver_all(vec![event("a", "4")]))).await;
    assert_eq!(answers.into_iter().filter(|answer| answer.as_ref().unwrap()[..] == ONCE).count(), 1);
    until_empty(&store).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a")), ["1", "2", "3", "1", "4"]);
    stop(queue).await;
}

async fn knows_it_after_a_restart(db: &Database) {
    for round in 0..3 {
        let store = db.store().await;
        let probe = Probe::willing();
        let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
        let answer = queue.inbox().deliver_all(vec![event("a", "1")]).await.unwrap();
        assert_eq!(answer, if round == 0 { ONCE } else { AGAIN });
        until_empty(&store).await;
        assert_eq!(probe.seen(|seen| seen.tried.len()), usize::from(round == 0));
        stop(queue).await;
        store.close().await;
    }
}

async fn forgets_after_a_week(db: &Database) {
    const DAY: Duration = Duration::from_hours(24);
    let clock = Clock::manual(1_700_000_000_000);
    let store = db.store_at(clock.clone()).await;
    let queue = Queue::start(store.clone(), Probe::willing()).await.unwrap();
    queue.inbox().deliver_all(vec![event("a", "old")]).await.unwrap();
    stop(queue).await;
    clock.advance(DAY * 6);
    // What is too old goes with a queue's first commit.
    let queue = Queue::start(store.clone(), Probe::willing()).await.unwrap();
    queue.inbox().deliver_all(vec![event("a", "young")]).await.unwrap();
    assert_eq!(queue.inbox().deliver_all(vec![event("a", "old")]).await.unwrap(), AGAIN);
    stop(queue).await;
    clock.advance(DAY * 2);
    let queue = Queue::start(store.clone(), Probe::willing()).await.unwrap();
    queue.inbox().deliver_all(vec![event("a", "new")]).await.unwrap();
    assert_eq!(queue.inbox().deliver_all(vec![event("a", "old")]).await.unwrap(), ONCE);
    assert_eq!(queue.inbox().deliver_all(vec![event("a", "young")]).await.unwrap(), AGAIN);
    stop(queue).await;
}

async fn keeps_the_payload_as_it_came(db: &Database) {
    let probe = Probe::willing();
    let queue = Queue::start(db.store().await, Arc::clone(&probe)).await.unwrap();
    let inbox = queue.inbox().of_login(LoginId::new("L1"));
    let payload = "{ \"b\": 1,\n \"a\": \"\\u0000 \u{1f600}\", \"b\": 2 }";
    let chat = ChatKey { chat_id: ChatId::new("C1"), receiver: Some(LoginId::new("L1")) };
    inbox.deliver(&Scope::Chat(chat.clone()), DedupKey::new("1"), payload.to_owned()).await.unwrap();
    inbox.deliver(&Scope::Network, DedupKey::new("2"), String::new()).await.unwrap();
    probe.until("both were tried", |seen| seen.tried.len() == 2).await;
    probe.seen(|seen| {
        let job = &seen.tried.iter().find(|tried| tried.job.dedup.as_str() == "1").unwrap().job;
        assert_eq!(job.payload, payload);
        assert_eq!(job.lane.as_str(), format!("chat:{chat}"));
        assert_eq!((job.source, job.login_id.clone()), (Source::Remote, Some(LoginId::new("L1"))));
        assert_eq!((job.attempts, job.maybe_sent), (0, false));
    });
    stop(queue).await;
}

async fn replaces_what_no_database_keeps(db: &Database) {
    let store = db.store().await;
    let probe = Probe::willing();
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    let bad = || event("a\0", "1\0");
    assert_eq!(queue.inbox().deliver_all(vec![bad()]).await.unwrap(), ONCE);
    assert_eq!(queue.inbox().deliver_all(vec![bad(), event("a", "2")]).await.unwrap()[0], Delivered::Known);
    until_empty(&store).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a\u{fffd}")), ["1\u{fffd}"]);
    stop(queue).await;
}

/// Counts the queue's commits.
#[derive(Default)]
struct Commits(Arc<AtomicU64>);

impl metrics::Recorder for Commits {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        match key.name() {
            "bridge_commits_total" => Counter::from_arc(Arc::clone(&self.0)),
            _ => Counter::noop(),
        }
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

fn what_waits_is_committed_together(engine: Engine) {
    let commits = Commits::default();
    // The recorder is this thread's, so everything runs on it.
    metrics::with_local_recorder(&commits, || {
        run_on_one_thread(engine, async |db| {
            let never = Probe::new(|_| std::future::pending());
            let queue = Queue::start(db.store().await, never).await.unwrap();
            let inbox = queue.inbox();
            let one = inbox.deliver_all(vec![event("a", "alone")]).await.unwrap();
            assert_eq!((one.len(), commits.0.load(Ordering::Relaxed)), (1, 1));
            let many = join_all((0..100).map(|text| inbox.deliver_all(vec![event("a", text)]))).await;
            assert!(many.into_iter().all(|answer| answer.unwrap() == ONCE));
            // Those that come before the committer's turn, and those that come while it commits.
            let together = commits.0.load(Ordering::Relaxed) - 1;
            assert!((1..=3).contains(&together), "{together} commits for 100 deliveries");
            queue.stop(Duration::ZERO).await;
        });
    });
}

#[test]
fn what_waits_is_committed_together_memory() {
    what_waits_is_committed_together(Engine::Memory);
}

#[test]
fn what_waits_is_committed_together_file() {
    what_waits_is_committed_together(Engine::File);
}

#[test]
fn what_waits_is_committed_together_postgres() {
    what_waits_is_committed_together(Engine::Postgres);
}
