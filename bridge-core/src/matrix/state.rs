//! Room state: read, and written only where it differs.

use ruma::api::AppserviceUserIdentity;
use ruma::api::client::state::get_state_event_for_key::v3::StateEventFormat;
use ruma::api::client::state::{get_state_event_for_key, get_state_events, send_state_event};
use ruma::{OwnedEventId, RoomId};
use serde_json::Value;
use serde_json::value::RawValue;

use super::error::MatrixError;
use super::intent::Intent;
use super::media;
use super::send::{raw_json, timestamp};

impl Intent {
    /// The content of a state event; `None` if the room has none such.
    pub async fn state(
        &self,
        room_id: &RoomId,
        event_type: &str,
        state_key: &str,
    ) -> Result<Option<Value>, MatrixError> {
        self.state_as(StateEventFormat::Content, room_id, event_type, state_key).await
    }

    /// The same with all that is around the content: who sent it.
    pub async fn state_event(
        &self,
        room_id: &RoomId,
        event_type: &str,
        state_key: &str,
    ) -> Result<Option<Value>, MatrixError> {
        self.state_as(StateEventFormat::Event, room_id, event_type, state_key).await
    }

    async fn state_as(
        &self,
        format: StateEventFormat,
        room_id: &RoomId,
        event_type: &str,
        state_key: &str,
    ) -> Result<Option<Value>, MatrixError> {
        let mut request = get_state_event_for_key::v3::Request::new(
            room_id.to_owned(),
            event_type.into(),
            state_key.to_owned(),
        );
        request.format = format;
        match self.call("state", request).await {
            Ok(answer) => serde_json::from_str(answer.event_or_content.get())
                .map(Some)
                .map_err(|_| MatrixError::Malformed("a state event is no JSON".to_owned())),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All state events of a room, as the homeserver writes them; `None` if they have more than `limit` bytes, of which no
    /// more is read then.
    pub async fn full_state(
        &self,
        room_id: &RoomId,
        limit: usize,
    ) -> Result<Option<Vec<Box<RawValue>>>, MatrixError> {
        self.ensure_registered().await?;
        let request = get_state_events::v3::Request::new(room_id.to_owned());
        let identity = AppserviceUserIdentity::new(self.user_id());
        let answer = self.app().client().open_call("full_state", identity, request).await?;
        let Some(state) = media::within(answer, limit).await? else { return Ok(None) };
        serde_json::from_slice(&state)
            .map(Some)
            .map_err(|_| MatrixError::Malformed("a room's state is no list of events".to_owned()))
    }

    /// Sets room state, unless it is so already: not every homeserver notices that a state event changes nothing.
    /// Gives the event's id if one was sent.
    pub async fn send_state(
        &self,
        room_id: &RoomId,
        event_type: &str,
        state_key: &str,
        content: &Value,
    ) -> Result<Option<OwnedEventId>, MatrixError> {
        match self.state(room_id, event_type, state_key).await {
            Ok(Some(current)) if current == *content => return Ok(None),
            // Who may not read it may still write it, or is told so now.
            Err(error) if !error.is_forbidden() => return Err(error),
            _ => {}
        }
        self.put_state(room_id, event_type, state_key, content, None).await.map(Some)
    }

    /// Sets room state without looking, as if at `at` (milliseconds since 1970) if given.
    pub async fn put_state(
        &self,
        room_id: &RoomId,
        event_type: &str,
        state_key: &str,
        content: &Value,
        at: Option<i64>,
    ) -> Result<OwnedEventId, MatrixError> {
        let mut request = send_state_event::v3::Request::new_raw(
            room_id.to_owned(),
            event_type.into(),
            state_key.to_owned(),
            raw_json(content)?,
        );
        request.timestamp = at.and_then(timestamp);
        Ok(self.call("send_state", request).await?.event_id)
    }
}
