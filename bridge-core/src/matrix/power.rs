//! Power levels: what they say, with the specification's defaults, and raising a user who has to speak.

use ruma::RoomId;
use serde_json::{Value, json};

use super::error::MatrixError;
use super::intent::Intent;

const LEVELS: &str = "m.room.power_levels";

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

/// Older rooms may have numbers as text.
fn level(object: &Value, key: &str) -> Option<i64> {
    let value = object.get(key)?;
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

impl Intent {
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
}
