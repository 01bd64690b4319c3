//! Making a room.

use ruma::api::client::room::create_room::v3::{Request, RoomPreset};
use ruma::{OwnedRoomId, OwnedUserId, RoomVersionId};
use serde_json::{Value, json};

use crate::matrix::error::MatrixError;
use crate::matrix::intent::Intent;
use crate::matrix::send::raw_json;

/// What a new room is to be like. What is left out is the homeserver's choice.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a choice of its own, named where it is made")]
pub struct CreateRoom {
    /// Its name.
    pub name: Option<String>,
    /// Its topic.
    pub topic: Option<String>,
    /// Whether anybody may join.
    pub is_public: bool,
    /// Whether it is a direct chat.
    pub is_direct: bool,
    /// Who is invited at once.
    pub invite: Vec<OwnedUserId>,
    /// The localpart of its alias.
    pub alias: Option<String>,
    /// Whether it is a space.
    pub is_space: bool,
    /// Whether users of other servers may join.
    pub is_federated: bool,
    /// Its version; the homeserver's default if left out.
    pub version: Option<String>,
    /// State it has from the beginning: type, state key, content.
    pub initial_state: Vec<(String, String, Value)>,
    /// Keys of its power levels that differ from the homeserver's choice.
    pub power_levels: Option<Value>,
}

impl Intent {
    /// Makes a room. The homeserver has no key against making it twice: look for it before.
    pub async fn create_room(&self, room: CreateRoom) -> Result<OwnedRoomId, MatrixError> {
        let mut request = Request::new();
        let preset = if room.is_public { RoomPreset::PublicChat } else { RoomPreset::PrivateChat };
        request.preset = Some(preset);
        if let Some(mut levels) = room.power_levels {
            if self.creators_outrank_levels(room.version.as_deref()).await? {
                forget_level(&mut levels, self.user_id().as_str());
            }
            request.power_level_content_override = Some(raw_json(&levels)?);
        }
        let mut creation = json!({});
        if room.is_space {
            creation["type"] = "m.space".into();
        }
        if !room.is_federated {
            creation["m.federate"] = false.into();
        }
        request.creation_content = Some(raw_json(&creation)?);
        for (event_type, state_key, content) in room.initial_state {
            let event = json!({ "type": event_type, "state_key": state_key, "content": content });
            request.initial_state.push(raw_json(&event)?);
        }
        request.name = room.name;
        request.topic = room.topic;
        request.is_direct = room.is_direct;
        request.invite = room.invite;
        request.room_alias_name = room.alias;
        request.room_version = room
            .version
            .map(RoomVersionId::try_from)
            .transpose()
            .map_err(|_| MatrixError::Malformed("the room version asked for is none".to_owned()))?;
        let room_id = self.call("create_room", request).await?.room_id;
        let key = (self.user_id().to_owned(), room_id.clone());
        self.app().known().joined.insert(key, ());
        Ok(room_id)
    }

    /// From version 12 on the creator has more than any power level, and Synapse refuses to be given one for it.
    async fn creators_outrank_levels(&self, version: Option<&str>) -> Result<bool, MatrixError> {
        let version = match version {
            Some(version) => version.to_owned(),
            None => self.default_room_version().await?,
        };
        Ok(version.parse::<u32>().is_ok_and(|version| version >= 12))
    }
}

fn forget_level(levels: &mut Value, user_id: &str) {
    if let Some(users) = levels.get_mut("users").and_then(Value::as_object_mut) {
        users.remove(user_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_creator_loses_its_level() {
        let mut levels = json!({ "users": { "@bot:hs.test": 100, "@a:hs.test": 50 }, "invite": 0 });
        forget_level(&mut levels, "@bot:hs.test");
        assert_eq!(levels, json!({ "users": { "@a:hs.test": 50 }, "invite": 0 }));
        let mut without = json!({ "invite": 0 });
        forget_level(&mut without, "@bot:hs.test");
        assert_eq!(without, json!({ "invite": 0 }));
    }
}
