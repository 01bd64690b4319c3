//! Whose a dead letter is and where it belongs, without what was said.

use std::str::FromStr as _;

use serde::Deserialize;

use crate::id::ChatKey;
use crate::store::dead_letter::DeadLetterRow;
use crate::store::portal::PortalRow;
use crate::store::{Store, StoreError};

/// Begins the name of a chat's lane.
const CHAT_LANE: &str = "chat:";

/// Where a letter belongs; what is not known is empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// The Matrix user who sent the event.
    pub(super) sender: String,
    /// The kind of the Matrix event.
    pub(super) kind: String,
    pub(super) room: String,
    /// What the chat is called.
    pub(super) chat: String,
}

/// Of an event from Matrix, what is no content.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope {
    sender: String,
    room_id: String,
    r#type: String,
}

/// Finds out where a letter belongs.
pub(super) async fn origin(store: &Store, row: &DeadLetterRow) -> Result<Origin, StoreError> {
    let mut origin = Origin::default();
    if row.source == "matrix" {
        let payload = store.dead_letter_payload(row.letter_id()).await?.unwrap_or_default();
        // A sealed one is no JSON.
        let envelope: Envelope = serde_json::from_str(&payload).unwrap_or_default();
        origin = Origin { sender: envelope.sender, kind: envelope.r#type, room: envelope.room_id, ..origin };
    }
    if let Some(portal) = portal(store, row, &origin.room).await? {
        origin.room = portal.room_id.unwrap_or_default();
        origin.chat = portal.info.name.unwrap_or_default();
    }
    Ok(origin)
}

async fn portal(store: &Store, row: &DeadLetterRow, room: &str) -> Result<Option<PortalRow>, StoreError> {
    if !room.is_empty() {
        return store.portal_of_room(room).await;
    }
    match row.lane.strip_prefix(CHAT_LANE).map(ChatKey::from_str) {
        Some(Ok(chat)) => store.portal(&chat).await,
        _ => Ok(None),
    }
}
