//! Forgetting what stood on a homeserver that lost it.

use super::db::{StoreError, Tx, on};
use super::{Store, kv, portal};
use crate::id::ChatKey;

const FORGET_REACTIONS: &str = "DELETE FROM reaction WHERE message_id IN \
                                (SELECT message_id FROM message WHERE chat_id = $1 AND receiver = $2)";
const FORGET_PAIRS: &str = "DELETE FROM message WHERE chat_id = $1 AND receiver = $2";
const FORGET_GHOSTS: &str = "DELETE FROM ghost";
const FORGET_DIRECT_CHATS: &str = "DELETE FROM management_room";

impl Store {
    /// Unties a chat at once from its room, which is gone: what was shown there is forgotten. What people on Matrix said there
    /// is for the chat still ([`Self::chat_heard_in`]).
    pub(crate) async fn untie(&self, chat: &ChatKey, room_id: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for statement in [FORGET_REACTIONS, FORGET_PAIRS] {
            on!(&mut tx, c => {
                sqlx::query(statement)
                    .bind(chat.chat_id.as_str())
                    .bind(chat.receiver_str())
                    .execute(c)
                    .await?
                    .rows_affected()
            });
        }
        kv::remove(&mut tx, &rebuilt_until(chat)).await?;
        kv::put(&mut tx, &earlier_room(room_id), &chat.to_string()).await?;
        tx.commit().await
    }

    /// The chat that is meant by what is said in a room: the one whose portal it is, or from which it was untied.
    pub(crate) async fn chat_heard_in(&self, room_id: &str) -> Result<Option<ChatKey>, StoreError> {
        let mut tx = self.read().await?;
        let chat = chat_heard_in(&mut tx, room_id).await?;
        tx.commit().await?;
        Ok(chat)
    }

    /// Forgets at once how ghosts look on the homeserver, which pictures it has, and people's direct chats with the bot.
    pub async fn forget_homeserver(&self) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for statement in [FORGET_GHOSTS, FORGET_DIRECT_CHATS] {
            on!(&mut tx, c => sqlx::query(statement).execute(c).await?.rows_affected());
        }
        for facts in ["picture/", "emoji/", "emoji-name/", "pinned/"] {
            kv::remove_all(&mut tx, facts).await?;
        }
        tx.commit().await
    }
}

/// The same in a transaction.
pub(super) async fn chat_heard_in(tx: &mut Tx, room_id: &str) -> Result<Option<ChatKey>, StoreError> {
    if let Some(chat) = portal::chat_of_room(tx, room_id).await? {
        return Ok(Some(chat));
    }
    Ok(kv::find(tx, &earlier_room(room_id)).await?.and_then(|chat| chat.parse().ok()))
}

/// The name under which the chat of a room that was given up is noted.
fn earlier_room(room_id: &str) -> String {
    format!("earlier-room/{room_id}")
}

/// The name under which is noted until when a chat was shown before a rebuild.
pub(crate) fn rebuilt_until(chat: &ChatKey) -> String {
    format!("rebuilt-until/{chat}")
}
