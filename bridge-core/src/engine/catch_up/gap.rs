//! Since when a login may have missed something, and where that was caught up on.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::reading::Reading;
use crate::id::ChatKey;

/// What a login may have missed.
#[derive(Debug, Default)]
pub(crate) struct Gap {
    inner: Mutex<Inner>,
    /// It is known what was missed before the session began.
    begun: CancellationToken,
    caught_up: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    /// The moment from which on something may be missing, in milliseconds since 1970; none if nothing is.
    since: Option<i64>,
    /// When the connection was first cut, by our clock: what was accepted before comes before what is missing.
    cut_at: i64,
    /// Which cut it was. What was read before a later one is not all.
    epoch: u64,
    /// The chats that were caught up on.
    done: HashSet<ChatKey>,
    /// The chats that wait for their turn in their lanes.
    ordered: HashSet<ChatKey>,
    /// What was read of a chat's past when the try ended.
    readings: HashMap<ChatKey, Reading>,
    /// How much of each chat was read last. It is asked for after the gap, too, so it stays.
    looks: HashMap<ChatKey, Look>,
    /// Until when an earlier process had read each chat in this gap, as far as that was asked for; the smallest number if it
    /// had not.
    earlier: HashMap<ChatKey, i64>,
    /// Until when the login had missed nothing, as it is noted.
    whole_until: i64,
    /// When the connection was last known to be there.
    heard: i64,
    /// Which of the connection's losses was noticed last.
    noticed: u64,
}

/// A look at a chat's past that came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Look {
    /// When it began, by our clock: what was accepted until then is in what was read.
    pub(super) at: i64,
    /// The latest moment that was seen in it, by the network's clock.
    pub(super) newest: i64,
    /// Until when the login had missed nothing by then: the gap that it belongs to begins there.
    pub(super) of: Option<i64>,
}

impl Gap {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From this moment on something may be missing everywhere; an earlier one that is still open counts.
    pub(super) fn open(&self, since: i64, cut_at: i64) {
        let mut inner = self.inner();
        let earlier = inner.since.map(|since| (since, inner.cut_at));
        let (earlier_since, earlier_cut) = earlier.unwrap_or((since, cut_at));
        inner.since = Some(earlier_since.min(since));
        inner.cut_at = earlier_cut.min(cut_at);
        inner.epoch += 1;
        inner.done.clear();
        inner.readings.clear();
    }

    /// It is known now what was missed before the session began.
    pub(super) fn begin(&self) {
        self.begun.cancel();
    }

    /// Waits until that is known.
    pub(super) async fn begun(&self) {
        self.begun.cancelled().await;
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

    /// The same, for what was accepted at this moment. What was accepted before the cut comes before what is missing; what
    /// was accepted before the chat was read has all that is missing before it already.
    pub(super) fn before(&self, chat: &ChatKey, accepted_at: i64) -> Option<(i64, u64)> {
        let is_covered = self.look(chat).is_some_and(|look| look.at >= accepted_at);
        self.of_chat(chat).filter(|_| !is_covered && accepted_at >= self.inner().cut_at)
    }

    /// The last look at a chat's past.
    pub(super) fn look(&self, chat: &ChatKey) -> Option<Look> {
        self.inner().looks.get(chat).copied()
    }

    /// A chat's past was read, and all of it is shown.
    pub(super) fn looked(&self, chat: &ChatKey, look: Look) {
        self.inner().looks.insert(chat.clone(), look);
    }

    /// Until when the login had missed nothing is noted anew.
    pub(super) fn whole(&self, until: i64) {
        self.inner().whole_until = until;
    }

    /// Until when the login had missed nothing, as it is noted.
    pub(super) fn whole_until(&self) -> i64 {
        self.inner().whole_until
    }

    /// Until when an earlier process had read a chat, if that was asked for; the smallest number if it had not.
    pub(super) fn earlier(&self, chat: &ChatKey) -> Option<i64> {
        self.inner().earlier.get(chat).copied()
    }

    /// Takes note of how far an earlier process had read a chat: what was accepted until then has all that was missing before
    /// it.
    pub(super) fn recall(&self, chat: &ChatKey, look: Option<Look>) {
        let mut inner = self.inner();
        inner.earlier.insert(chat.clone(), look.map_or(i64::MIN, |look| look.at));
        if let Some(look) = look {
            inner.looks.entry(chat.clone()).or_insert(look);
        }
    }

    /// What was read of a chat's past after this cut by a try that did not come to its end.
    pub(super) fn take_reading(&self, chat: &ChatKey, epoch: u64) -> Option<Reading> {
        self.inner().readings.remove(chat).filter(|reading| reading.epoch == epoch)
    }

    /// Keeps what was read for the next try.
    pub(super) fn keep_reading(&self, chat: &ChatKey, reading: Reading) {
        let mut inner = self.inner();
        if inner.epoch == reading.epoch {
            inner.readings.insert(chat.clone(), reading);
        }
    }

    /// A chat was caught up on after this cut.
    pub(super) fn caught_up(&self, chat: &ChatKey, epoch: u64) {
        let mut inner = self.inner();
        if inner.epoch == epoch {
            inner.done.insert(chat.clone());
            self.caught_up.notify_waiters();
        }
    }

    /// Notes that a chat's turn is to be put into its lane; says whether it does not wait there already.
    pub(super) fn order(&self, chat: &ChatKey) -> bool {
        self.inner().ordered.insert(chat.clone())
    }

    /// A chat's turn is over, whatever came of it.
    pub(super) fn had_turn(&self, chat: &ChatKey) {
        self.inner().ordered.remove(chat);
        self.caught_up.notify_waiters();
    }

    /// Waits until a chat is caught up on, or its turn is over.
    pub(super) async fn wait_for(&self, chat: &ChatKey) {
        loop {
            let told = self.caught_up.notified();
            if self.of_chat(chat).is_none() || !self.inner().ordered.contains(chat) {
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
            inner.readings.clear();
            inner.earlier.clear();
        }
        is_last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat() -> ChatKey {
        ChatKey::shared("C1".into())
    }

    #[test]
    fn a_later_cut_undoes_what_was_caught_up_on() {
        let (gap, chat) = (Gap::default(), chat());
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

    #[test]
    fn what_came_between_two_cuts_waits_for_what_was_missed_at_the_first() {
        let (gap, chat) = (Gap::default(), chat());
        gap.open(50, 100);
        gap.open(70, 200);
        assert!(gap.before(&chat, 150).is_some() && gap.before(&chat, 99).is_none());
        // Read while there was no connection: what had been accepted by then may go, later things wait.
        gap.looked(&chat, Look { at: 180, newest: 0, of: None });
        assert!(gap.before(&chat, 150).is_none() && gap.before(&chat, 190).is_some());
        assert!(gap.of_chat(&chat).is_some(), "it is not caught up on");
    }

    #[test]
    fn what_an_earlier_process_had_read_is_covered() {
        let (gap, chat) = (Gap::default(), chat());
        gap.open(50, 100);
        assert_eq!(gap.earlier(&chat), None);
        gap.recall(&chat, Some(Look { at: 180, newest: 0, of: None }));
        assert_eq!(gap.earlier(&chat), Some(180));
        assert!(gap.before(&chat, 180).is_none() && gap.before(&chat, 181).is_some());
        assert!(gap.close(gap.epoch()));
        assert_eq!(gap.earlier(&chat), None, "what it had read says nothing of a later gap");
    }

    #[tokio::test]
    async fn nobody_waits_for_a_turn_that_is_over() {
        let (gap, chat) = (Gap::default(), chat());
        gap.open(50, 100);
        assert!(gap.order(&chat) && !gap.order(&chat));
        let (waited, ()) = tokio::join!(
            tokio::time::timeout(std::time::Duration::from_secs(5), gap.wait_for(&chat)),
            async { gap.had_turn(&chat) },
        );
        assert!(waited.is_ok() && gap.of_chat(&chat).is_some() && gap.order(&chat));
    }
}
