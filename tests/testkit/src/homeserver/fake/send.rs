//! Sending messages, state and redactions.
use serde_json::{Value, json};

use super::call::{Answer, Call, Failure, Outcome};
use super::event::{Draft, Txn};
use super::observe::SentTxn;
use super::requester::Requester;
use super::room::Room;
use super::routes::{Handler, Route};
use super::state::State;

/// Types that are never messages.
const STATE_ONLY: [&str; 6] = [
    "m.room.create",
    "m.room.name",
    "m.room.topic",
    "m.room.power_levels",
    "m.room.join_rules",
    "m.room.member",
];

/// Largest event, roughly: the content may not be larger than a whole event.
const LARGEST_EVENT: usize = 65_536;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("PUT", "/_matrix/client/v3/rooms/{room}/send/{type}/{txn}", Handler::Now(send)),
    Route::new("PUT", "/_matrix/client/v3/rooms/{room}/redact/{event}/{txn}", Handler::Now(redact)),
    Route::new("PUT", "/_matrix/client/v3/rooms/{room}/state/{type}", Handler::Now(put_state)),
    Route::new("PUT", "/_matrix/client/v3/rooms/{room}/state/{type}/{state_key}", Handler::Now(put_state)),
];

fn send(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    if let Some(event_id) = state.known_txn(&requester, call) {
        state.note_sent(&requester, call, &event_id, true);
        return Answer::ok(json!({ "event_id": event_id }));
    }
    let (room_id, kind) = (call.param("room"), call.param("type"));
    if !state.rooms.contains_key(room_id) && state.profile.unknown_room_is_server_error {
        return Err(Failure::new(500, "M_UNKNOWN", "room of unknown version"));
    }
    let delayed = call.query("org.matrix.msc4140.delay").is_some();
    if delayed && !state.profile.ignores_delay {
        return Err(Failure::forbidden("Sending delayed events is not allowed"));
    }
    let content = call.json()?;
    let room = state.room_of(&requester, room_id)?;
    if kind == "m.room.redaction" {
        let target = content["redacts"].as_str().unwrap_or_default();
        check_redaction(room, &requester.user_id, target)?;
    } else if STATE_ONLY.contains(&kind) {
        return Err(Failure::new(400, "M_UNKNOWN", format!("{kind} is a state event")));
    } else {
        let power = room.power();
        power.require(&requester.user_id, power.to_send(kind, false), &format!("send {kind}"))?;
    }
    if kind == "m.reaction" && state.profile.refuses_equal_reaction {
        check_equal_reaction(room, &requester.user_id, &content)?;
    }
    check_size(call)?;
    let event_id = state.send_with_txn(&requester, call, kind, content);
    state.note_sent(&requester, call, &event_id, false);
    Answer::ok(json!({ "event_id": event_id }))
}

fn redact(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    if state.profile.redact_is_idempotent
        && let Some(event_id) = state.known_txn(&requester, call)
    {
        return Answer::ok(json!({ "event_id": event_id }));
    }
    let room = state.room_of(&requester, call.param("room"))?;
    let target = call.param("event").to_owned();
    check_redaction(room, &requester.user_id, &target)?;
    let mut content = json!({ "redacts": target });
    if let Some(reason) = call.json()?.get("reason") {
        content["reason"] = reason.clone();
    }
    let without_time = Requester { appservice_id: None, ..requester.clone() };
    if state.profile.redact_is_idempotent {
        let event_id = state.send_with_txn(&requester, call, "m.room.redaction", content);
        return Answer::ok(json!({ "event_id": event_id }));
    }
    let (sender, kind) = (without_time.user_id, "m.room.redaction".to_owned());
    let event_id = state.append(call.param("room"), Draft { sender, kind, content, ..Draft::default() });
    Answer::ok(json!({ "event_id": event_id }))
}

fn put_state(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let (room_id, kind, state_key) = (call.param("room"), call.param("type"), call.param("state_key"));
    let content = call.json()?;
    check_size(call)?;
    if kind == "m.room.member" {
        let membership =
            content["membership"].as_str().ok_or_else(|| Failure::bad("No membership"))?.to_owned();
        let event_id = state.change_membership(&requester, state_key, room_id, &membership, &content)?;
        return Answer::ok(json!({ "event_id": event_id }));
    }
    let room = state.room_of(&requester, room_id)?;
    check_state(room, &requester.user_id, kind, state_key, &content)?;
    if let Some(current) = room.state_event(kind, state_key)
        && state.profile.drops_equal_state
        && current.content == content
        && current.sender == requester.user_id
    {
        return Answer::ok(json!({ "event_id": current.event_id }));
    }
    let at_ms = requester.timestamp(call);
    let draft = Draft { at_ms, ..Draft::state(&requester.user_id, kind, state_key, content) };
    Answer::ok(json!({ "event_id": state.append(room_id, draft) }))
}

fn check_state(
    room: &Room,
    user_id: &str,
    kind: &str,
    state_key: &str,
    content: &Value,
) -> Result<(), Failure> {
    let power = room.power();
    power.require(user_id, power.to_send(kind, true), &format!("send {kind}"))?;
    if state_key.starts_with('@') && state_key != user_id {
        return Err(Failure::forbidden("You are not allowed to set others state"));
    }
    match kind {
        "m.room.create" => Err(Failure::new(400, "M_INVALID_PARAM", "A room is created only once")),
        "m.room.power_levels" => power.check_change(user_id, content),
        _ => Ok(()),
    }
}

fn check_redaction(room: &Room, user_id: &str, target: &str) -> Result<(), Failure> {
    let power = room.power();
    power.require(user_id, power.to_send("m.room.redaction", false), "redact")?;
    match room.event(target) {
        Some(event) if event.sender == user_id => Ok(()),
        Some(_) => power.require(user_id, power.action("redact"), "redact others' events"),
        None => Err(Failure::not_found("Could not find the event to redact")),
    }
}

fn check_equal_reaction(room: &Room, user_id: &str, content: &Value) -> Result<(), Failure> {
    let relation = &content["m.relates_to"];
    let is_equal = room.timeline.iter().any(|event| {
        event.kind == "m.reaction"
            && event.sender == user_id
            && event.content["m.relates_to"]["event_id"] == relation["event_id"]
            && event.content["m.relates_to"]["key"] == relation["key"]
            && event.redacted_because.is_none()
    });
    if is_equal && relation["event_id"].is_string() {
        return Err(Failure::new(400, "M_DUPLICATE_ANNOTATION", "Can't send same reaction twice"));
    }
    Ok(())
}

fn check_size(call: &Call) -> Result<(), Failure> {
    if call.body.len() > LARGEST_EVENT {
        Err(Failure::new(413, "M_TOO_LARGE", "event too large"))
    } else {
        Ok(())
    }
}

impl State {
    /// The event that an earlier call with this transaction id made.
    fn known_txn(&self, requester: &Requester, call: &Call) -> Option<String> {
        let recent = self.recent_txns.get(&self.recent_key(requester, call));
        let known = recent.or_else(|| self.device_txns.get(&self.device_key(requester, call)?))?;
        known.as_str().map(str::to_owned)
    }

    fn recent_key(&self, requester: &Requester, call: &Call) -> String {
        let who = requester.appservice_id.as_ref().filter(|_| self.profile.txn_ids_per_appservice);
        let who = who.cloned().unwrap_or_else(|| format!("{} {:?}", requester.user_id, requester.device_id));
        format!("{who} {}", call.path())
    }

    /// The key that outlives a restart. Without a device, Synapse has none; others remember all.
    fn device_key(&self, requester: &Requester, call: &Call) -> Option<String> {
        let txn_id = call.param("txn");
        if self.profile.txn_ids_per_appservice {
            let device_id = requester.device_id.as_ref()?;
            return Some(format!("{} {device_id} {} {txn_id}", requester.user_id, call.param("room")));
        }
        Some(format!("{} {:?} {txn_id}", requester.user_id, requester.device_id))
    }

    fn send_with_txn(&mut self, requester: &Requester, call: &Call, kind: &str, content: Value) -> String {
        let is_redact_route = call.segments.get(5).is_some_and(|segment| segment == "redact");
        let at_ms = if is_redact_route { None } else { requester.timestamp(call) };
        let txn = Txn { txn_id: call.param("txn").to_owned(), device_id: requester.device_id.clone() };
        let (sender, kind) = (requester.user_id.clone(), kind.to_owned());
        let draft = Draft { sender, kind, state_key: None, content, at_ms, txn: Some(txn) };
        let event_id = self.append(call.param("room"), draft);
        self.recent_txns.insert(self.recent_key(requester, call), json!(event_id));
        if let Some(key) = self.device_key(requester, call) {
            self.device_txns.insert(key, json!(event_id));
        }
        event_id
    }

    fn note_sent(&mut self, requester: &Requester, call: &Call, event_id: &str, was_known: bool) {
        self.sent.push(SentTxn {
            room_id: call.param("room").to_owned(),
            txn_id: call.param("txn").to_owned(),
            user_id: requester.user_id.clone(),
            device_id: requester.device_id.clone(),
            event_id: event_id.to_owned(),
            was_known,
        });
    }
}
