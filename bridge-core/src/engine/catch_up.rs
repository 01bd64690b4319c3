//! Catches up on what was said while a login was cut off: each chat in its own lane, before anything newer is shown there.

mod compare;
mod gap;
mod read;
mod sweep;

use std::time::Duration;

pub(crate) use self::gap::Gap;
pub(in crate::engine) use self::sweep::chat_of;
use super::Bridge;
use super::supervisor::Live;
use crate::error::JobError;
use crate::id::ChatKey;
use crate::network::{ConnectionState, Network};
use crate::store::StoreError;

/// How often it is noted that nothing was missed so far.
const NOTED_EVERY: Duration = Duration::from_secs(15);
/// A socket may be dead for so long before anybody notices, and the network's clock may be another one.
const MARGIN: Duration = Duration::from_secs(90);
/// What is older is not caught up on.
const LONGEST: Duration = Duration::from_hours(24 * 14);

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Where it is noted until when a login missed nothing.
fn noted_under<S>(live: &Live<S>) -> String {
    format!("whole_until/{}", live.row.login_id)
}

fn is_connected<S>(live: &Live<S>) -> bool {
    live.context.state() == ConnectionState::Connected
}

impl<N: Network> Bridge<N> {
    /// Begins with what was missed since the last run of the program. Comes before a session listens: its first event may
    /// have others before it that were never heard.
    pub(super) async fn begin_gap(&self, live: &Live<N::Session>) -> Result<(), StoreError> {
        let now = self.store.clock().now_ms();
        match self.store.fact(&noted_under(live)).await?.and_then(|at| at.parse::<i64>().ok()) {
            Some(at) => live.gap.open((at - ms(MARGIN)).max(now - ms(LONGEST)), now),
            // Before its first connection nothing was missed.
            None => self.store.put_fact(&noted_under(live), &now.to_string()).await?,
        }
        live.gap.heard(now);
        Ok(())
    }

    /// Follows the connection: whenever it is back, what was missed is caught up on. Goes on until it is dropped.
    pub(super) async fn follow_gaps(&self, live: &Live<N::Session>) {
        let mut states = live.context.watch();
        let mut was_connected = is_connected(live);
        loop {
            let work = async {
                if is_connected(live) {
                    if live.gap.is_open() {
                        self.sweep(live).await;
                    } else {
                        self.note_whole(live).await;
                    }
                }
                tokio::time::sleep(NOTED_EVERY).await;
            };
            tokio::select! {
                changed = states.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    // However short the cut was: what the network sends again comes later than what is new.
                    if std::mem::replace(&mut was_connected, is_connected(live)) {
                        live.gap.open(live.gap.last_heard() - ms(MARGIN), self.store.clock().now_ms());
                    }
                }
                () = work => {}
            }
        }
    }

    /// Notes that nothing was missed until now.
    async fn note_whole(&self, live: &Live<N::Session>) {
        let now = self.store.clock().now_ms();
        live.gap.heard(now);
        if let Err(error) = self.store.put_fact(&noted_under(live), &now.to_string()).await {
            tracing::debug!(%error, "it could not be noted that nothing was missed");
        }
    }

    /// Catches up on a chat, if something may have been missed there before the moment at which a job was accepted. Called
    /// in the chat's lane before the job is carried out. Each step may be repeated.
    pub(super) async fn catch_up(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        accepted_at: i64,
    ) -> Result<(), JobError> {
        let Some((since, epoch)) = live.gap.before(chat, accepted_at) else { return Ok(()) };
        if !is_connected(live) {
            // What is missed after this would be missing still.
            return Ok(());
        }
        match self.read_past(live, chat, since).await {
            Err(error) if error.is_tried_again() => return Err(error),
            Err(error) => {
                tracing::warn!(chat = %chat.chat_id, %error, "what was said in a chat meanwhile cannot be read");
            }
            Ok(()) => {}
        }
        live.gap.caught_up(chat, epoch);
        Ok(())
    }
}
