//! The table of chats whose members are being brought into the room: what a restart goes on with.

use super::Store;
use super::db::{StoreError, on};
use crate::id::{ChatId, ChatKey, LoginId};

const PUT: &str = "INSERT INTO member_sync (chat_id, receiver, login_id) VALUES ($1, $2, $3) \
                   ON CONFLICT (chat_id, receiver) DO UPDATE SET login_id = excluded.login_id";
const ALL: &str = "SELECT chat_id, receiver, login_id FROM member_sync ORDER BY chat_id, receiver";
const FORGET: &str = "DELETE FROM member_sync WHERE chat_id = $1 AND receiver = $2";

impl Store {
    /// Notes that a chat's members are to be brought in, by way of this login.
    pub async fn put_member_sync(&self, chat: &ChatKey, login_id: &LoginId) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        on!(&mut tx, c => {
            sqlx::query(PUT)
                .bind(chat.chat_id.as_str())
                .bind(chat.receiver_str())
                .bind(login_id.as_str())
                .execute(c)
                .await?
                .rows_affected()
        });
        tx.commit().await
    }

    /// The chats whose members were not brought in to the end.
    pub async fn member_syncs(&self) -> Result<Vec<(ChatKey, LoginId)>, StoreError> {
        let mut tx = self.read().await?;
        let rows: Vec<(String, String, String)> = on!(&mut tx, c => sqlx::query_as(ALL).fetch_all(c).await?);
        tx.commit().await?;
        let read = |(chat_id, receiver, login_id): (String, String, String)| {
            let receiver = (!receiver.is_empty()).then(|| LoginId::new(receiver));
            (ChatKey { chat_id: ChatId::new(chat_id), receiver }, LoginId::new(login_id))
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// A chat's members were brought in to the end.
    pub async fn forget_member_sync(&self, chat: &ChatKey) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        on!(&mut tx, c => {
            sqlx::query(FORGET)
                .bind(chat.chat_id.as_str())
                .bind(chat.receiver_str())
                .execute(c)
                .await?
                .rows_affected()
        });
        tx.commit().await
    }
}
