//! Logins in the making: which question was asked whom.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::network::{Answers, LoginFlow};

/// A login in the making.
#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    pub(crate) flow: LoginFlow,
    pub(crate) answers: Answers,
    /// The chat in which the questions are asked.
    pub(crate) room_id: String,
}

/// All of them, one per person. They live in memory: whoever began before a restart begins again.
#[derive(Debug, Default)]
pub(crate) struct Conversations(Mutex<HashMap<String, Conversation>>);

impl Conversations {
    fn map(&self) -> MutexGuard<'_, HashMap<String, Conversation>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A person's login in the making, if it takes place in this room.
    pub(crate) fn in_room(&self, mxid: &str, room_id: &str) -> Option<Conversation> {
        self.map().get(mxid).filter(|conversation| conversation.room_id == room_id).cloned()
    }

    pub(crate) fn put(&self, mxid: &str, conversation: Conversation) {
        self.map().insert(mxid.to_owned(), conversation);
    }

    /// Ends a person's login in the making; says whether there was one.
    pub(crate) fn end(&self, mxid: &str) -> bool {
        self.map().remove(mxid).is_some()
    }
}
