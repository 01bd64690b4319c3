//! Rooms that are made once: an alias made from what they are for finds them again.

use ruma::api::client::alias::{create_alias, delete_alias, get_alias};
use ruma::api::client::room::aliases;
use ruma::{OwnedRoomAliasId, OwnedRoomId, RoomAliasId, RoomId};

use super::CreateRoom;
use crate::matrix::error::MatrixError;
use crate::matrix::intent::Intent;

/// A room that has an alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The room.
    pub room_id: OwnedRoomId,
    /// Whether it was there before the call: an earlier try, perhaps of a process that died, or another caller made
    /// it.
    pub is_found: bool,
}

impl Intent {
    /// Makes a room under this alias of ours, or finds the one that has it already. The user may have left a room that
    /// is found.
    pub async fn create_room_at(&self, alias: &RoomAliasId, room: CreateRoom) -> Result<Made, MatrixError> {
        let room = CreateRoom { alias: Some(alias.alias().to_owned()), ..room };
        match self.create_room(room).await {
            Ok(room_id) => Ok(Made { room_id, is_found: false }),
            Err(error) if error.errcode() == Some("M_ROOM_IN_USE") => {
                Ok(Made { room_id: self.resolve(alias).await?, is_found: true })
            }
            Err(error) => Err(error),
        }
    }

    /// The room that an alias leads to; none if there is no such alias.
    pub async fn room_of_alias(&self, alias: &RoomAliasId) -> Result<Option<OwnedRoomId>, MatrixError> {
        match self.resolve(alias).await {
            Err(error) if error.is_not_found() => Ok(None),
            resolved => resolved.map(Some),
        }
    }

    async fn resolve(&self, alias: &RoomAliasId) -> Result<OwnedRoomId, MatrixError> {
        Ok(self.call("resolve_alias", get_alias::v3::Request::new(alias.to_owned())).await?.room_id)
    }

    /// The aliases that lead to a room, as its homeserver knows them: nobody in the room can say otherwise.
    pub async fn aliases_of(&self, room_id: &RoomId) -> Result<Vec<OwnedRoomAliasId>, MatrixError> {
        Ok(self.call("room_aliases", aliases::v3::Request::new(room_id.to_owned())).await?.aliases)
    }

    /// Has an alias lead to a room, wherever it led before.
    pub async fn lead_alias(&self, alias: &RoomAliasId, room_id: &RoomId) -> Result<(), MatrixError> {
        match self.room_of_alias(alias).await? {
            Some(there) if there == *room_id => return Ok(()),
            Some(_) => self.remove_alias(alias).await?,
            None => {}
        }
        self.add_alias(alias, room_id).await
    }

    /// Gives a room one more alias; that it has it already is fine, that another room has it is not.
    pub async fn add_alias(&self, alias: &RoomAliasId, room_id: &RoomId) -> Result<(), MatrixError> {
        let request = create_alias::v3::Request::new(alias.to_owned(), room_id.to_owned());
        match self.call("add_alias", request).await {
            Err(error) if error.status() == Some(409) => match self.room_of_alias(alias).await? {
                Some(there) if there == *room_id => Ok(()),
                _ => Err(error),
            },
            added => added.map(drop),
        }
    }

    /// Takes an alias away from its room; that there is none is fine.
    pub async fn remove_alias(&self, alias: &RoomAliasId) -> Result<(), MatrixError> {
        match self.call("remove_alias", delete_alias::v3::Request::new(alias.to_owned())).await {
            Err(error) if error.status() != Some(404) => Err(error),
            _ => Ok(()),
        }
    }
}
