//! Which chats' members are being compared, and what happens there meanwhile.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::event::MemberChange;
use crate::id::{ChatKey, LoginId, RemoteUserId};

/// The chats whose members are being brought in.
#[derive(Debug, Default)]
pub(crate) struct MemberSyncs {
    chats: Mutex<HashMap<ChatKey, Chat>>,
    /// One chat at a time: all of them have to share what the network and the homeserver can take.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// Held while work is noted and begun, and while it is forgotten and ended: the note is there as long as the work is.
    pub(super) noting: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Chat {
    /// Who came and went since the list was asked for.
    changes: HashMap<RemoteUserId, MemberChange>,
    /// By way of which login it is to be done once more.
    again: Option<LoginId>,
    asked_again: Arc<Notify>,
}

impl MemberSyncs {
    fn chats(&self) -> MutexGuard<'_, HashMap<ChatKey, Chat>> {
        self.chats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody came or went. Told before their ghost does.
    pub(in crate::engine) fn note(&self, chat: &ChatKey, user: &RemoteUserId, change: MemberChange) {
        if let Some(work) = self.chats().get_mut(chat) {
            work.changes.insert(user.clone(), change);
        }
    }

    pub(super) fn change(&self, chat: &ChatKey, user: &RemoteUserId) -> Option<MemberChange> {
        self.chats().get(chat)?.changes.get(user).copied()
    }

    /// Whether the work is to be begun; work that is at it already is done once more at its end.
    pub(super) fn begin(&self, chat: &ChatKey, login_id: &LoginId) -> bool {
        match self.chats().entry(chat.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(Chat::default());
                true
            }
            Entry::Occupied(mut entry) => {
                let work = entry.get_mut();
                work.again = Some(login_id.clone());
                work.asked_again.notify_one();
                false
            }
        }
    }

    /// By way of which login the work is to be done once more, if it is.
    pub(super) fn again(&self, chat: &ChatKey) -> Option<LoginId> {
        self.chats().get_mut(chat)?.again.take()
    }

    /// A list is about to be asked for: who came and went before is in it. Gives what tells of a further request.
    pub(super) fn start_over(&self, chat: &ChatKey) -> Arc<Notify> {
        let mut chats = self.chats();
        let work = chats.entry(chat.clone()).or_default();
        work.changes.clear();
        Arc::clone(&work.asked_again)
    }
}

/// A chat at work; whatever ends the work, it can be begun again.
pub(super) struct AtWork<'a>(pub(super) &'a MemberSyncs, pub(super) &'a ChatKey);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.chats().remove(self.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_meanwhile_is_done_once_more_and_a_later_one_begins() {
        let (syncs, chat) = (MemberSyncs::default(), ChatKey::shared("C1".into()));
        let (first, second) = (LoginId::new("L1"), LoginId::new("L2"));
        assert!(syncs.begin(&chat, &first));
        let work = AtWork(&syncs, &chat);
        assert!(!syncs.begin(&chat, &first) && !syncs.begin(&chat, &second));
        assert_eq!(syncs.again(&chat), Some(second));
        assert_eq!(syncs.again(&chat), None);
        let ada = RemoteUserId::new("ada");
        syncs.note(&chat, &ada, MemberChange::Left);
        assert_eq!(syncs.change(&chat, &ada), Some(MemberChange::Left));
        syncs.start_over(&chat);
        assert_eq!(syncs.change(&chat, &ada), None);
        drop(work);
        assert!(syncs.begin(&chat, &first));
    }
}
