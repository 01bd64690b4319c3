//! Sending events: every send carries a transaction id, so that it can be repeated.

use ruma::api::AppserviceUserIdentity;
use ruma::api::client::message::send_message_event;
use ruma::api::client::redact::redact_event;
use ruma::serde::Raw;
use ruma::{EventId, MilliSecondsSinceUnixEpoch, OwnedEventId, RoomId, TransactionId, UInt};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::error::MatrixError;
use super::intent::Intent;
use super::probe::Family;

impl Intent {
    /// Sends an event, as if at `at` (milliseconds since 1970) if given. The same transaction id a second time gives
    /// the same event id and no second event. A 403 makes us forget that the user is in the room.
    pub async fn send(
        &self,
        room_id: &RoomId,
        event_type: &str,
        content: &Value,
        txn_id: &TransactionId,
        at: Option<i64>,
    ) -> Result<OwnedEventId, MatrixError> {
        self.ensure_registered().await?;
        let mut request = send_message_event::v3::Request::new_raw(
            room_id.to_owned(),
            txn_id.to_owned(),
            event_type.into(),
            raw_json(content)?,
        );
        request.timestamp = at.and_then(timestamp);
        let mut result = self.send_once(request.clone()).await;
        if matches!(&result, Err(error) if error.errcode() == Some("M_UNKNOWN_DEVICE")) {
            self.app().known().with_device.remove(self.user_id());
            result = self.send_once(request).await;
        }
        if matches!(&result, Err(error) if error.is_forbidden()) {
            self.forget_self(room_id);
        }
        result
    }

    /// Like [`Intent::send`], for a user who may not be in the room yet, or no longer: joins first, and once more if
    /// the homeserver says that the user may not send. If it is their level that is too low, the bot raises it.
    pub async fn send_joined(
        &self,
        room_id: &RoomId,
        event_type: &str,
        content: &Value,
        txn_id: &TransactionId,
        at: Option<i64>,
    ) -> Result<OwnedEventId, MatrixError> {
        let joined_before = self.is_known_member(room_id);
        self.ensure_joined(room_id).await?;
        let mut answer = self.send(room_id, event_type, content, txn_id, at).await;
        if joined_before && matches!(&answer, Err(error) if error.is_forbidden()) {
            self.ensure_joined(room_id).await?;
            answer = self.send(room_id, event_type, content, txn_id, at).await;
        }
        match answer {
            Err(error) if error.is_forbidden() && self.raise_to_send(room_id, event_type).await? => {
                self.ensure_joined(room_id).await?;
                self.send(room_id, event_type, content, txn_id, at).await
            }
            answer => answer,
        }
    }

    /// What was known of a user is doubtful after a 403: they were removed, or the homeserver lost its database.
    fn forget_self(&self, room_id: &RoomId) {
        self.app().forget_member(room_id, self.user_id());
        self.app().known().registered.remove(self.user_id());
        self.app().known().with_device.remove(self.user_id());
    }

    async fn send_once(&self, request: send_message_event::v3::Request) -> Result<OwnedEventId, MatrixError> {
        let mut identity = AppserviceUserIdentity::new(self.user_id());
        identity.device_id = self.ensure_device().await?;
        let sent = self.app().client().call("send", identity, request).await?;
        self.app().client().note_sent();
        Ok(sent.event_id)
    }

    /// Redacts an event. Goes out as an ordinary event, because the conduwuit family ignores the transaction id of
    /// the redaction route, and would redact again when repeated. Synapse answers 500 to that in rooms older than
    /// version 11, and takes the redaction route there, whose transaction ids it honours.
    pub async fn redact(
        &self,
        room_id: &RoomId,
        event_id: &EventId,
        reason: Option<&str>,
        txn_id: &TransactionId,
        at: Option<i64>,
    ) -> Result<OwnedEventId, MatrixError> {
        let mut content = json!({ "redacts": event_id });
        if let Some(reason) = reason {
            content["reason"] = reason.into();
        }
        match self.send(room_id, "m.room.redaction", &content, txn_id, at).await {
            Err(error) if error.status() == Some(500) && !self.is_conduwuit() => {
                self.redact_by_route(room_id, event_id, reason, txn_id).await
            }
            answer => answer,
        }
    }

    async fn redact_by_route(
        &self,
        room_id: &RoomId,
        event_id: &EventId,
        reason: Option<&str>,
        txn_id: &TransactionId,
    ) -> Result<OwnedEventId, MatrixError> {
        let (room_id, event_id) = (room_id.to_owned(), event_id.to_owned());
        let mut request = redact_event::v3::Request::new(room_id, event_id, txn_id.to_owned());
        request.reason = reason.map(str::to_owned);
        let mut identity = AppserviceUserIdentity::new(self.user_id());
        identity.device_id = self.ensure_device().await?;
        Ok(self.app().client().call("redact", identity, request).await?.event_id)
    }

    fn is_conduwuit(&self) -> bool {
        self.app().features().is_some_and(|features| features.family == Family::Conduwuit)
    }
}

/// A timestamp as ruma has it; a time before 1970 has none.
pub(super) fn timestamp(at: i64) -> Option<MilliSecondsSinceUnixEpoch> {
    UInt::try_from(at).ok().map(MilliSecondsSinceUnixEpoch)
}

/// Any JSON as the content of a typed request.
pub(super) fn raw_json<T>(content: &Value) -> Result<Raw<T>, MatrixError> {
    to_raw_value(content)
        .map(Raw::from_json)
        .map_err(|_| MatrixError::Malformed("the content could not be written as JSON".to_owned()))
}
