//! Chats whose rooms were found missing at the homeserver since the program began, for the health document.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::id::ChatKey;

/// The chats whose rooms are missing, as far as anything was to be shown there.
#[derive(Debug, Default)]
pub(crate) struct MissingRooms(Mutex<HashSet<ChatKey>>);

impl MissingRooms {
    fn chats(&self) -> MutexGuard<'_, HashSet<ChatKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The room of a chat is not there.
    pub(crate) fn missed(&self, chat: &ChatKey) {
        self.chats().insert(chat.clone());
    }

    /// Something could be done in a chat.
    pub(crate) fn found(&self, chat: &ChatKey) {
        self.chats().remove(chat);
    }

    /// How many there are, and what to do.
    pub(crate) fn document(&self) -> Value {
        let count = self.chats().len();
        let mut document = json!({ "missing": count });
        if count > 0 {
            document["reason"] = "The homeserver has no such room any more, or the bot was removed from it. What is said in these \
                                  chats becomes dead letters. If the homeserver lost its rooms for good, stop the program, call \
                                  `rebuild --new-rooms`, start it, and call `dead-letters retry --all`."
                .into();
        }
        document
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_is_said_as_long_as_a_room_is_missing() {
        let (rooms, chat) = (MissingRooms::default(), ChatKey::shared("c".into()));
        assert_eq!(rooms.document(), json!({ "missing": 0 }));
        rooms.missed(&chat);
        rooms.missed(&chat);
        let document = rooms.document();
        assert!(
            document["missing"] == 1
                && document["reason"].as_str().is_some_and(|why| why.contains("--new-rooms"))
        );
        rooms.found(&chat);
        assert_eq!(rooms.document(), json!({ "missing": 0 }));
    }
}
