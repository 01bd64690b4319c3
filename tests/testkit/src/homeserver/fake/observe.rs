//! What a test can see of the fake homeserver's past.
use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::Value;

/// One attempt to push a transaction.
#[derive(Debug, Clone)]
pub struct PushedTransaction {
    /// Which appservice it was for.
    pub appservice_id: String,
    /// The transaction id; equal for all attempts.
    pub txn_id: String,
    /// Ids of the room events in it.
    pub event_ids: Vec<String>,
    /// The whole body.
    pub body: Value,
    /// What was answered; `None` if there was no answer.
    pub status: Option<u16>,
    /// When the attempt ended.
    pub ended_at: SystemTime,
}

/// One call to the client-server API.
#[derive(Debug, Clone)]
pub struct CallRecord {
    /// `METHOD /path/with/{names}`; the path as given if the server does not know it.
    pub route: String,
    /// The decoded path.
    pub path: String,
    /// `?user_id=`, if given.
    pub user_id: Option<String>,
    /// `?device_id=`, if given.
    pub device_id: Option<String>,
    /// What was answered; `None` when the connection was cut or left hanging.
    pub status: Option<u16>,
    /// The answer's Matrix error code.
    pub errcode: Option<String>,
    /// Whether a fault leaves it hanging; one that is just being answered has no status either.
    pub hangs: bool,
}

/// One `PUT /send` that reached the server, new or repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentTxn {
    /// The room.
    pub room_id: String,
    /// The transaction id.
    pub txn_id: String,
    /// Who sent.
    pub user_id: String,
    /// With which device.
    pub device_id: Option<String>,
    /// The event it made, or that an earlier call with this id made.
    pub event_id: String,
    /// Whether the server knew the id and made no new event.
    pub was_known: bool,
}

/// How often each route was called.
pub(crate) fn count_by_route(calls: &[CallRecord]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for call in calls {
        *counts.entry(call.route.clone()).or_insert(0) += 1;
    }
    counts
}
