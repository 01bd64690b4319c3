//! Forgetting what stood on a homeserver that lost it.

use super::db::{StoreError, on};
use super::{Store, kv};
use crate::id::ChatKey;

const FORGET_REACTIONS: &str = "DELETE FROM reaction WHERE message_id IN \
                                (SELECT message_id FROM message WHERE chat_id = $1 AND receiver = $2)";
const FORGET_PAIRS: &str = "DELETE FROM message WHERE chat_id = $1 AND receiver = $2";
const FORGET_GHOSTS: &str = "DELETE FROM ghost";
const FORGET_DIRECT_CHATS: &str = "DELETE FROM management_room";

impl Store {
    /// Unties a chat at once from its room, which is gone: what was shown there is forgotten. What people on Matrix said there
    /// until now is for the chat still ([`Self::chat_before`]).
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
        kv::put(&mut tx, &earlier_room(room_id), &format!("{} {chat}", self.clock().now_ms())).await?;
        tx.commit().await
    }

    /// The chat whose room this was, and until when what was accepted from there is for it, in milliseconds since 1970.
    pub(crate) async fn chat_before(&self, room_id: &str) -> Result<Option<(ChatKey, i64)>, StoreError> {
        let noted = self.fact(&earlier_room(room_id)).await?;
        Ok(noted.and_then(|noted| {
            let (until, chat) = noted.split_once(' ')?;
            Some((chat.parse().ok()?, until.parse().ok()?))
        }))
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

/// The name under which the chat of a room that was given up is noted.
fn earlier_room(room_id: &str) -> String {
    format!("earlier-room/{room_id}")
}

/// The name under which is noted until when a chat was shown before a rebuild.
pub(crate) fn rebuilt_until(chat: &ChatKey) -> String {
    format!("rebuilt-until/{chat}")
}
