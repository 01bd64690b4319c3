//! A commit whose answer was lost with its connection, while the server is still at it.

use std::sync::Arc;

use super::probe::{Probe, event, pair, stop, until_empty};
use crate::queue::{Closing, Queue};
use crate::store::tests::engine::{Database, Engine, number, run, sql, sql_in, until};

const WAITS: &str = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = 'job'::regclass \
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// The embedded engine cannot come into this: it has one writer at a time.
#[test]
fn what_is_carried_out_late_is_waited_for_postgres() {
    run(Engine::Postgres, what_is_carried_out_late_is_waited_for);
}

async fn what_is_carried_out_late_is_waited_for(db: &Database) {
    let store = db.store().await;
    let probe = Probe::new(|job| async move {
        Ok(Closing { pairs: vec![pair(&job.payload)], sent: true, ..Closing::default() })
    });
    let queue = Queue::start(store.clone(), Arc::clone(&probe)).await.unwrap();
    sql(&store, "ALTER TABLE message RENAME TO away").await;
    queue.inbox().deliver_all(vec![event("a", "1")]).await.unwrap();
    let refused = async || queue.inbox().deliver_all(vec![event("b", "x")]).await.is_err();
    until("a commit fails, for its pairs", refused).await;
    // As if that commit had been of the event 2, and the server still at it.
    let mut late = store.begin().await.unwrap();
    let id = (store.clock().now_ms() + 1_000) << 20;
    let job = format!(
        "INSERT INTO job (id, lane, source, login_id, dedup, payload, accepted_at) VALUES ({id}, 'a', 'remote', '', '2', '2', 1)"
    );
    sql_in(&mut late, &job).await;
    sql_in(&mut late, "INSERT INTO seen (source, dedup, seen_at) VALUES ('remote', '2', 9000000000000)")
        .await;
    sql(&store, "ALTER TABLE away RENAME TO message").await;
    until("the next commit waits for it", async || number(&store, WAITS).await == 1).await;
    late.commit().await.unwrap();
    until_empty(&store).await;
    assert_eq!(probe.seen(|seen| seen.in_lane("a")), ["1", "2"]);
    stop(queue).await;
}
