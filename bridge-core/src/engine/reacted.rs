//! The reactions of ghosts that the homeserver has already, whether or not we have a record of them.

use ruma::EventId;
use serde_json::Value;

use super::Bridge;
use super::bridge::room_id;
use super::matrix::reacted_emoji;
use crate::error::JobError;
use crate::id::{ChatKey, RemoteMessageId};
use crate::network::Network;
use crate::store::reaction::ReactionRow;

/// Pages of reactions that are read at most.
const MOST_PAGES: usize = 10;

/// A reaction in a room.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reacted {
    pub(crate) event_id: String,
    pub(crate) sender: String,
    /// As it is stored.
    pub(crate) emoji: String,
}

impl Reacted {
    /// The record of it. What its ghost was called is not told again.
    pub(crate) fn row(&self, message_id: &RemoteMessageId) -> ReactionRow {
        let Self { event_id, sender, emoji } = self;
        ReactionRow {
            message_id: message_id.clone(),
            sender: sender.clone(),
            emoji: emoji.clone(),
            event_id: event_id.clone(),
            name: String::new(),
        }
    }
}

/// Reads a reaction; none of anything else.
fn read(event: &Value) -> Option<Reacted> {
    let content = event.get("content")?;
    let key = content.get("m.relates_to")?.get("key")?.as_str().filter(|key| !key.is_empty())?;
    Some(Reacted {
        event_id: event.get("event_id")?.as_str()?.to_owned(),
        sender: event.get("sender")?.as_str()?.to_owned(),
        emoji: reacted_emoji(key, content).as_stored(),
    })
}

impl<N: Network> Bridge<N> {
    /// The reactions to what shows a message in its chat's room. Empty where the homeserver does not tell: then what a process that died may have sent is
    /// sent once more, and some homeservers show it twice.
    pub(crate) async fn reactions_there(
        &self,
        chat: &ChatKey,
        target: &str,
    ) -> Result<Vec<Reacted>, JobError> {
        let portal = self.known_portal(chat).await?;
        let (Some(portal), Ok(target)) = (portal, <&EventId>::try_from(target)) else {
            return Ok(Vec::new());
        };
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        let mut there = Vec::new();
        let mut from: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let page =
                match self.app.bot().reactions(room, target, from.as_deref()).await.map_err(JobError::from) {
                    Ok(page) => page,
                    Err(error) if error.is_tried_again() => return Err(error),
                    Err(error) => {
                        tracing::debug!(%error, "the homeserver does not tell the reactions to an event");
                        break;
                    }
                };
            let events = page.events.iter().filter_map(|event| serde_json::from_str(event.get()).ok());
            there.extend(events.filter_map(|event: Value| read(&event)));
            if page.next.is_none() || page.next == from {
                break;
            }
            from = page.next;
        }
        Ok(there)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_reactions_are_read() {
        let event = |content: Value| json!({ "event_id": "$1", "sender": "@a:hs", "content": content });
        let reaction = event(json!({ "m.relates_to": { "key": "👍" } }));
        let read_back =
            Reacted { event_id: "$1".to_owned(), sender: "@a:hs".to_owned(), emoji: "👍".to_owned() };
        assert_eq!(read(&reaction), Some(read_back));
        for other in [json!({}), json!({ "m.relates_to": { "key": "" } }), json!({ "m.relates_to": 7 })] {
            assert_eq!(read(&event(other)), None);
        }
        assert_eq!(read(&json!({ "content": { "m.relates_to": { "key": "👍" } } })), None);
    }
}
