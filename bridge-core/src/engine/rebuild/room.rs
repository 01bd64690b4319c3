//! What a room's state tells of the chat it is tied to, as far as it can be believed: pure.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::id::{ChatId, ChatKey, LoginId};
use crate::matrix::Profile;

/// A room as the bot sees it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Room {
    /// The chat that the bot itself wrote into the room, and when.
    pub(super) claim: Option<(i64, ChatKey)>,
    /// Who made the room.
    pub(super) creator: String,
    /// What is pinned.
    pub(super) pinned: Vec<String>,
    /// Who is in it.
    pub(super) members: BTreeMap<String, Profile>,
}

/// Reads a room's state. `protocol`: the network's id, as it stands in `m.bridge`. Homeservers prove who sent a state event, so
/// what a stranger wrote there is told from what the bot did.
pub(super) fn read(state: &[Box<RawValue>], bot: &str, protocol: &str) -> Room {
    let mut room = Room::default();
    for event in state {
        let event: Value = serde_json::from_str(event.get()).unwrap_or_default();
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
        let sender = text("/sender").unwrap_or_default();
        match text("/type").unwrap_or_default() {
            "m.room.create" => sender.clone_into(&mut room.creator),
            "m.room.pinned_events" => {
                let pinned = event.pointer("/content/pinned").and_then(Value::as_array).into_iter().flatten();
                room.pinned = pinned.filter_map(Value::as_str).map(str::to_owned).collect();
            }
            "m.room.member" if text("/content/membership") == Some("join") => {
                let profile = Profile {
                    displayname: text("/content/displayname").map(str::to_owned),
                    avatar_url: text("/content/avatar_url").map(str::to_owned),
                };
                room.members.insert(text("/state_key").unwrap_or_default().to_owned(), profile);
            }
            "m.bridge" if sender == bot && text("/content/protocol/id") == Some(protocol) => {
                let at = event.get("origin_server_ts").and_then(Value::as_i64).unwrap_or_default();
                let Some(chat_id) = text("/content/channel/id").filter(|id| !id.is_empty()) else { continue };
                let receiver = text("/content/channel/receiver").map(LoginId::new);
                // A chat that went on under another id has two for a moment.
                if room.claim.as_ref().is_none_or(|(known, _)| *known <= at) {
                    room.claim = Some((at, ChatKey { chat_id: ChatId::new(chat_id), receiver }));
                }
            }
            _ => {}
        }
    }
    room
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use serde_json::json;

    use super::*;

    fn of(events: &[Value]) -> Room {
        let raw = |event: &Value| RawValue::from_string(event.to_string()).unwrap();
        read(&events.iter().map(raw).collect::<Vec<_>>(), "@bot:hs", "paper")
    }

    fn bridge(sender: &str, at: i64, content: &Value) -> Value {
        json!({ "type": "m.bridge", "state_key": at.to_string(), "sender": sender, "origin_server_ts": at,
            "content": content })
    }

    fn chat(id: &str) -> Value {
        json!({ "protocol": { "id": "paper" }, "channel": { "id": id } })
    }

    #[test]
    fn the_bots_own_last_word_counts() {
        let room = of(&[bridge("@bot:hs", 5, &chat("new")), bridge("@bot:hs", 3, &chat("old"))]);
        assert_eq!(room.claim, Some((5, ChatKey::shared("new".into()))));
        let left = of(&[bridge("@bot:hs", 5, &json!({})), bridge("@bot:hs", 3, &chat("old"))]);
        assert_eq!(left.claim, Some((3, ChatKey::shared("old".into()))));
    }

    #[test]
    fn nobody_elses_word_counts() {
        let other = json!({ "protocol": { "id": "ink" }, "channel": { "id": "c" } });
        for event in [
            bridge("@eve:hs", 5, &chat("c")),
            bridge("@bot:elsewhere", 5, &chat("c")),
            bridge("@bot:hs", 5, &other),
            bridge("@bot:hs", 5, &chat("")),
            bridge("@bot:hs", 5, &json!({ "protocol": { "id": "paper" }, "channel": [] })),
            json!(7),
        ] {
            assert_eq!(of(std::slice::from_ref(&event)).claim, None, "{event}");
        }
    }
}
