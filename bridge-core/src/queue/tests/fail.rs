//! A database that fails for a while: nothing is acknowledged, nothing is lost.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::probe::{Probe, event, pair, stop, until_empty};
use crate::error::JobError;
use crate::queue::{Closing, Delivered, Inbox, InboxError, Queue};
use crate::store::tests::engine::{Database, Engine, each_engine, number, sql, sql_in, until};

each_engine! {
    keeps_what_is_done_until_it_can_be_committed
    parks_when_the_table_is_back
    refuses_what_it_cannot_store
    works_what_was_stored_and_refused
}
each_engine! { durable: shows_pairs_before_their_commit }

/// Delivers until it is taken: a commit or two may still fail after the cause is gone.
async fn insist(inbox: &Inbox, text: &str) {
    until("the event is accepted", async || inbox.deliver_all(vec![event("a", text)]).await.is_ok()).await;
}

async fn refuses_what_it_cannot_store(db: &Database) {
    let store = db.store().await;
    let probe = Probe::willing();
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    sql(&store, "ALTER TABLE job RENAME TO away").await;
    for _ in 0..2 {
        let InboxError(words) = queue.inbox().deliver_all(vec![event("a", "1")]).await.unwrap_err();
        assert!(words.contains("database"), "{words}");
    }
    assert_eq!(number(&store, "SELECT COUNT(*) FROM seen").await, 0, "what is refused must not be known");
    sql(&store, "ALTER TABLE away RENAME TO job").await;
    // The second delivery is the first one stored.
    assert_eq!(queue.inbox().deliver_all(vec![event("a", "1")]).await.unwrap(), [Delivered::New]);
    until_empty(&store).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a")), ["1"]);
    stop(queue).await;
}

async fn keeps_what_is_done_until_it_can_be_committed(db: &Database) {
    let store = db.store().await;
    let gate = Arc::new(Semaphore::new(0));
    let opened = Arc::clone(&gate);
    let probe = Probe::new(move |job| {
        let gate = Arc::clone(&opened);
        async move {
            gate.acquire().await.unwrap().forget();
            Ok(Closing { pairs: vec![pair(&job.payload)], sent: true, ..Closing::default() })
        }
    });
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    queue.inbox().deliver_all(vec![event("a", "1"), event("b", "2")]).await.unwrap();
    sql(&store, "ALTER TABLE message RENAME TO away").await;
    gate.add_permits(2);
    probe.until("both are done", |seen| seen.done.len() == 2).await;
    // This one shares its commit with the ends, so its refusal shows that they were not committed either.
    until("a commit fails", async || queue.inbox().deliver_all(vec![event("c", "3")]).await.is_err()).await;
    assert_eq!(number(&store, "SELECT COUNT(*) FROM job WHERE lane <> 'c'").await, 2);
    sql(&store, "ALTER TABLE away RENAME TO message").await;
    gate.add_permits(10);
    until_empty(&store).await;
    insist(queue.inbox(), "4").await;
    until_empty(&store).await;
    assert_eq!(
        probe.seen(|seen| (seen.in_lane("a"), seen.in_lane("b"))),
        (vec!["1".into(), "4".into()], vec!["2".into()])
    );
    assert_eq!(number(&store, "SELECT COUNT(*) FROM message WHERE message_id IN ('1', '2', '4')").await, 3);
    stop(queue).await;
}

async fn parks_when_the_table_is_back(db: &Database) {
    let store = db.store().await;
    let probe = Probe::new(|job| async move {
        if job.payload == "1" {
            Err(JobError::Park("cannot be read".to_owned()))
        } else {
            Ok(Closing::default())
        }
    });
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    sql(&store, "ALTER TABLE dead_letter RENAME TO away").await;
    queue.inbox().deliver_all(vec![event("a", "1"), event("a", "2")]).await.unwrap();
    probe.until("it is given up", |seen| seen.given_up.len() == 1).await;
    until("a commit fails", async || queue.inbox().deliver_all(vec![event("b", "3")]).await.is_err()).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a")), ["1"], "the lane goes on only after the commit");
    sql(&store, "ALTER TABLE away RENAME TO dead_letter").await;
    until_empty(&store).await;
    assert_eq!(
        probe.seen(|seen| (seen.in_lane("a"), seen.given_up.len())),
        (vec!["1".into(), "2".into()], 1)
    );
    assert_eq!(store.count_dead_letters().await.unwrap().all, 1);
    stop(queue).await;
}

async fn works_what_was_stored_and_refused(db: &Database) {
    let store = db.store().await;
    let probe = Probe::willing();
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    queue.inbox().deliver_all(vec![event("a", "1")]).await.unwrap();
    until_empty(&store).await;
    sql(&store, "ALTER TABLE seen RENAME TO away").await;
    assert!(queue.inbox().deliver_all(vec![event("a", "2")]).await.is_err());
    // As if the answer to the commit had been lost and not the commit.
    let mut tx = store.begin().await.unwrap();
    let id = (store.clock().now_ms() + 1) << 20;
    let job = format!(
        "INSERT INTO job (id, lane, source, login_id, dedup, payload, accepted_at) VALUES ({id}, 'a', 'remote', '', '2', '2', 1)"
    );
    sql_in(&mut tx, &job).await;
    sql_in(&mut tx, "INSERT INTO away (source, dedup, seen_at) VALUES ('remote', '2', 9000000000000)").await;
    sql_in(&mut tx, "ALTER TABLE away RENAME TO seen").await;
    tx.commit().await.unwrap();
    // Worked without another delivery; the second delivery is known, the next event comes behind it.
    until_empty(&store).await;
    assert_eq!(queue.inbox().deliver_all(vec![event("a", "2")]).await.unwrap(), [Delivered::Known]);
    assert_eq!(queue.inbox().deliver_all(vec![event("a", "3")]).await.unwrap(), [Delivered::New]);
    until_empty(&store).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a")), ["1", "2", "3"]);
    stop(queue).await;
}

async fn shows_pairs_before_their_commit(db: &Database) {
    let store = db.store().await;
    let gate = Arc::new(Semaphore::new(0));
    let opened = Arc::clone(&gate);
    let probe = Probe::new(move |job| {
        let gate = Arc::clone(&opened);
        async move {
            gate.acquire().await.unwrap().forget();
            Ok(Closing { pairs: vec![pair(&job.payload)], sent: true, ..Closing::default() })
        }
    });
    let queue = Queue::start(store.clone(), probe).await.unwrap();
    queue.inbox().deliver_all(vec![event("a", "1")]).await.unwrap();
    // Nobody else writes from here on.
    let mut tx = store.begin().await.unwrap();
    if db.engine == Engine::Postgres {
        sql_in(&mut tx, "LOCK TABLE message IN EXCLUSIVE MODE").await;
    }
    gate.add_permits(1);
    let row = pair("1");
    until("the pair is seen", async || {
        store.message_pairs(&row.message_id).await.unwrap() == std::slice::from_ref(&row)
    })
    .await;
    assert_eq!(store.event_pairs("$1").await.unwrap(), std::slice::from_ref(&row));
    assert_eq!(number(&store, "SELECT COUNT(*) FROM message").await, 0);
    tx.rollback().await.unwrap();
    until_empty(&store).await;
    assert_eq!(store.message_pairs(&row.message_id).await.unwrap(), std::slice::from_ref(&row));
    assert_eq!(store.event_pairs("$1").await.unwrap(), std::slice::from_ref(&row));
    stop(queue).await;
    assert_eq!(store.recent().of_message(&row.message_id), [], "what is stored is not kept in memory too");
}
