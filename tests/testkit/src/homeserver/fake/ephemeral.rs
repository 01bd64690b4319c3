//! Typing, receipts, read markers, presence, to-device messages.
use serde_json::{Value, json};

use super::call::{Answer, Call, Failure, Outcome};
use super::requester::Requester;
use super::room::Receipt;
use super::routes::{Handler, Route};
use super::state::State;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("PUT", "/_matrix/client/v3/rooms/{room}/typing/{user}", Handler::Now(typing)),
    Route::new("POST", "/_matrix/client/v3/rooms/{room}/receipt/{kind}/{event}", Handler::Now(receipt)),
    Route::new("POST", "/_matrix/client/v3/rooms/{room}/read_markers", Handler::Now(read_markers)),
    Route::new("PUT", "/_matrix/client/v3/presence/{user}/status", Handler::Now(presence)),
    Route::new("PUT", "/_matrix/client/v3/sendToDevice/{type}/{txn}", Handler::Now(send_to_device)),
];

fn typing(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    state.room_of(&requester, call.param("room"))?;
    if requester.user_id != call.param("user") {
        return Err(Failure::new(400, "M_FORBIDDEN", "Cannot set another user's typing state"));
    }
    let body = call.json()?;
    let position = state.next_position();
    let room = state.room_mut(call.param("room"))?;
    let changed = if body["typing"] == true {
        let until = super::now_ms() + body["timeout"].as_u64().unwrap_or(30_000);
        room.typing.insert(requester.user_id, until).is_none()
    } else {
        room.typing.remove(&requester.user_id).is_some()
    };
    if changed {
        room.typing_position = position;
        let (room_id, content) = (room.room_id.clone(), room.typing_content());
        state
            .push_ephemeral(&room_id, &json!({ "type": "m.typing", "room_id": room_id, "content": content }));
    }
    Answer::empty()
}

fn receipt(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let (room_id, kind, event_id) = (call.param("room"), call.param("kind"), call.param("event"));
    state.room_of(&requester, room_id)?;
    if !matches!(kind, "m.read" | "m.read.private" | "m.fully_read") {
        return Err(Failure::new(
            400,
            "M_UNKNOWN",
            "Receipt type must be one of m.read, m.read.private, m.fully_read",
        ));
    }
    let thread_id = call.json()?["thread_id"].as_str().map(str::to_owned);
    state.mark_read(&requester, room_id, kind, event_id, thread_id.as_deref());
    Answer::empty()
}

fn read_markers(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    state.room_of(&requester, call.param("room"))?;
    let body = call.json()?;
    for kind in ["m.fully_read", "m.read", "m.read.private"] {
        if let Some(event_id) = body[kind].as_str() {
            state.mark_read(&requester, call.param("room"), kind, event_id, None);
        }
    }
    Answer::empty()
}

fn presence(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    if requester.user_id != call.param("user") {
        return Err(Failure::forbidden("Cannot set another user's presence"));
    }
    let mut content = call.json()?;
    content["user_id"] = json!(requester.user_id);
    content["currently_active"] = json!(content["presence"] == "online");
    let event = json!({ "type": "m.presence", "sender": requester.user_id, "content": content });
    let shared = state.rooms.values().filter(|room| room.is_joined(&requester.user_id));
    let shared: Vec<String> = shared.map(|room| room.room_id.clone()).collect();
    if let Some(room_id) = shared.first() {
        state.push_ephemeral(room_id, &event);
    }
    Answer::empty()
}

fn send_to_device(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let body = call.json()?;
    let position = state.next_position();
    for (user_id, devices) in body["messages"].as_object().into_iter().flatten() {
        for (device_id, content) in devices.as_object().into_iter().flatten() {
            let message =
                json!({ "type": call.param("type"), "sender": requester.user_id, "content": content });
            state.deliver_to_device(position, user_id, device_id, &message);
        }
    }
    Answer::empty()
}

impl State {
    fn mark_read(
        &mut self,
        requester: &Requester,
        room_id: &str,
        kind: &str,
        event_id: &str,
        thread_id: Option<&str>,
    ) {
        let position = self.next_position();
        let user_id = requester.user_id.clone();
        if kind == "m.fully_read" {
            let account = self.acting_account(&user_id);
            let slot = (room_id.to_owned(), kind.to_owned());
            account.account_data.insert(slot, (position, json!({ "event_id": event_id })));
            return;
        }
        let mut data = json!({ "ts": super::now_ms() });
        if let Some(thread_id) = thread_id {
            data["thread_id"] = json!(thread_id);
        }
        let Ok(room) = self.room_mut(room_id) else { return };
        let same = |old: &Receipt| {
            old.user_id == user_id && old.kind == kind && old.data["thread_id"].as_str() == thread_id
        };
        room.receipts.retain(|old| !same(old));
        let content = json!({ event_id: { kind: { &user_id: data } } });
        let (kind, event_id) = (kind.to_owned(), event_id.to_owned());
        let is_private = kind == "m.read.private";
        room.receipts.push(Receipt { user_id, kind, event_id, data, position });
        if !is_private {
            self.push_ephemeral(
                room_id,
                &json!({ "type": "m.receipt", "room_id": room_id, "content": content }),
            );
        }
    }

    fn deliver_to_device(&mut self, position: u64, user_id: &str, device_id: &str, message: &Value) {
        let Some(account) = self.accounts.get_mut(user_id) else { return };
        let devices: Vec<String> = if device_id == "*" {
            account.devices.keys().cloned().collect()
        } else {
            vec![device_id.to_owned()]
        };
        let pushes = self.profile.pushes_to_device;
        for device_id in devices {
            let owner = self.appservices.iter_mut().find(|hosted| {
                hosted.registration.wants_ephemeral()
                    && hosted.registration.has_user(user_id, &self.server_name)
            });
            match owner {
                Some(owner) if pushes => {
                    let mut message = message.clone();
                    message["to_user_id"] = json!(user_id);
                    message["to_device_id"] = json!(device_id);
                    owner.queue.push_to_device(message);
                }
                _ => account.to_device.push((position, device_id, message.clone())),
            }
        }
    }
}
