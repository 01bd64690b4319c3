//! Reading a room's timeline: pages, one event, its surroundings, its relations.
use serde_json::{Value, json};

use super::call::{Answer, Call, Failure, Outcome};
use super::event::Event;
use super::requester::Requester;
use super::room::Room;
use super::routes::{Handler, Route};
use super::state::State;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/_matrix/client/v3/rooms/{room}/messages", Handler::Now(messages)),
    Route::new("GET", "/_matrix/client/v3/rooms/{room}/event/{event}", Handler::Now(event)),
    Route::new("GET", "/_matrix/client/v3/rooms/{room}/context/{event}", Handler::Now(context)),
    Route::new("GET", "/_matrix/client/v1/rooms/{room}/relations/{event}", Handler::Now(relations)),
    Route::new("GET", "/_matrix/client/v1/rooms/{room}/relations/{event}/{rel}", Handler::Now(relations)),
    Route::new(
        "GET",
        "/_matrix/client/v1/rooms/{room}/relations/{event}/{rel}/{type}",
        Handler::Now(relations),
    ),
    Route::new("GET", "/_matrix/client/v1/rooms/{room}/threads", Handler::Now(threads)),
    Route::new("GET", "/_matrix/client/v1/rooms/{room}/timestamp_to_event", Handler::Now(timestamp_to_event)),
];

/// A page token stands between two events: `t5` is after position 5.
pub(crate) fn token(position: u64) -> String {
    format!("t{position}")
}

pub(crate) fn parse_token(token: &str) -> Option<u64> {
    token.trim_start_matches(['t', 's']).parse().ok()
}

fn readable_room<'a>(state: &'a State, requester: &Requester, room_id: &str) -> Result<&'a Room, Failure> {
    let user_id = &requester.user_id;
    let room = state.rooms.get(room_id).filter(|room| !room.forgotten.contains(user_id));
    let room =
        room.filter(|room| room.content("m.room.member", user_id).is_some() || is_world_readable(room));
    room.ok_or_else(|| Failure::forbidden(format!("User {user_id} not in room {room_id}")))
}

fn is_world_readable(room: &Room) -> bool {
    room.content("m.room.history_visibility", "")
        .is_some_and(|content| content["history_visibility"] == "world_readable")
}

fn messages(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let room = readable_room(state, &requester, call.param("room"))?;
    let limit = call.number("limit", 10).min(1000);
    let backwards = call.query("dir") != Some("f");
    let from = match call.query("from").map(parse_token) {
        Some(Some(from)) => from,
        Some(None) => return Err(Failure::new(400, "M_UNKNOWN", "Invalid from parameter")),
        None if backwards => u64::MAX - 1,
        None => 0,
    };
    let to = call.query("to").and_then(parse_token);
    let filter: Value =
        call.query("filter").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let fits = |event: &&Event| {
        let in_range = if backwards {
            event.position <= from && to.is_none_or(|to| event.position > to)
        } else {
            event.position > from && to.is_none_or(|to| event.position <= to)
        };
        in_range && passes(&filter, event) && room.may_see(&requester.user_id, event)
    };
    let page: Vec<&Event> = if backwards {
        room.timeline.iter().rev().filter(fits).take(limit).collect()
    } else {
        room.timeline.iter().filter(fits).take(limit).collect()
    };
    let chunk: Vec<Value> = page.iter().map(|event| state.show(event, &requester)).collect();
    let mut answer =
        json!({ "chunk": chunk, "start": token(if from > state.position { state.position } else { from }) });
    if let Some(last) = page.last() {
        answer["end"] = json!(token(if backwards { last.position - 1 } else { last.position }));
    }
    Answer::ok(answer)
}

fn passes(filter: &Value, event: &Event) -> bool {
    let lists =
        |key: &str, text: &str| filter[key].as_array().map(|list| list.iter().any(|entry| entry == text));
    lists("types", &event.kind).unwrap_or(true)
        && !lists("not_types", &event.kind).unwrap_or(false)
        && lists("senders", &event.sender).unwrap_or(true)
}

fn event(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let room = readable_room(state, &requester, call.param("room"))
        .map_err(|_| Failure::not_found("Event not found, or you may not see it"))?;
    Answer::ok(state.show(find(room, &requester, call.param("event"))?, &requester))
}

fn context(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let room = readable_room(state, &requester, call.param("room"))?;
    let centre = find(room, &requester, call.param("event"))?;
    let limit = call.number("limit", 10);
    let half = limit / 2;
    let seen = |event: &&Event| room.may_see(&requester.user_id, event);
    let before = room.timeline.iter().rev().filter(|event| event.position < centre.position).filter(seen);
    let before: Vec<&Event> = before.take(half).collect();
    let after = room.timeline.iter().filter(|event| event.position > centre.position).filter(seen);
    let after: Vec<&Event> = after.take(limit - half).collect();
    let shown =
        |events: &[&Event]| events.iter().map(|event| state.show(event, &requester)).collect::<Vec<_>>();
    let state_events: Vec<Value> = room.current_state().map(|event| state.show(event, &requester)).collect();
    Answer::ok(json!({
        "start": token(before.last().unwrap_or(&centre).position - 1),
        "end": token(after.last().unwrap_or(&centre).position),
        "events_before": shown(&before), "event": state.show(centre, &requester), "events_after": shown(&after),
        "state": state_events,
    }))
}

fn relations(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let room = readable_room(state, &requester, call.param("room"))?;
    let (target, rel, kind) = (call.param("event"), call.param("rel"), call.param("type"));
    let related = room.timeline.iter().rev().filter(|event| {
        let relation = &event.content["m.relates_to"];
        relation["event_id"] == target
            && (rel.is_empty() || relation["rel_type"] == rel)
            && (kind.is_empty() || event.kind == kind)
            && room.may_see(&requester.user_id, event)
    });
    let mut chunk: Vec<Value> = related.map(|event| state.show(event, &requester)).collect();
    if call.query("dir") == Some("f") {
        chunk.reverse();
    }
    Answer::ok(json!({ "chunk": chunk }))
}

fn threads(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    if state.profile.threads_need_include && call.query("include") != Some("all") {
        return Err(Failure::new(400, "M_UNKNOWN", "missing field `include`"));
    }
    let room = readable_room(state, &requester, call.param("room"))?;
    let is_root = |root: &Event| {
        room.timeline.iter().any(|event| {
            let relation = &event.content["m.relates_to"];
            relation["rel_type"] == "m.thread" && relation["event_id"] == root.event_id.as_str()
        })
    };
    let roots = room.timeline.iter().rev().filter(|event| is_root(event));
    Answer::ok(json!({ "chunk": roots.map(|event| state.show(event, &requester)).collect::<Vec<_>>() }))
}

fn timestamp_to_event(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    if !state.profile.has_timestamp_to_event {
        return Err(Failure::unrecognized());
    }
    let room = readable_room(state, &requester, call.param("room"))?;
    let at =
        call.query("ts").and_then(|text| text.parse::<u64>().ok()).ok_or_else(|| Failure::bad("No ts"))?;
    let events = room.timeline.iter().filter(|event| room.may_see(&requester.user_id, event));
    let found = if call.query("dir") == Some("b") {
        events.filter(|event| event.at_ms <= at).max_by_key(|event| event.at_ms)
    } else {
        events.filter(|event| event.at_ms >= at).min_by_key(|event| event.at_ms)
    };
    let found = found.ok_or_else(|| Failure::not_found("Unable to find event at that time"))?;
    Answer::ok(json!({ "event_id": found.event_id, "origin_server_ts": found.at_ms }))
}

fn find<'a>(room: &'a Room, requester: &Requester, event_id: &str) -> Result<&'a Event, Failure> {
    let found = room.event(event_id).filter(|event| room.may_see(&requester.user_id, event));
    found.ok_or_else(|| Failure::not_found("Event not found."))
}
