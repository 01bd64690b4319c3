//! Reading a room's current state, and the tree of a space.
use serde_json::{Value, json};

use super::call::{Answer, Call, Failure, Outcome};
use super::room::Room;
use super::routes::{Handler, Route};
use super::state::State;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/_matrix/client/v3/rooms/{room}/state", Handler::Now(all_state)),
    Route::new("GET", "/_matrix/client/v3/rooms/{room}/state/{type}", Handler::Now(one_state)),
    Route::new("GET", "/_matrix/client/v3/rooms/{room}/state/{type}/{state_key}", Handler::Now(one_state)),
    Route::new("GET", "/_matrix/client/v1/rooms/{room}/hierarchy", Handler::Now(hierarchy)),
];

fn all_state(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let room = state.room_of(&requester, call.param("room"))?;
    let events: Vec<Value> = room.current_state().map(|event| state.show(event, &requester)).collect();
    Answer::ok(json!(events))
}

fn one_state(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let room = state.room_of(&requester, call.param("room"))?;
    let event = room.state_event(call.param("type"), call.param("state_key"));
    let event = event.ok_or_else(|| Failure::not_found("Event not found."))?;
    if call.query("format") == Some("event") {
        return Answer::ok(state.show(event, &requester));
    }
    Answer::ok(event.content.clone())
}

fn hierarchy(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    state.room_of(&requester, call.param("room"))?;
    let (mut rooms, mut waiting) = (vec![], vec![call.param("room").to_owned()]);
    while let Some(room_id) = waiting.pop() {
        let Some(room) = state.rooms.get(&room_id) else { continue };
        if rooms.iter().any(|known: &Value| known["room_id"] == room_id.as_str()) {
            continue;
        }
        rooms.push(summary(room));
        waiting.extend(children(room).filter_map(|event| event.state_key.clone()));
    }
    Answer::ok(json!({ "rooms": rooms }))
}

fn children(room: &Room) -> impl Iterator<Item = &super::event::Event> {
    room.current_state().filter(|event| event.kind == "m.space.child" && event.content["via"].is_array())
}

/// How a room looks in a directory.
pub(crate) fn summary(room: &Room) -> Value {
    let member =
        |kind: &str, key: &str| room.content(kind, "").map_or(Value::Null, |content| content[key].clone());
    let mut summary = json!({
        "room_id": room.room_id, "num_joined_members": room.joined().count(), "join_rule": room.join_rule(),
        "world_readable": false, "guest_can_join": false,
        "children_state": children(room).map(super::event::Event::stripped).collect::<Vec<_>>(),
    });
    for (key, kind, field) in [
        ("name", "m.room.name", "name"),
        ("topic", "m.room.topic", "topic"),
        ("avatar_url", "m.room.avatar", "url"),
        ("canonical_alias", "m.room.canonical_alias", "alias"),
        ("room_type", "m.room.create", "type"),
    ] {
        let value = member(kind, field);
        if !value.is_null() {
            summary[key] = value;
        }
    }
    summary
}
