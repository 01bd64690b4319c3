//! The table of the rooms that bots are in.

use bridge_core::store::db::on;
use bridge_core::store::{Store, StoreError, Tx};

const OF_ROOM: &str = "SELECT user_id FROM bot_member WHERE room_id = $1 ORDER BY user_id";
const OF_USER: &str = "SELECT room_id FROM bot_member WHERE user_id = $1 ORDER BY room_id";
const ADD: &str =
    "INSERT INTO bot_member (room_id, user_id) VALUES ($1, $2) ON CONFLICT (room_id, user_id) DO NOTHING";
const REMOVE: &str = "DELETE FROM bot_member WHERE room_id = $1 AND user_id = $2";
const REMOVE_ALL: &str = "DELETE FROM bot_member WHERE user_id = $1";

/// The bots in a room.
pub(crate) async fn of_room(store: &Store, room_id: &str) -> Result<Vec<String>, StoreError> {
    asked(store, OF_ROOM, room_id).await
}

/// The rooms of a bot.
pub(crate) async fn of_user(store: &Store, user_id: &str) -> Result<Vec<String>, StoreError> {
    let mut rooms = asked(store, OF_USER, user_id).await?;
    // By our own order: a database server may have another.
    rooms.sort();
    Ok(rooms)
}

async fn asked(store: &Store, sql: &'static str, id: &str) -> Result<Vec<String>, StoreError> {
    let mut tx = store.read().await?;
    let rows: Vec<(String,)> = on!(&mut tx, c => sqlx::query_as(sql).bind(id).fetch_all(c).await?);
    tx.commit().await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Notes whether a bot is in a room.
pub(crate) async fn note(store: &Store, room_id: &str, user_id: &str, is_in: bool) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    write(&mut tx, room_id, user_id, is_in).await?;
    tx.commit().await
}

/// The same together with other things.
pub(crate) async fn write(tx: &mut Tx, room_id: &str, user_id: &str, is_in: bool) -> Result<(), StoreError> {
    let sql = if is_in { ADD } else { REMOVE };
    on!(&mut *tx, c => sqlx::query(sql).bind(room_id).bind(user_id).execute(c).await?.rows_affected());
    Ok(())
}

/// Notes the rooms of a bot in place of all that was noted.
pub(crate) async fn replace(tx: &mut Tx, user_id: &str, rooms: &[String]) -> Result<(), StoreError> {
    on!(&mut *tx, c => sqlx::query(REMOVE_ALL).bind(user_id).execute(c).await?.rows_affected());
    for room_id in rooms {
        on!(&mut *tx, c => sqlx::query(ADD).bind(room_id).bind(user_id).execute(c).await?.rows_affected());
    }
    Ok(())
}
