//! Accepting while another process works: what comes is stored for that one.

use std::future::Future;
use std::time::Duration;

use tokio::sync::mpsc;

use super::inbox::{Delivered, Delivery, InboxError};
use crate::store::db::hurried::answer_within;
use crate::store::job::{Job, NewJob};
use crate::store::{Store, StoreError, handed_in, queue};

/// Most events in one commit.
const BATCH: usize = 4_096;
/// How long the database may take to store them. They are refused then, and known if they come again and were stored.
const STORED: Duration = Duration::from_secs(10);

/// Stores deliveries for the process that works, until something ends. Cut off before, it refuses a delivery, which is known
/// when it comes again, if it was stored.
pub(crate) async fn hand_in(
    store: &Store,
    deliveries: &mut mpsc::Receiver<Delivery>,
    until: impl Future<Output = ()>,
) {
    let mut until = std::pin::pin!(until);
    loop {
        let first = tokio::select! {
            biased;
            () = &mut until => return,
            Some(first) = deliveries.recv() => first,
        };
        let mut accepting = vec![first];
        let mut waiting = accepting[0].jobs.len();
        while waiting < BATCH {
            let Ok(delivery) = deliveries.try_recv() else { break };
            waiting += delivery.jobs.len();
            accepting.push(delivery);
        }
        match answer_within(STORED, write(store, &accepting)).await {
            Ok(answers) => {
                for (delivery, answer) in accepting.into_iter().zip(answers) {
                    let _ = delivery.answer.send(Ok(answer));
                }
            }
            Err(error) => {
                tracing::error!(%error, "nothing could be stored; what is not stored is not acknowledged");
                for delivery in accepting {
                    let _ = delivery.answer.send(Err(InboxError(error.0.clone())));
                }
            }
        }
    }
}

async fn write(store: &Store, accepting: &[Delivery]) -> Result<Vec<Vec<Delivered>>, StoreError> {
    let now = store.clock().now_ms();
    let mut tx = store.begin_standing_by().await?;
    let offered: Vec<&NewJob> = accepting.iter().flat_map(|delivery| &delivery.jobs).collect();
    let mut fresh = queue::insert_seen(&mut tx, &offered, now).await?;
    // Two that stand by and write at once could take the same id: then one is refused, and comes again.
    let mut id = handed_in::newest_id(&mut tx).await?;
    let mut jobs = Vec::with_capacity(fresh.len());
    let mut answers = Vec::with_capacity(accepting.len());
    for delivery in accepting {
        let answer = delivery.jobs.iter().map(|new| {
            if !fresh.remove(&(new.source.as_str().to_owned(), new.dedup.as_str().to_owned())) {
                return Delivered::Known;
            }
            id += 1;
            jobs.push(Job::accepted(id, new, now));
            Delivered::New
        });
        answers.push(answer.collect());
    }
    handed_in::insert(&mut tx, &jobs).await?;
    tx.commit().await?;
    Ok(answers)
}
