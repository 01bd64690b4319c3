//! Pairs that a job removes: hidden at once, gone with its commit, whichever commit brought them.

use super::probe::{Probe, deliver, pair, stop};
use crate::queue::{Closing, Queue};
use crate::store::tests::engine::{Database, each_engine, number};

each_engine! {
    a_removed_pair_is_hidden_and_then_gone
    what_comes_back_stays
}

async fn a_removed_pair_is_hidden_and_then_gone(db: &Database) {
    let store = db.store().await;
    let shown = store.clone();
    let probe = Probe::new(move |job| {
        let store = shown.clone();
        async move {
            let first = pair("a/000000");
            let key = (first.message_id.clone(), first.part_id.clone());
            let seen = store.message_pairs(&first.message_id).await.unwrap().len();
            match job.payload.as_str() {
                "a/000000" => Ok(Closing { pairs: vec![first], ..Closing::default() }),
                // Its pair may not be committed yet, and is there all the same.
                "a/000001" => {
                    assert_eq!(seen, 1);
                    Ok(Closing { gone: vec![key], ..Closing::default() })
                }
                _ => {
                    assert_eq!(seen, 0);
                    Ok(Closing::default())
                }
            }
        }
    });
    let queue = Queue::start(store.clone(), std::sync::Arc::clone(&probe)).await.unwrap();
    deliver(queue.inbox(), "a", 0..3).await;
    probe.until("all are done", |seen| seen.done.len() + seen.given_up.len() == 3).await;
    stop(queue).await;
    assert_eq!(probe.seen(|seen| seen.given_up.len()), 0);
    assert_eq!(number(&store, "SELECT COUNT(*) FROM message").await, 0);
}

async fn what_comes_back_stays(db: &Database) {
    let store = db.store().await;
    let probe = Probe::new(|job| async move {
        let back = pair("a/000000");
        let key = (back.message_id.clone(), back.part_id.clone());
        Ok(match job.payload.as_str() {
            "a/000001" => Closing { gone: vec![key], ..Closing::default() },
            _ => Closing { pairs: vec![back], ..Closing::default() },
        })
    });
    let queue = Queue::start(store.clone(), std::sync::Arc::clone(&probe)).await.unwrap();
    // All three ends go into one commit, or into several; the order is the same.
    deliver(queue.inbox(), "a", 0..3).await;
    probe.until("all are done", |seen| seen.done.len() == 3).await;
    stop(queue).await;
    assert_eq!(number(&store, "SELECT COUNT(*) FROM message").await, 1);
}
