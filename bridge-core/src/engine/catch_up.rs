//! Catches up on what was said while a login was cut off: each chat in its own lane, before anything newer is shown there.

mod compare;
mod gap;
mod keep;
mod late;
mod missing;
mod read;
mod reading;
mod sweep;

use std::time::Duration;

use tokio::time::MissedTickBehavior;

pub(crate) use self::gap::Gap;
use self::gap::Look;
pub(in crate::engine) use self::keep::step_of;
pub(in crate::engine) use self::late::Overtaken;
use self::reading::Reading;
pub(in crate::engine) use self::sweep::chat_of;
use super::Bridge;
use super::supervisor::Live;
use crate::error::JobError;
use crate::id::ChatKey;
use crate::network::{ConnectionState, Network};
use crate::store::StoreError;

/// How often the clock is looked at.
const LOOKED_EVERY: Duration = Duration::from_secs(5);
/// How often it is noted that nothing was missed so far.
const NOTED_EVERY: Duration = Duration::from_secs(15);
/// A socket may be dead for so long before anybody notices, and the network's clock may be another one.
const MARGIN: Duration = Duration::from_secs(90);
/// What is older is not caught up on.
const LONGEST: Duration = Duration::from_hours(24 * 14);

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Whether much more time has gone by between two looks than was waited for.
fn has_slept(last: i64, now: i64) -> bool {
    now - last > ms(LOOKED_EVERY * 12)
}

fn is_connected<S>(live: &Live<S>) -> bool {
    live.context.state() == ConnectionState::Connected
}

/// Whether events come in, though perhaps not for long.
fn is_listening<S>(live: &Live<S>) -> bool {
    matches!(live.context.state(), ConnectionState::Connected | ConnectionState::Degraded(_))
}

/// Since when what is newer may come before what is older, because the network sends some of it over connections of
/// somebody else; none if it does not. What was read once may lack something then by the time of the next event.
fn doubted_since<S>(live: &Live<S>, now: i64) -> Option<i64> {
    live.context.not_alone_at().filter(|at| u128::from(now.abs_diff(*at)) < MARGIN.as_millis())
}

/// Whether the connection stands and what was missed before is still being read.
pub(crate) fn is_catching_up<S>(live: &Live<S>) -> bool {
    is_connected(live) && live.gap.is_open()
}

/// Opens a gap if the connection was lost since the last look, however short that was: what the network sends again comes
/// later than what is new. Whoever looks first does it, so that no event overtakes what was missed.
fn notice_cut<S>(live: &Live<S>) {
    let cut = live.context.cut();
    if live.gap.notice(cut.number) {
        live.gap.open(live.gap.last_heard() - ms(MARGIN), cut.at);
    }
}

impl<N: Network> Bridge<N> {
    /// Begins with what was missed since the last run of the program. Comes before a session listens: its first event may
    /// have others before it that were never heard.
    pub(super) async fn begin_gap(&self, live: &Live<N::Session>) -> Result<(), StoreError> {
        let now = self.store.clock().now_ms();
        if let Some(whole_until) = self.store.whole_until(&live.row.login_id).await? {
            live.gap.whole(whole_until);
            // What was accepted after that moment may have come after a cut that the last process knew of.
            let at = if whole_until > now { self.last_shown(now).await? } else { whole_until };
            live.gap.open((at - ms(MARGIN)).max(now - ms(LONGEST)), at);
        } else {
            // Before its first connection nothing was missed.
            self.store.put_whole_until(&live.row.login_id, now).await?;
            live.gap.whole(now);
        }
        live.gap.heard(now);
        live.gap.begin();
        Ok(())
    }

    /// When the last message was said that is shown, by the network's clock: our own was ahead once, or is behind now.
    async fn last_shown(&self, now: i64) -> Result<i64, StoreError> {
        let last = self.store.last_in_chats().await?.into_iter().map(|(_, at)| at).filter(|at| *at <= now);
        Ok(last.max().unwrap_or(now))
    }

    /// Follows the connection: whenever it is back, what was missed is caught up on. Goes on until it is dropped.
    pub(super) async fn follow_gaps(&self, live: &Live<N::Session>) {
        let mut states = live.context.watch();
        let mut looks = tokio::time::interval(LOOKED_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mut work = std::pin::pin!(self.work_on_gap(live));
            loop {
                tokio::select! {
                    changed = states.changed() => {
                        if changed.is_err() {
                            return;
                        }
                        notice_cut(live);
                        if is_connected(live) {
                            live.gap.heard(self.store.clock().now_ms());
                        }
                        break;
                    }
                    _ = looks.tick() => {
                        if self.look_at_clock(live) {
                            break;
                        }
                    }
                    () = &mut work => break,
                }
            }
        }
    }

    async fn work_on_gap(&self, live: &Live<N::Session>) {
        // First the moment, then whether it was whole: a cut in between belongs to the time after it.
        let now = self.store.clock().now_ms();
        notice_cut(live);
        if is_connected(live) {
            if live.gap.is_open() {
                self.sweep(live).await;
            } else {
                self.note_whole(live, now).await;
            }
        }
        tokio::time::sleep(NOTED_EVERY).await;
    }

    /// While the connection stands, moves on until when it did. Says whether the machine slept instead: its sockets are dead
    /// then, and nobody knows yet.
    fn look_at_clock(&self, live: &Live<N::Session>) -> bool {
        let now = self.store.clock().now_ms();
        let has_slept = is_connected(live) && has_slept(live.gap.last_heard(), now);
        if has_slept {
            tracing::info!(login = %live.row.login_id, "the clock has jumped; what was said meanwhile is caught up on");
            live.gap.open(live.gap.last_heard() - ms(MARGIN), now);
        }
        if is_connected(live) {
            live.gap.heard(now);
        }
        has_slept
    }

    /// Notes that nothing was missed until then.
    async fn note_whole(&self, live: &Live<N::Session>, now: i64) {
        match self.store.put_whole_until(&live.row.login_id, now).await {
            Err(error) => tracing::debug!(%error, "it could not be noted that nothing was missed"),
            Ok(()) => live.gap.whole(now),
        }
    }

    /// Catches up on a chat, if something may have been missed there, before the moment at which a job was accepted if one
    /// is given. Called in the chat's lane before the job is carried out. Each step may be repeated.
    pub(super) async fn catch_up(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        accepted_at: Option<i64>,
    ) -> Result<(), JobError> {
        if live.stop.run_until_cancelled(live.gap.begun()).await.is_none() {
            return Err(JobError::Retry("its login ends".to_owned()));
        }
        notice_cut(live);
        if live.gap.of_chat(chat).is_none() {
            return Ok(());
        }
        let earlier = self.read_earlier(live, chat).await?;
        let due = match accepted_at {
            Some(at) => live.gap.before(chat, at),
            None => live.gap.of_chat(chat),
        };
        let Some((since, epoch)) = due else { return Ok(()) };
        // Since the gap begins it is known of the chat itself.
        let longest = self.store.clock().now_ms() - ms(LONGEST);
        let since = earlier.map_or(since, |at| at.saturating_sub(ms(MARGIN)).max(longest));
        // What is missed behind what is read while nobody listens would be missing still; but what was accepted before has
        // to wait for what is missing before it.
        let is_followed = is_listening(live);
        let kept = live.gap.take_reading(chat, epoch).filter(|kept| kept.is_followed || !is_followed);
        let begin = || Reading::begin(since, epoch, self.store.clock().now_ms(), is_followed);
        let mut reading = match kept {
            Some(kept) => kept,
            None => Reading { half_shown: self.half_shown(live, chat).await?, ..begin() },
        };
        match self.read_past(live, chat, &mut reading).await {
            Err(error) if error.is_tried_again() => {
                live.gap.keep_reading(chat, reading);
                return Err(error);
            }
            Err(JobError::Reject(why)) => {
                tracing::info!(chat = %chat.chat_id, why, "what was said in a chat meanwhile cannot be read");
            }
            Err(error) => {
                tracing::warn!(chat = %chat.chat_id, %error, "what was said in a chat meanwhile cannot be read");
            }
            Ok(()) => {
                let of = Some(live.gap.whole_until());
                let look = Look { at: reading.begun_at, newest: reading.there.newest, of };
                self.note_look(live, chat, look).await?;
            }
        }
        notice_cut(live);
        if reading.is_followed && doubted_since(live, self.store.clock().now_ms()).is_none() {
            live.gap.caught_up(chat, epoch);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
