//! Takes a status away when its time is over: Matrix has no field for that, and the network may not tell.

use std::sync::Arc;
use std::time::Duration;

use super::fields::{STATUS, allowed};
use super::millis;
use crate::engine::Bridge;
use crate::error::JobError;
use crate::id::RemoteUserId;
use crate::network::Network;
use crate::queue::retry;
use crate::task;

/// The longest wait without looking: the machine's clock may leap.
const LONGEST_WAIT: Duration = Duration::from_mins(10);
/// After this time it is tried again to take a status away; the others go on meanwhile.
pub(super) const PUT_OFF: Duration = Duration::from_mins(10);

impl<N: Network> Bridge<N> {
    /// Begins to watch, until the program ends. A status whose time was over while it did not run is taken away at once.
    pub(crate) fn watch_statuses(self: &Arc<Self>) {
        let bridge = Arc::clone(self);
        task::spawn("statuses", async move {
            let mut failures = 0;
            loop {
                let wait = match bridge.end_statuses().await {
                    Ok(wait) => {
                        failures = 0;
                        wait
                    }
                    Err(error) => {
                        tracing::debug!(%error, "the statuses that are over could not be read or written");
                        failures += 1;
                        retry::delay(failures)
                    }
                };
                tokio::select! {
                    () = bridge.stopping.cancelled() => return,
                    () = bridge.ghost_work.status_set.notified() => {}
                    () = tokio::time::sleep(wait) => {}
                }
            }
        });
    }

    /// Takes away what is over; says after which time to look again.
    pub(super) async fn end_statuses(&self) -> Result<Duration, JobError> {
        while let Some((remote, until)) = self.store.next_status_end().await? {
            let left = until.saturating_sub(self.store.clock().now_ms());
            if left > 0 {
                return Ok(Duration::from_millis(left.unsigned_abs()).min(LONGEST_WAIT));
            }
            self.end_status(&remote).await?;
        }
        Ok(LONGEST_WAIT)
    }

    async fn end_status(&self, remote: &RemoteUserId) -> Result<(), JobError> {
        let _turn = self.ghost_work.turns.turn(remote).await;
        let Some(mut row) = self.store.ghost(remote).await? else { return Ok(()) };
        // Another may have been set while this waited for its turn.
        if row.status_until.is_none_or(|until| until > self.store.clock().now_ms()) {
            return Ok(());
        }
        if row.fields.contains_key(STATUS) {
            let intent = self.app.intent(&self.app.ghosts().user_id(remote));
            if let Err(error) = allowed(STATUS, intent.delete_profile_field(STATUS).await) {
                tracing::debug!(user = %remote, %error, "a status that is over could not be taken away yet");
                row.status_until = Some(self.store.clock().now_ms().saturating_add(millis(PUT_OFF)));
                return Ok(self.store.put_ghost(&row).await?);
            }
            row.fields.remove(STATUS);
        }
        row.status_until = None;
        if let Some(info) = &mut row.info {
            info.status = None;
        }
        self.store.put_ghost(&row).await?;
        self.know_ghost(row);
        Ok(())
    }
}
