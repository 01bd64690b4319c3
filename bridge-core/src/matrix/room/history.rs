//! What was said in a room.

use ruma::api::Direction;
use ruma::api::client::message::get_message_events;
use ruma::api::client::relations::get_relating_events_with_rel_type_and_event_type;
use ruma::api::client::room::get_room_event;
use ruma::events::TimelineEventType;
use ruma::events::relation::RelationType;
use ruma::serde::Raw;
use ruma::{EventId, RoomId};
use serde_json::value::RawValue;

use crate::matrix::error::MatrixError;
use crate::matrix::intent::Intent;

/// A stretch of a room's timeline.
#[derive(Debug)]
pub struct Page {
    /// The events in the order asked for, as the homeserver writes them.
    pub events: Vec<Box<RawValue>>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

impl Intent {
    /// Reads a room's timeline, newest first (`Direction::Backward`) or oldest first, from `from` or the very end.
    pub async fn messages(
        &self,
        room_id: &RoomId,
        direction: Direction,
        from: Option<&str>,
        limit: u32,
    ) -> Result<Page, MatrixError> {
        let mut request = get_message_events::v3::Request::new(room_id.to_owned(), direction);
        request.from = from.map(str::to_owned);
        request.limit = limit.into();
        let answer = self.call("messages", request).await?;
        let events = answer.chunk.into_iter().map(Raw::into_json).collect();
        Ok(Page { events, next: answer.end })
    }

    /// One event; `None` if the homeserver does not have it or the user may not see it.
    pub async fn event(
        &self,
        room_id: &RoomId,
        event_id: &EventId,
    ) -> Result<Option<Box<RawValue>>, MatrixError> {
        let request = get_room_event::v3::Request::new(room_id.to_owned(), event_id.to_owned());
        match self.call("event", request).await {
            Ok(answer) => Ok(Some(answer.event.into_json())),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The reactions to an event, newest first, from `from` on. What was redacted is not among them.
    pub async fn reactions(
        &self,
        room_id: &RoomId,
        event_id: &EventId,
        from: Option<&str>,
    ) -> Result<Page, MatrixError> {
        let mut request = get_relating_events_with_rel_type_and_event_type::v1::Request::new(
            room_id.to_owned(),
            event_id.to_owned(),
            RelationType::Annotation,
            TimelineEventType::Reaction,
        );
        request.from = from.map(str::to_owned);
        request.limit = Some(100_u32.into());
        let answer = self.call("relations", request).await?;
        let events = answer.chunk.into_iter().map(Raw::into_json).collect();
        Ok(Page { events, next: answer.next_batch })
    }
}
