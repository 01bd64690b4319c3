//! What is new for an account that the homeserver does not push to: `/sync`.

use std::time::Duration;

use ruma::api::Direction;
use ruma::api::client::filter::{Filter, FilterDefinition, RoomEventFilter};
use ruma::api::client::message::get_message_events;
use ruma::api::client::sync::sync_events::v3::{self, Timeline};
use ruma::presence::PresenceState;
use ruma::serde::Raw;
use ruma::{OwnedRoomId, RoomId};
use serde_json::value::RawValue;

use super::error::MatrixError;
use super::intent::Intent;

/// How many events of a room come in one answer at most; the rest is asked for.
pub const TIMELINE: u32 = 100;

/// What is new.
#[derive(Debug)]
pub struct Synced {
    /// Where the next call goes on.
    pub next: String,
    /// Rooms that the account is in.
    pub joined: Vec<RoomNews>,
    /// Rooms that it was invited to, with the events that come along, without most of their fields.
    pub invited: Vec<(OwnedRoomId, Vec<Box<RawValue>>)>,
    /// Rooms that it is in no longer.
    pub left: Vec<RoomNews>,
}

/// What is new in a room.
#[derive(Debug)]
pub struct RoomNews {
    /// Which.
    pub room_id: OwnedRoomId,
    /// Its events, the oldest first, as the homeserver writes them: without the room's id.
    pub events: Vec<Box<RawValue>>,
    /// Where to ask for those before them, if not all came.
    pub gap: Option<String>,
}

impl Intent {
    /// Asks what is new since an earlier answer, and waits so long for it; without `since`, what there is, which is as good as no
    /// events. Of each room come `timeline` events, at most [`TIMELINE`]; neither presence nor typing nor receipts nor state are asked
    /// for.
    pub async fn sync(
        &self,
        since: Option<&str>,
        wait: Duration,
        timeline: u32,
    ) -> Result<Synced, MatrixError> {
        let mut request = v3::Request::new();
        request.filter = Some(filter(if since.is_some() { timeline.clamp(1, TIMELINE) } else { 1 }).into());
        request.since = since.map(str::to_owned);
        request.timeout = Some(wait);
        request.set_presence = PresenceState::Offline;
        let answer = self.call("sync", request).await?;
        let rooms = answer.rooms;
        Ok(Synced {
            next: answer.next_batch,
            joined: rooms.join.into_iter().map(|(room_id, room)| news(room_id, room.timeline)).collect(),
            invited: rooms
                .invite
                .into_iter()
                .map(|(room_id, room)| {
                    (room_id, room.invite_state.events.into_iter().map(Raw::into_json).collect())
                })
                .collect(),
            left: rooms.leave.into_iter().map(|(room_id, room)| news(room_id, room.timeline)).collect(),
        })
    }

    /// The events between two places of a room's timeline, the newest first, and where it goes on if there are more.
    pub async fn messages_between(
        &self,
        room_id: &RoomId,
        from: &str,
        to: &str,
    ) -> Result<(Vec<Box<RawValue>>, Option<String>), MatrixError> {
        let mut request = get_message_events::v3::Request::new(room_id.to_owned(), Direction::Backward);
        request.from = Some(from.to_owned());
        request.to = Some(to.to_owned());
        request.limit = TIMELINE.into();
        let answer = self.call("messages", request).await?;
        let events: Vec<_> = answer.chunk.into_iter().map(Raw::into_json).collect();
        // A page may be empty though there are more: of what is hidden nothing is shown.
        Ok((events, answer.end))
    }
}

fn filter(timeline: u32) -> FilterDefinition {
    let mut filter = FilterDefinition::default();
    filter.presence = Filter::ignore_all();
    filter.account_data = Filter::ignore_all();
    filter.room.ephemeral = RoomEventFilter::ignore_all();
    filter.room.account_data = RoomEventFilter::ignore_all();
    filter.room.timeline.limit = Some(timeline.into());
    filter.room.state = RoomEventFilter::ignore_all();
    filter
}

fn news(room_id: OwnedRoomId, timeline: Timeline) -> RoomNews {
    let gap = timeline.prev_batch.filter(|_| timeline.limited);
    RoomNews { room_id, events: timeline.events.into_iter().map(Raw::into_json).collect(), gap }
}
