//! Since when a login may have missed something, and where that was caught up on.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::id::ChatKey;

/// What a login may have missed.
#[derive(Debug, Default)]
pub(crate) struct Gap {
    inner: Mutex<Inner>,
    caught_up: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    /// The moment from which on something may be missing, in milliseconds since 1970; none if nothing is.
    since: Option<i64>,
    /// When the connection was cut, by our clock: what was accepted before comes before what is missing.
    cut_at: i64,
    /// Which cut it was. What was read before a later one is not all.
    epoch: u64,
    /// The chats that were caught up on.
    done: HashSet<ChatKey>,
    /// When the connection was last known to be there.
    heard: i64,
    /// Which of the connection's losses was noticed last.
    noticed: u64,
}

impl Gap {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From this moment on something may be missing everywhere; an earlier one that is still open counts.
    pub(super) fn open(&self, since: i64, cut_at: i64) {
        let mut inner = self.inner();
        inner.cut_at = cut_at;
        inner.since = Some(inner.since.map_or(since, |earlier| earlier.min(since)));
        inner.epoch += 1;
        inner.done.clear();
    }

    /// Whether the connection was lost once more since somebody asked; then the gap is to be opened.
    pub(super) fn notice(&self, cut: u64) -> bool {
        let mut inner = self.inner();
        std::mem::replace(&mut inner.noticed, cut) != cut
    }

    pub(super) fn is_open(&self) -> bool {
        self.inner().since.is_some()
    }

    /// Which cut is open.
    pub(super) fn epoch(&self) -> u64 {
        self.inner().epoch
    }

    /// The connection is there at this moment.
    pub(super) fn heard(&self, at: i64) {
        self.inner().heard = at;
    }

    pub(super) fn last_heard(&self) -> i64 {
        self.inner().heard
    }

    /// Since when something may be missing in a chat, and by which cut; none if nothing is.
    pub(super) fn of_chat(&self, chat: &ChatKey) -> Option<(i64, u64)> {
        let inner = self.inner();
        inner.since.filter(|_| !inner.done.contains(chat)).map(|since| (since, inner.epoch))
    }

    /// The same, for what was accepted at this moment.
    pub(super) fn before(&self, chat: &ChatKey, accepted_at: i64) -> Option<(i64, u64)> {
        self.of_chat(chat).filter(|_| accepted_at >= self.inner().cut_at)
    }

    /// A chat was caught up on after this cut.
    pub(super) fn caught_up(&self, chat: &ChatKey, epoch: u64) {
        let mut inner = self.inner();
        if inner.epoch == epoch {
            inner.done.insert(chat.clone());
            self.caught_up.notify_waiters();
        }
    }

    /// Waits until a chat is caught up on.
    pub(super) async fn wait_for(&self, chat: &ChatKey) {
        loop {
            let told = self.caught_up.notified();
            if self.of_chat(chat).is_none() {
                return;
            }
            told.await;
        }
    }

    /// All chats were caught up on after this cut; says whether no other came since.
    pub(super) fn close(&self, epoch: u64) -> bool {
        let mut inner = self.inner();
        let is_last = inner.epoch == epoch;
        if is_last {
            inner.since = None;
            inner.done.clear();
        }
        is_last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_cut_undoes_what_was_caught_up_on() {
        let (gap, chat) = (Gap::default(), ChatKey::shared("C1".into()));
        assert_eq!(gap.of_chat(&chat), None);
        gap.open(50, 100);
        let (since, first) = gap.of_chat(&chat).unwrap_or_default();
        assert_eq!(since, 50);
        assert!(gap.before(&chat, 99).is_none() && gap.before(&chat, 100).is_some());
        gap.caught_up(&chat, first);
        assert_eq!(gap.of_chat(&chat), None);
        gap.open(70, 200);
        assert_eq!(gap.of_chat(&chat).map(|(since, _)| since), Some(50), "the earlier one is still open");
        gap.caught_up(&chat, first);
        assert!(gap.of_chat(&chat).is_some() && !gap.close(first));
        assert!(gap.close(gap.epoch()) && !gap.is_open());
        assert_eq!(gap.of_chat(&chat), None);
    }
}
