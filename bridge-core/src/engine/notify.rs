//! Whether a Matrix user may notify a whole room, by its power levels.

use serde_json::Value;

use super::Bridge;
use super::bridge::room_id;
use crate::error::JobError;
use crate::network::Network;
use crate::store::portal::PortalRow;

/// The level that it takes where the room does not say, by the Matrix specification.
const USUAL_LEVEL: i64 = 50;

impl<N: Network> Bridge<N> {
    /// Whether the sender may notify the whole room. Homeservers take the mention from anybody, and leave it to those who
    /// show it to look at the sender's level; so do we.
    pub(crate) async fn may_notify_room(&self, portal: &PortalRow, sender: &str) -> Result<bool, JobError> {
        // A room that was lost had its say when it was there.
        let Some(room) = &portal.room_id else { return Ok(false) };
        let room = room_id(room)?;
        let levels = self.app.bot().state(room, "m.room.power_levels", "").await?.unwrap_or_default();
        Ok(may_notify(&levels, sender))
    }
}

/// The same, by the content of `m.room.power_levels`.
fn may_notify(levels: &Value, sender: &str) -> bool {
    let of_user = levels.get("users").and_then(|users| level(users.get(sender)?));
    let own = of_user.or_else(|| level(levels.get("users_default")?)).unwrap_or(0);
    own >= levels.pointer("/notifications/room").and_then(level).unwrap_or(USUAL_LEVEL)
}

/// A level; rooms of old versions may hold it as text.
fn level(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::may_notify;

    #[test]
    fn the_room_says_who_may() {
        for (levels, wanted) in [
            (json!({}), false),
            (json!({ "users": { "@a:hs": 50 } }), true),
            (json!({ "users": { "@a:hs": "50" } }), true),
            (json!({ "users": { "@a:hs": 49 } }), false),
            (json!({ "users": { "@b:hs": 100 } }), false),
            (json!({ "users_default": 50 }), true),
            (json!({ "users_default": 50, "users": { "@a:hs": 0 } }), false),
            (json!({ "notifications": { "room": 0 } }), true),
            (json!({ "notifications": { "room": 100 }, "users": { "@a:hs": 50 } }), false),
            (json!({ "notifications": [], "users": "x" }), false),
        ] {
            assert_eq!(may_notify(&levels, "@a:hs"), wanted, "{levels}");
        }
    }
}
