//! Goes through all chats after a cut, those first in which something was said last; where something new is said, the chat
//! is caught up on even before its turn.

use std::collections::{HashMap, HashSet};

use super::is_connected;
use crate::engine::Bridge;
use crate::engine::supervisor::Live;
use crate::error::JobError;
use crate::event::Scope;
use crate::id::{ChatKey, DedupKey};
use crate::network::{Network, Session};
use crate::queue::{Lane, NewJob, Source};

/// Begins the payload of the job that catches a chat up. The bridge writes it to itself; no network sees it.
const MARK: &str = "catch up:";

/// The chat that is to be caught up on, if that is what a job is about.
pub(in crate::engine) fn chat_of(payload: &str) -> Option<ChatKey> {
    serde_json::from_str(payload.strip_prefix(MARK)?).ok()
}

impl<N: Network> Bridge<N> {
    /// Has every chat caught up on, one at a time, so that what the network lets a program ask is left to those chats in
    /// which somebody speaks. Then the gap is closed. What fails is begun anew after a while.
    pub(super) async fn sweep(&self, live: &Live<N::Session>) {
        let epoch = live.gap.epoch();
        let chats = match self.chats_of(live).await {
            Ok(chats) => chats,
            Err(error) => {
                return tracing::warn!(login = %live.row.login_id, %error, "the chats to catch up on could not be listed");
            }
        };
        let count = chats.len();
        for chat in chats {
            if !is_connected(live) {
                return;
            }
            if live.gap.of_chat(&chat).is_some() {
                if let Err(error) = self.order(live, &chat, epoch).await {
                    return tracing::warn!(%error, "a chat could not be caught up on");
                }
                live.gap.wait_for(&chat).await;
            }
        }
        if live.gap.close(epoch) {
            tracing::info!(login = %live.row.login_id, chats = count, "caught up on what was said while disconnected");
            self.note_whole(live).await;
        }
    }

    /// The chats with a room, the last used first, then those that the login is in besides: something may have been said
    /// there for the first time.
    async fn chats_of(&self, live: &Live<N::Session>) -> Result<Vec<ChatKey>, JobError> {
        let last: HashMap<ChatKey, i64> = self.store.last_in_chats().await?.into_iter().collect();
        let mut chats: Vec<ChatKey> = self
            .store
            .portals_of_login(&live.row.login_id)
            .await?
            .into_iter()
            .filter(|portal| portal.room_id.is_some())
            .map(|portal| portal.chat)
            .collect();
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
        let accepted = self.inbox.deliver_all(vec![job]).await;
        accepted.map(drop).map_err(|error| JobError::Retry(error.to_string()))
    }
}
