//! The table of portals: which room a chat is tied to.

use sqlx::FromRow;
use sqlx::types::Json;

use super::Store;
use super::db::{StoreError, Tx, on, storable_json};
use crate::event::ChatInfo;
use crate::id::{ChatId, ChatKey, LoginId, RemoteUserId};

const BY_CHAT: &str = "SELECT chat_id, receiver, room_id, login_id, info, avatar_mxc, created_at FROM portal \
                       WHERE chat_id = $1 AND receiver = $2";
const BY_ROOM: &str = "SELECT chat_id, receiver, room_id, login_id, info, avatar_mxc, created_at FROM portal WHERE room_id = $1";
const ROOMS_OF_LOGIN: &str =
    "SELECT chat_id, receiver FROM portal WHERE login_id = $1 AND room_id IS NOT NULL ORDER BY created_at";
const WITH_ROOMS: &str = "SELECT chat_id, receiver, room_id, login_id, info, avatar_mxc, created_at FROM portal \
                          WHERE room_id IS NOT NULL ORDER BY created_at";
const PUT: &str = "INSERT INTO portal (chat_id, receiver, room_id, login_id, info, avatar_mxc, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (chat_id, receiver) DO UPDATE SET \
                   room_id = excluded.room_id, login_id = excluded.login_id, info = excluded.info, \
                   avatar_mxc = excluded.avatar_mxc";
const NOTE: &str = "INSERT INTO portal (chat_id, receiver, room_id, login_id, info, avatar_mxc, created_at) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (chat_id, receiver) DO NOTHING";
const REMOVE_ROOMLESS: &str = "DELETE FROM portal WHERE chat_id = $1 AND receiver = $2 AND room_id IS NULL";
const MOVE: &str =
    "UPDATE portal SET chat_id = $1, receiver = $2, info = $3 WHERE chat_id = $4 AND receiver = $5";
const FORGET_PEOPLE: &str = "DELETE FROM portal_person WHERE chat_id = $1 AND receiver = $2";
const PUT_PERSON: &str = "INSERT INTO portal_person (user_id, chat_id, receiver) VALUES ($1, $2, $3) \
                          ON CONFLICT (user_id, chat_id, receiver) DO NOTHING";
const WITH_PERSON: &str = "SELECT p.chat_id, p.receiver, p.room_id, p.login_id, p.info, p.avatar_mxc, p.created_at \
                           FROM portal_person AS w JOIN portal AS p ON p.chat_id = w.chat_id AND p.receiver = w.receiver \
                           WHERE w.user_id = $1 AND p.room_id IS NOT NULL ORDER BY p.created_at, p.chat_id";
const COUNT: &str = "SELECT COUNT(*) FROM portal WHERE room_id IS NOT NULL";

/// A chat that is known; a portal once it has a room.
#[derive(Debug, Clone, PartialEq)]
pub struct PortalRow {
    /// The chat.
    pub chat: ChatKey,
    /// The room, once it was made.
    pub room_id: Option<String>,
    /// The login that brought the chat and speaks for people without a login.
    pub login_id: LoginId,
    /// The chat as the network last described it and as the room was last set to.
    pub info: ChatInfo,
    /// Where the chat's picture is on Matrix.
    pub avatar_mxc: Option<String>,
    /// When it became known, in milliseconds since 1970.
    pub created_at: i64,
}

#[derive(FromRow)]
struct Stored {
    chat_id: String,
    receiver: String,
    room_id: Option<String>,
    login_id: String,
    info: Json<ChatInfo>,
    avatar_mxc: Option<String>,
    created_at: i64,
}

/// The chat that is stored so; shared where the receiver is empty.
fn key(chat_id: String, receiver: String) -> ChatKey {
    let receiver = (!receiver.is_empty()).then(|| LoginId::new(receiver));
    ChatKey { chat_id: ChatId::new(chat_id), receiver }
}

impl From<Stored> for PortalRow {
    fn from(row: Stored) -> Self {
        Self {
            chat: key(row.chat_id, row.receiver),
            room_id: row.room_id,
            login_id: LoginId::new(row.login_id),
            info: row.info.0,
            avatar_mxc: row.avatar_mxc,
            created_at: row.created_at,
        }
    }
}

impl Store {
    /// A chat's row.
    pub async fn portal(&self, chat: &ChatKey) -> Result<Option<PortalRow>, StoreError> {
        let mut tx = self.read().await?;
        let row: Option<Stored> = on!(&mut tx, c => {
            sqlx::query_as(BY_CHAT).bind(chat.chat_id.as_str()).bind(chat.receiver_str()).fetch_optional(c).await?
        });
        tx.commit().await?;
        Ok(row.map(PortalRow::from))
    }

    /// The portal whose room this is.
    pub async fn portal_of_room(&self, room_id: &str) -> Result<Option<PortalRow>, StoreError> {
        let mut tx = self.read().await?;
        let row: Option<Stored> =
            on!(&mut tx, c => sqlx::query_as(BY_ROOM).bind(room_id).fetch_optional(c).await?);
        tx.commit().await?;
        Ok(row.map(PortalRow::from))
    }

    /// The chats with a room that a login brought, the oldest first: without what is known of each, which is a kilobyte.
    pub(crate) async fn chats_with_rooms(&self, login_id: &LoginId) -> Result<Vec<ChatKey>, StoreError> {
        let mut tx = self.read().await?;
        let rows: Vec<(String, String)> =
            on!(&mut tx, c => sqlx::query_as(ROOMS_OF_LOGIN).bind(login_id.as_str()).fetch_all(c).await?);
        tx.commit().await?;
        Ok(rows.into_iter().map(|(chat_id, receiver)| key(chat_id, receiver)).collect())
    }

    /// All portals, those of logins that have ended, too; the oldest first.
    pub(crate) async fn portals_with_rooms(&self) -> Result<Vec<PortalRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows: Vec<Stored> = on!(&mut tx, c => sqlx::query_as(WITH_ROOMS).fetch_all(c).await?);
        tx.commit().await?;
        Ok(rows.into_iter().map(PortalRow::from).collect())
    }

    /// The portals of the direct chats and groups that a person is in.
    pub async fn portals_with(&self, person: &RemoteUserId) -> Result<Vec<PortalRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows: Vec<Stored> =
            on!(&mut tx, c => sqlx::query_as(WITH_PERSON).bind(person.as_str()).fetch_all(c).await?);
        tx.commit().await?;
        Ok(rows.into_iter().map(PortalRow::from).collect())
    }

    /// Writes a chat's row at once.
    pub async fn put_portal(&self, row: &PortalRow) -> Result<(), StoreError> {
        self.write_portal(PUT, row).await
    }

    /// Writes a chat's row unless there is one, in one step: a room that is made meanwhile is not forgotten.
    pub async fn note_portal(&self, row: &PortalRow) -> Result<(), StoreError> {
        self.write_portal(NOTE, row).await
    }

    async fn write_portal(&self, statement: &'static str, row: &PortalRow) -> Result<(), StoreError> {
        let info = storable_json(&row.info)?;
        let mut tx = self.begin().await?;
        let written = on!(&mut tx, c => {
            sqlx::query(statement)
                .bind(row.chat.chat_id.as_str())
                .bind(row.chat.receiver_str())
                .bind(row.room_id.as_deref())
                .bind(row.login_id.as_str())
                .bind(&info)
                .bind(row.avatar_mxc.as_deref())
                .bind(row.created_at)
                .execute(c)
                .await?
                .rows_affected()
        });
        if written > 0 {
            put_people(&mut tx, &row.chat, &row.info).await?;
        }
        tx.commit().await
    }

    /// Gives a chat's row to another chat, which is described by `info`, unless that has a room of its own; says whether
    /// it did.
    pub async fn move_portal(
        &self,
        from: &ChatKey,
        to: &ChatKey,
        info: &ChatInfo,
    ) -> Result<bool, StoreError> {
        if self.portal(to).await?.is_some_and(|row| row.room_id.is_some()) {
            return Ok(false);
        }
        let stored = storable_json(info)?;
        let mut tx = self.begin().await?;
        on!(&mut tx, c => {
            sqlx::query(REMOVE_ROOMLESS)
                .bind(to.chat_id.as_str())
                .bind(to.receiver_str())
                .execute(c)
                .await?
                .rows_affected()
        });
        on!(&mut tx, c => {
            sqlx::query(MOVE)
                .bind(to.chat_id.as_str())
                .bind(to.receiver_str())
                .bind(&stored)
                .bind(from.chat_id.as_str())
                .bind(from.receiver_str())
                .execute(c)
                .await?
                .rows_affected()
        });
        put_people(&mut tx, from, &ChatInfo::new(from.clone(), info.kind)).await?;
        put_people(&mut tx, to, info).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// How many chats have a room.
    pub async fn count_portals(&self) -> Result<i64, StoreError> {
        let mut tx = self.read().await?;
        let (count,): (i64,) = on!(&mut tx, c => sqlx::query_as(COUNT).fetch_one(c).await?);
        tx.commit().await?;
        Ok(count)
    }
}

/// Writes who the people are that a chat is called after.
async fn put_people(tx: &mut Tx, chat: &ChatKey, info: &ChatInfo) -> Result<(), StoreError> {
    on!(&mut *tx, c => {
        sqlx::query(FORGET_PEOPLE)
            .bind(chat.chat_id.as_str())
            .bind(chat.receiver_str())
            .execute(c)
            .await?
            .rows_affected()
    });
    for person in info.others() {
        on!(&mut *tx, c => {
            sqlx::query(PUT_PERSON)
                .bind(person.as_str())
                .bind(chat.chat_id.as_str())
                .bind(chat.receiver_str())
                .execute(c)
                .await?
                .rows_affected()
        });
    }
    Ok(())
}

/// The chat whose portal a room is.
pub(super) async fn chat_of_room(tx: &mut Tx, room_id: &str) -> Result<Option<ChatKey>, StoreError> {
    let row: Option<Stored> =
        on!(&mut *tx, c => sqlx::query_as(BY_ROOM).bind(room_id).fetch_optional(c).await?);
    Ok(row.map(|row| PortalRow::from(row).chat))
}
