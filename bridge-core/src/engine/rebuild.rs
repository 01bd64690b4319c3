//! Brings the tables back after the database was lost, from the rooms and from what the network has of us.

mod new_rooms;
mod portal;
mod read;
mod room;
mod said;
mod timeline;

use std::collections::BTreeMap;

use ruma::{OwnedRoomAliasId, OwnedRoomId, RoomId};

pub(crate) use self::new_rooms::Untied;
use self::room::Room;
pub(crate) use self::said::LastSaid;
use super::Bridge;
use super::persist::persist;
use crate::error::JobError;
use crate::id::{ChatKey, RemoteUserId};
use crate::network::Network;
use crate::store::ghost::GhostRow;

/// A room's state in bytes that is read at most: some 100,000 members.
const MOST_STATE: usize = 64 * 1024 * 1024;

/// How far back is read in each room.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    /// So many events at least, if there are as many.
    pub(crate) events: usize,
    /// Nothing from before this moment, in milliseconds since 1970.
    pub(crate) since: i64,
}

/// What is there again.
#[derive(Debug, Default)]
pub(crate) struct Rebuilt {
    /// Rooms of chats.
    pub(crate) portals: usize,
    /// Ghosts.
    pub(crate) ghosts: usize,
    /// Message pairs.
    pub(crate) pairs: usize,
    /// Reactions.
    pub(crate) reactions: usize,
    /// Direct chats of people with the bot.
    pub(crate) direct_chats: usize,
    /// What did not come back and will not: sentences.
    pub(crate) missing: Vec<String>,
    /// What could not be done now: sentences.
    pub(crate) failed: Vec<String>,
}

impl<N: Network> Bridge<N> {
    /// Restores portals, ghosts and pairs from the rooms that the bot is in. The logins have to be open, and nothing else may
    /// work on the tables. What is in the tables stays as it is, so it may be cut off and called again at any time. The error:
    /// nothing could be done.
    pub(crate) async fn rebuild(&self, reach: Reach) -> Result<Rebuilt, JobError> {
        let bot = self.app.bot();
        let joined = || async {
            bot.ensure_registered().await?;
            Ok(bot.joined_rooms().await?)
        };
        let mut rebuilt = Rebuilt::default();
        // Only what tells them apart: a bot can be in many rooms with many members.
        let mut of_chats: BTreeMap<ChatKey, Vec<(OwnedRoomId, Option<i64>)>> = BTreeMap::new();
        for room_id in persist(&self.stopping, joined).await? {
            match self.look_at(&room_id, &mut rebuilt).await {
                Ok(Some((chat, claimed_at))) => of_chats.entry(chat).or_default().push((room_id, claimed_at)),
                Ok(None) => {}
                Err(error) => {
                    rebuilt.failed.push(format!("The room {room_id} could not be looked at: {error}"));
                }
            }
        }
        let mut last_said = LastSaid::default();
        for (chat, rooms) in of_chats {
            let Some(room_id) = self.one_of(&chat, rooms, &mut rebuilt).await? else { continue };
            let restored = match self.read_room(&room_id).await {
                Ok(Some(room)) => {
                    self.restore_portal(&chat, &room_id, &room, reach, &mut rebuilt, &mut last_said).await
                }
                read => read.map(drop),
            };
            if let Err(error) = restored {
                rebuilt.failed.push(format!("The room {room_id} could not be restored to its end: {error}"));
            }
        }
        // Also where a room failed: whoever starts the program now misses nothing of what the others told.
        self.note_last_said(last_said, rebuilt.failed.is_empty()).await?;
        Ok(rebuilt)
    }

    /// What a room is: the portal of a chat, a person's direct chat with the bot, or none of ours.
    async fn look_at(
        &self,
        room_id: &OwnedRoomId,
        rebuilt: &mut Rebuilt,
    ) -> Result<Option<(ChatKey, Option<i64>)>, JobError> {
        let bot = self.app.bot();
        let Some(room) = self.read_room(room_id).await? else {
            rebuilt.missing.push(format!("The room {room_id} has too much state to be read."));
            return Ok(None);
        };
        if let Some((at, chat)) = room.claim {
            return Ok(Some((chat, Some(at))));
        }
        if let Some(chat) = self.chat_named(room_id).await? {
            return Ok(Some((chat, None)));
        }
        if let [person] = room.members.keys().filter(|who| !self.app.owns(who)).collect::<Vec<_>>()[..]
            && room.members.len() == 2
            // In a room that somebody else made, that one can come back and read along.
            && [person.as_str(), bot.user_id().as_str()].contains(&room.creator.as_str())
        {
            rebuilt.direct_chats += 1;
            if self.store.management_room_of(person).await?.is_none() {
                self.store.put_management_room(room_id.as_str(), person).await?;
            }
        }
        Ok(None)
    }

    /// A room's state as far as it is of use; none where there is too much of it.
    async fn read_room(&self, room_id: &RoomId) -> Result<Option<Room>, JobError> {
        let bot = self.app.bot();
        let ask = || async { Ok(bot.full_state(room_id, MOST_STATE).await?) };
        let state = persist(&self.stopping, ask).await?;
        Ok(state.map(|state| room::read(&state, bot.user_id().as_str(), N::INFO.id)))
    }

    /// The chat after which a room is named. The homeserver gives such names to us only, whoever made the room and whatever
    /// somebody in it says.
    async fn chat_named(&self, room_id: &RoomId) -> Result<Option<ChatKey>, JobError> {
        let bot = self.app.bot();
        let names = persist(&self.stopping, || async { Ok(bot.aliases_of(room_id).await?) }).await?;
        Ok(names.iter().find_map(|alias| self.chat_of_name(alias)))
    }

    fn chat_of_name(&self, alias: &OwnedRoomAliasId) -> Option<ChatKey> {
        let named = self.app.ghosts().parse(&alias.as_str().replacen('#', "@", 1))?;
        match named.as_str().parse() {
            Ok(chat) => Some(chat),
            Err(never) => match never {},
        }
    }

    /// The room of a chat, of several that may be: one that the bot tied to it before one that only has its name; of several
    /// of those the one with the name, else the last that was tied.
    async fn one_of(
        &self,
        chat: &ChatKey,
        mut rooms: Vec<(OwnedRoomId, Option<i64>)>,
        rebuilt: &mut Rebuilt,
    ) -> Result<Option<OwnedRoomId>, JobError> {
        if rooms.len() > 1 {
            let (bot, alias) = (self.app.bot(), self.alias(chat));
            let named = persist(&self.stopping, || async { Ok(bot.room_of_alias(&alias).await?) }).await?;
            rooms.sort_by_key(|(id, claimed_at)| {
                (claimed_at.is_some(), named.as_ref() == Some(id), *claimed_at)
            });
            for (other, _) in &rooms[..rooms.len() - 1] {
                rebuilt
                    .missing
                    .push(format!("The room {other} was tied to a chat that has another room now."));
            }
        }
        Ok(rooms.pop().map(|(room_id, _)| room_id))
    }

    /// Notes the ghosts in a room as they look there. The network is asked about them when they are next heard of.
    async fn restore_ghosts(&self, room: &Room, rebuilt: &mut Rebuilt) -> Result<(), JobError> {
        for (user_id, profile) in &room.members {
            let Some(remote) = self.app.ghosts().parse(user_id) else { continue };
            if self.restore_ghost(remote, profile.displayname.clone(), profile.avatar_url.clone()).await? {
                rebuilt.ghosts += 1;
            }
        }
        Ok(())
    }

    async fn restore_ghost(
        &self,
        remote: RemoteUserId,
        name: Option<String>,
        avatar_mxc: Option<String>,
    ) -> Result<bool, JobError> {
        let is_new = self.store.ghost(&remote).await?.is_none();
        if is_new {
            self.store.put_ghost(&GhostRow { name, avatar_mxc, ..GhostRow::new(remote) }).await?;
        }
        Ok(is_new)
    }
}
