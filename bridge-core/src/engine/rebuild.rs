//! Brings the tables back after the database was lost, from the rooms and from what the network has of us.

mod portal;
mod read;
mod room;
mod said;
mod timeline;

use std::collections::BTreeMap;

use ruma::{OwnedRoomId, RoomAliasId};

use self::room::Room;
pub(crate) use self::said::LastSaid;
use super::Bridge;
use super::persist::persist;
use crate::error::JobError;
use crate::id::{ChatKey, RemoteUserId};
use crate::matrix::{ErrorClass, MatrixError};
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
        let mut of_chats: BTreeMap<ChatKey, Vec<(OwnedRoomId, Room)>> = BTreeMap::new();
        for room_id in persist(&self.stopping, joined).await? {
            match self.look_at(&room_id, &mut rebuilt).await {
                Ok(Some((chat, room))) => of_chats.entry(chat).or_default().push((room_id, room)),
                Ok(None) => {}
                Err(error) => {
                    rebuilt.failed.push(format!("The room {room_id} could not be looked at: {error}"));
                }
            }
        }
        let mut last_said = LastSaid::default();
        for (chat, rooms) in of_chats {
            let Some((room_id, room)) = self.one_of(&chat, rooms, &mut rebuilt).await? else { continue };
            let restored =
                self.restore_portal(&chat, &room_id, &room, reach, &mut rebuilt, &mut last_said).await;
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
    ) -> Result<Option<(ChatKey, Room)>, JobError> {
        let bot = self.app.bot();
        let ask = || async { Ok(bot.full_state(room_id, MOST_STATE).await?) };
        let Some(state) = persist(&self.stopping, ask).await? else {
            rebuilt.missing.push(format!("The room {room_id} has too much state to be read."));
            return Ok(None);
        };
        let room = room::read(&state, bot.user_id().as_str(), N::INFO.id);
        let chat = match &room.claim {
            Some((_, chat)) => Some(chat.clone()),
            None => self.chat_named(room_id, &room).await?,
        };
        if let Some(chat) = chat {
            return Ok(Some((chat, room)));
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

    /// The chat after which a room of the bot's own making is named; the homeserver gives such names to us only.
    async fn chat_named(&self, room_id: &OwnedRoomId, room: &Room) -> Result<Option<ChatKey>, JobError> {
        let bot = self.app.bot();
        let Some(alias) = room.alias.as_deref().filter(|_| room.creator == bot.user_id().as_str()) else {
            return Ok(None);
        };
        let as_user = alias.replacen('#', "@", 1);
        let Some(named) = self.app.ghosts().parse(&as_user) else { return Ok(None) };
        let Ok(alias) = <&RoomAliasId>::try_from(alias) else { return Ok(None) };
        let ask = || async { Ok(bot.room_of_alias(alias).await?) };
        let is_so = persist(&self.stopping, ask).await?.is_some_and(|target| target == *room_id);
        Ok(is_so.then(|| match named.as_str().parse() {
            Ok(chat) => chat,
            Err(never) => match never {},
        }))
    }

    /// The room of a chat, of several that say they are: the one that is named after it, else the last that was tied to it.
    async fn one_of(
        &self,
        chat: &ChatKey,
        mut rooms: Vec<(OwnedRoomId, Room)>,
        rebuilt: &mut Rebuilt,
    ) -> Result<Option<(OwnedRoomId, Room)>, JobError> {
        if rooms.len() > 1 {
            let (bot, alias) = (self.app.bot(), self.alias(chat));
            let named = persist(&self.stopping, || async { Ok(bot.room_of_alias(&alias).await?) }).await?;
            rooms.sort_by_key(|(id, room)| {
                (named.as_ref() == Some(id), room.claim.as_ref().map(|(at, _)| *at))
            });
            for (other, _) in &rooms[..rooms.len() - 1] {
                rebuilt
                    .missing
                    .push(format!("The room {other} was tied to a chat that has another room now."));
            }
        }
        Ok(rooms.pop())
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

/// A call that may be refused, but whose other failures count.
fn unless_refused(done: Result<(), MatrixError>) -> Result<(), JobError> {
    match done {
        Err(error) if error.class() == ErrorClass::Permanent => {
            tracing::debug!(%error, "a call that may fail was refused");
            Ok(())
        }
        done => Ok(done?),
    }
}
