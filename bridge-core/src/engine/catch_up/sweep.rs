//! Goes through all chats after a cut, those first in which something was said last; where something new is said, the chat
//! is caught up on even before its turn.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::timeout;

use super::gap::Gap;
use super::{doubted_since, is_connected, notice_cut};
use crate::engine::Bridge;
use crate::engine::supervisor::Live;
use crate::error::JobError;
use crate::event::Scope;
use crate::id::{ChatKey, DedupKey};
use crate::network::{Network, Session};
use crate::queue::{Lane, NewJob, Source};

/// Begins the payload of the job that catches a chat up. The bridge writes it to itself; no network sees it.
const MARK: &str = "catch up:";
/// How long the next chat waits for one whose lane waits, for example because the network asks to.
const LONGEST_TURN: Duration = Duration::from_secs(10);

/// A turn that may not have come into its lane.
struct Turn<'a> {
    gap: &'a Gap,
    chat: &'a ChatKey,
    is_ordered: bool,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.is_ordered {
            self.gap.had_turn(self.chat);
        }
    }
}

/// Says why a sweep goes no further for now. What keeps it from that for a while is told of elsewhere.
fn told<S>(live: &Live<S>, error: &JobError, what: &str) {
    let login = &live.row.login_id;
    if error.is_tried_again() {
        tracing::info!(%login, %error, "{what}; tried again in a moment");
    } else {
        tracing::warn!(%login, %error, "{what}");
    }
}

/// The chat that is to be caught up on, if that is what a job is about.
pub(in crate::engine) fn chat_of(payload: &str) -> Option<ChatKey> {
    serde_json::from_str(payload.strip_prefix(MARK)?).ok()
}

impl<N: Network> Bridge<N> {
    /// Has every chat caught up on, one at a time, so that what the network lets a program ask is left to those chats in
    /// which somebody speaks. Then the gap is closed. What is not done by then is begun anew after a while.
    pub(super) async fn sweep(&self, live: &Live<N::Session>) {
        let epoch = live.gap.epoch();
        let chats = match self.chats_of(live).await {
            Ok(chats) => chats,
            Err(error) => return told(live, &error, "the chats to catch up on could not be listed"),
        };
        let count = chats.len();
        for chat in &chats {
            if !is_connected(live) {
                return;
            }
            // A chat that was read in doubt has its second turn when that is over.
            let doubted = doubted_since(live, self.store.clock().now_ms());
            let had_first = doubted.is_some_and(|at| live.gap.look(chat).is_some_and(|look| look.at >= at));
            if live.gap.of_chat(chat).is_some() && !had_first {
                if let Err(error) = self.order(live, chat, epoch).await {
                    return told(live, &error, "a chat could not be caught up on");
                }
                if timeout(LONGEST_TURN, live.gap.wait_for(chat)).await.is_err() {
                    tracing::debug!(chat = %chat.chat_id, "the next chat's turn comes before this one's is over");
                }
            }
        }
        let now = self.store.clock().now_ms();
        notice_cut(live);
        let is_all = is_connected(live) && chats.iter().all(|chat| live.gap.of_chat(chat).is_none());
        if is_all && live.gap.close(epoch) {
            tracing::info!(login = %live.row.login_id, chats = count, "caught up on what was said while disconnected");
            self.note_whole(live, now).await;
        }
    }

    /// A chat's turn came to an end in its lane. One that was given up does not keep the gap open for ever.
    pub(in crate::engine) fn end_turn(live: &Live<N::Session>, chat: &ChatKey, done: Result<(), &JobError>) {
        match done {
            Err(error) if error.is_tried_again() => return,
            Err(_) => live.gap.caught_up(chat, live.gap.epoch()),
            Ok(()) => {}
        }
        live.gap.had_turn(chat);
    }

    /// The chats with a room, the last used first, then those that the login is in besides: something may have been said
    /// there for the first time.
    async fn chats_of(&self, live: &Live<N::Session>) -> Result<Vec<ChatKey>, JobError> {
        let last: HashMap<ChatKey, i64> = self.store.last_in_chats().await?.into_iter().collect();
        let mut chats = self.store.chats_with_rooms(&live.row.login_id).await?;
        chats.sort_by_key(|chat| std::cmp::Reverse(last.get(chat).copied().unwrap_or(0)));
        let known: HashSet<ChatKey> = chats.iter().cloned().collect();
        match live.session.chats().await.map_err(JobError::from) {
            Ok(all) => {
                chats.extend(all.into_iter().map(|info| info.key).filter(|chat| !known.contains(chat)));
            }
            Err(error) if error.is_tried_again() => return Err(error),
            Err(error) => {
                tracing::warn!(login = %live.row.login_id, %error, "only chats with a room are caught up on");
            }
        }
        Ok(chats)
    }

    async fn order(&self, live: &Live<N::Session>, chat: &ChatKey, epoch: u64) -> Result<(), JobError> {
        let payload = serde_json::to_string(chat).map_err(|error| JobError::Park(error.to_string()))?;
        let now = self.store.clock().now_ms();
        let job = NewJob {
            lane: Lane::of_scope(&Scope::Chat(chat.clone())),
            source: Source::Remote,
            login_id: Some(live.row.login_id.clone()),
            dedup: DedupKey::new(format!("catch-up/{chat}/{now}/{epoch}")),
            payload: format!("{MARK}{payload}"),
        };
        if !live.gap.order(chat) {
            return Ok(());
        }
        let mut turn = Turn { gap: &live.gap, chat, is_ordered: false };
        let accepted = self.inbox.deliver_all(vec![job]).await;
        turn.is_ordered = accepted.is_ok();
        accepted.map(drop).map_err(|error| JobError::Retry(error.to_string()))
    }
}
