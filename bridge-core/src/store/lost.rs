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
    /// Forgets at once what was shown of a chat.
    pub async fn forget_chat_pairs(&self, chat: &ChatKey) -> Result<(), StoreError> {
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
        tx.commit().await
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
