//! The table of direct chats between Matrix users and the bot.

use super::Store;
use super::db::{StoreError, on};

const FIND: &str = "SELECT mxid FROM management_room WHERE room_id = $1";
const OF_USER: &str = "SELECT room_id FROM management_room WHERE mxid = $1 ORDER BY room_id LIMIT 1";
const PUT: &str = "INSERT INTO management_room (room_id, mxid) VALUES ($1, $2) ON CONFLICT (room_id) DO UPDATE SET mxid = excluded.mxid";
const FORGET: &str = "DELETE FROM management_room WHERE room_id = $1";

impl Store {
    /// Whose direct chat with the bot this room is, if it is one.
    pub async fn management_room_owner(&self, room_id: &str) -> Result<Option<String>, StoreError> {
        let mut tx = self.read().await?;
        let row: Option<(String,)> =
            on!(&mut tx, c => sqlx::query_as(FIND).bind(room_id).fetch_optional(c).await?);
        tx.commit().await?;
        Ok(row.map(|(mxid,)| mxid))
    }

    /// A user's direct chat with the bot.
    pub async fn management_room_of(&self, mxid: &str) -> Result<Option<String>, StoreError> {
        let mut tx = self.read().await?;
        let row: Option<(String,)> =
            on!(&mut tx, c => sqlx::query_as(OF_USER).bind(mxid).fetch_optional(c).await?);
        tx.commit().await?;
        Ok(row.map(|(room_id,)| room_id))
    }

    /// Notes a direct chat.
    pub async fn put_management_room(&self, room_id: &str, mxid: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        on!(&mut tx, c => sqlx::query(PUT).bind(room_id).bind(mxid).execute(c).await?.rows_affected());
        tx.commit().await
    }

    /// Forgets a direct chat that ended.
    pub async fn forget_management_room(&self, room_id: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        on!(&mut tx, c => sqlx::query(FORGET).bind(room_id).execute(c).await?.rows_affected());
        tx.commit().await
    }
}
