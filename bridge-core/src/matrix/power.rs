//! Power levels: what they say, with the specification's defaults, and raising a user who has to speak.

use ruma::{RoomId, UserId};
use serde_json::{Value, json};

use super::error::MatrixError;
use super::intent::Intent;

const LEVELS: &str = "m.room.power_levels";
/// From this version of rooms on, who made one stands above its levels.
const MAKERS_NEED_NONE: u32 = 12;

/// The level that an event of this type needs.
pub(crate) fn to_send(levels: &Value, event_type: &str, is_state: bool) -> i64 {
    let (key, default) = if is_state { ("state_default", 50) } else { ("events_default", 0) };
    let own = levels.get("events").and_then(|events| level(events, event_type));
    own.or_else(|| level(levels, key)).unwrap_or(default)
}

/// The level that `invite`, `kick`, `ban` or `redact` needs.
pub(crate) fn to_do(levels: &Value, act: &str) -> i64 {
    level(levels, act).unwrap_or(if act == "invite" { 0 } else { 50 })
}

/// A user's level, by what the levels say alone: a creator of newer rooms stands above them.
pub(crate) fn of_user(levels: &Value, user_id: &str) -> i64 {
    let own = levels.get("users").and_then(|users| level(users, user_id));
    own.or_else(|| level(levels, "users_default")).unwrap_or(0)
}

/// Whether a user has the level that a room's settings need which have none of their own.
fn may_change(levels: &Value, user_id: &str) -> bool {
    of_user(levels, user_id) >= level(levels, "state_default").unwrap_or(50)
}

/// Whether a user made a room, by its `m.room.create`, and therefore stands above its levels; above those that it lacks,
/// whoever made it does in all versions.
fn is_above(creation: &Value, has_levels: bool, user_id: &str) -> bool {
    let is_user = |value: &Value| value.as_str() == Some(user_id);
    let version = creation.pointer("/content/room_version").and_then(Value::as_str).unwrap_or("1");
    let is_new = version.parse::<u32>().is_ok_and(|version| version >= MAKERS_NEED_NONE);
    let others = creation.pointer("/content/additional_creators").and_then(Value::as_array);
    let is_first = creation.get("sender").is_some_and(is_user);
    let is_other = others.is_some_and(|others| others.iter().any(is_user));
    is_first && (is_new || !has_levels) || is_other && is_new
}

/// Older rooms may have numbers as text.
fn level(object: &Value, key: &str) -> Option<i64> {
    let value = object.get(key)?;
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

impl Intent {
    /// Whether a user may change a room's settings: has the level `state_default`, or made a room whose makers need none.
    /// This user has to be in the room.
    pub async fn may_change_room(&self, room_id: &RoomId, user_id: &UserId) -> Result<bool, MatrixError> {
        let levels = self.state(room_id, LEVELS, "").await?;
        if levels.as_ref().is_some_and(|levels| may_change(levels, user_id.as_str())) {
            return Ok(true);
        }
        let creation = self.state_event(room_id, "m.room.create", "").await?.unwrap_or_default();
        Ok(is_above(&creation, levels.is_some(), user_id.as_str()))
    }

    /// Raises the user to the level that an event of this type needs in the room, if that is what they lack. Says whether
    /// it did. The bot does it; where it may not, the user stays as they are.
    pub(super) async fn raise_to_send(
        &self,
        room_id: &RoomId,
        event_type: &str,
    ) -> Result<bool, MatrixError> {
        if self.is_bot() {
            return Ok(false);
        }
        let bot = self.app().bot();
        let mut levels = match bot.state(room_id, LEVELS, "").await {
            Ok(Some(levels)) if levels.is_object() => levels,
            Err(error) if !error.is_forbidden() => return Err(error),
            _ => return Ok(false),
        };
        let needed = to_send(&levels, event_type, false);
        if of_user(&levels, self.user_id().as_str()) >= needed {
            return Ok(false);
        }
        if !levels.get("users").is_some_and(Value::is_object) {
            levels["users"] = json!({});
        }
        levels["users"][self.user_id().as_str()] = needed.into();
        match bot.put_state(room_id, LEVELS, "", &levels, None).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_forbidden() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_levels_are_the_specifications() {
        let none = json!({});
        assert_eq!((to_send(&none, "m.room.name", true), to_send(&none, "m.reaction", false)), (50, 0));
        assert_eq!((to_do(&none, "invite"), to_do(&none, "kick"), of_user(&none, "@a:b")), (0, 50, 0));
        let some = json!({
            "users": { "@a:b": "40" }, "users_default": 5, "events_default": 75, "events": { "m.reaction": 3 },
        });
        assert_eq!((to_send(&some, "m.room.message", false), to_send(&some, "m.reaction", false)), (75, 3));
        assert_eq!((of_user(&some, "@a:b"), of_user(&some, "@c:d")), (40, 5));
    }

    #[test]
    fn settings_are_for_those_with_the_level_and_for_makers() {
        let levels = json!({ "users": { "@a:b": 50, "@c:d": 49 } });
        assert_eq!((may_change(&levels, "@a:b"), may_change(&levels, "@c:d")), (true, false));
        let strict = json!({ "users": { "@a:b": 50, "@c:d": "75" }, "state_default": 75 });
        assert_eq!((may_change(&strict, "@a:b"), may_change(&strict, "@c:d")), (false, true));
        let made = |version: &str| json!({ "sender": "@a:b", "content": { "room_version": version, "additional_creators": ["@c:d"] } });
        for (version, has_levels, who, expected) in [
            ("12", true, "@a:b", true),
            ("12", true, "@c:d", true),
            ("12", true, "@e:f", false),
            ("11", true, "@a:b", false),
            ("11", false, "@a:b", true),
            ("11", false, "@c:d", false),
        ] {
            assert_eq!(is_above(&made(version), has_levels, who), expected, "{version} {has_levels} {who}");
        }
        assert!(!is_above(&Value::Null, false, "@a:b"));
    }
}
