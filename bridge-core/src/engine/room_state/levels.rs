//! Who may do what in a portal's room.

use serde_json::{Value, json};

use crate::event::{ChatInfo, ChatKind};

/// The level of whoever looks after a room: the login's owner, the ghost in a direct chat.
pub(crate) const CARETAKER: i64 = 50;
/// The level for what people on Matrix may not do at all. Ghosts that have to do it are raised to it.
pub(crate) const CLOSED: i64 = 75;
/// The bot's level, where it needs one.
pub(crate) const BOT: i64 = 100;

/// Where the levels that follow the chat stand, and each one's value. All others are the room's own: whoever may changes
/// them, and nothing is set back.
fn following(info: &ChatInfo) -> [(&'static [&'static str], i64); 4] {
    let is_over = info.archived || info.deleted;
    let is_closed = is_over || !(info.posting.messages || info.posting.answers);
    let closed_if = |closed: bool, open: i64| if closed { CLOSED } else { open };
    let topic = if info.kind == ChatKind::Direct { CARETAKER } else { 0 };
    // Into an open channel whoever is in the room may bring colleagues, who are then relayed.
    let invite = if info.kind == ChatKind::Channel { 0 } else { CARETAKER };
    [
        (&["events_default"], closed_if(is_closed, 0)),
        // Who may not write may still react, until the chat is over.
        (&["events", "m.reaction"], closed_if(is_over, 0)),
        (&["events", "m.room.topic"], closed_if(is_over, topic)),
        (&["invite"], invite),
    ]
}

/// The levels of a new room. `caretakers` beside the bot: the owner, and in a direct chat the other person's ghost.
pub(crate) fn first(info: &ChatInfo, bot: &str, caretakers: &[&str]) -> Value {
    let mut levels = json!({
        "users": { bot: BOT },
        "users_default": 0,
        "state_default": 50,
        "ban": 50, "kick": 50, "redact": 50,
        "notifications": { "room": 50 },
        // What stands here takes the place of all that homeservers put here.
        "events": {
            "m.room.name": 50, "m.room.avatar": 50, "m.room.canonical_alias": 50, "m.room.redaction": 0,
            // As is usual on networks: whoever is in a chat may pin.
            "m.room.pinned_events": 0,
            "m.room.power_levels": BOT, "m.room.history_visibility": BOT, "m.room.tombstone": BOT,
            "m.room.server_acl": BOT, "m.room.encryption": BOT,
        },
    });
    for user in caretakers {
        levels["users"][user] = CARETAKER.into();
    }
    for (path, level) in following(info) {
        set(&mut levels, path, level);
    }
    levels
}

/// The levels that a room has now with what has changed for the chat since `before`; none if nothing is to be set.
/// Without `before` all that follows the chat is set.
pub(crate) fn adjusted(current: &Value, before: Option<&ChatInfo>, now: &ChatInfo) -> Option<Value> {
    let mut levels = if current.is_object() { current.clone() } else { json!({}) };
    let old = before.map(following);
    for (index, (path, level)) in following(now).into_iter().enumerate() {
        if old.is_none_or(|old| old[index].1 != level) {
            set(&mut levels, path, level);
        }
    }
    (levels != *current).then_some(levels)
}

fn set(levels: &mut Value, path: &[&str], level: i64) {
    let mut place = levels;
    for key in path {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[*key];
    }
    *place = level.into();
}
