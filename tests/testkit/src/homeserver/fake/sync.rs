//! `/sync`: what is new for one user, waiting for it if nothing is.
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::call::{Answer, Call, Failure, Outcome};
use super::event::Event;
use super::messages::{parse_token, token};
use super::requester::Requester;
use super::room::Room;
use super::routes::{Handler, Later, Route};
use super::server::Server;
use super::state::State;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/_matrix/client/v3/sync", Handler::Later(sync)),
    Route::new("POST", "/_matrix/client/v3/user/{user}/filter", Handler::Now(make_filter)),
    Route::new("GET", "/_matrix/client/v3/user/{user}/filter/{filter}", Handler::Now(read_filter)),
];

/// One sync: for whom, since when, how much.
struct Window<'a> {
    requester: &'a Requester,
    since: u64,
    limit: usize,
}

fn sync(server: Arc<Server>, call: Call) -> Later {
    Box::pin(async move {
        let timeout = Duration::from_millis(call.number("timeout", 0).min(120_000) as u64);
        let deadline = Instant::now() + timeout;
        let mut news = server.news.subscribe();
        loop {
            news.borrow_and_update();
            {
                let mut state = server.lock();
                let requester = state.requester(&call)?;
                check_may_sync(&state, &requester)?;
                let since = call.query("since").and_then(parse_token).unwrap_or(0);
                let window = Window { requester: &requester, since, limit: timeline_limit(&call) };
                let (answer, is_empty) = state.collect_news(&window);
                if !is_empty || since == 0 || Instant::now() >= deadline {
                    return Answer::ok(answer);
                }
            }
            // Either way the next round looks again; after the deadline it answers.
            let _ = tokio::time::timeout_at(deadline, news.changed()).await;
        }
    })
}

fn check_may_sync(state: &State, requester: &Requester) -> Result<(), Failure> {
    let Some(appservice_id) = &requester.appservice_id else { return Ok(()) };
    let hosted = state.appservices.iter().find(|hosted| hosted.registration.id == *appservice_id);
    let is_sender =
        hosted.is_some_and(|hosted| hosted.registration.sender(&state.server_name) == requester.user_id);
    if is_sender && !state.profile.sender_can_sync {
        return Err(Failure::new(500, "M_UNKNOWN", "Internal server error"));
    }
    if requester.device_id.is_none() && state.profile.sync_needs_device {
        return Err(Failure::forbidden("Appservices must masquerade as a device to sync."));
    }
    Ok(())
}

fn timeline_limit(call: &Call) -> usize {
    let filter: Value =
        call.query("filter").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    filter["room"]["timeline"]["limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(10)
}

fn make_filter(state: &mut State, call: &Call) -> Outcome {
    state.requester(call)?;
    Answer::ok(json!({ "filter_id": call.json()?.to_string() }))
}

fn read_filter(state: &mut State, call: &Call) -> Outcome {
    state.requester(call)?;
    // The id of a filter is its own text, so that `/sync` needs no store of filters.
    let filter =
        serde_json::from_str(call.param("filter")).map_err(|_| Failure::not_found("No such filter"))?;
    Answer::ok(filter)
}

impl State {
    /// The answer, and whether there is nothing in it.
    fn collect_news(&mut self, window: &Window<'_>) -> (Value, bool) {
        let user_id = window.requester.user_id.as_str();
        let (mut join, mut invite, mut leave) = (Map::new(), Map::new(), Map::new());
        for room in self.rooms.values() {
            let Some(own) = room.state_event("m.room.member", user_id) else { continue };
            let is_new = own.position > window.since;
            match own.content["membership"].as_str() {
                Some("join") => {
                    if let Some(news) = self.joined_room(room, window, is_new) {
                        join.insert(room.room_id.clone(), news);
                    }
                }
                Some("invite") if is_new => {
                    let mut events = room.stripped_state();
                    events.extend(room.state_event("m.room.member", &own.sender).map(Event::stripped));
                    events.push(own.stripped());
                    invite.insert(room.room_id.clone(), json!({ "invite_state": { "events": events } }));
                }
                Some("leave" | "ban") if is_new && window.since > 0 && !room.forgotten.contains(user_id) => {
                    let news = json!({
                        "state": { "events": [] }, "timeline": self.timeline(room, window, window.since).0,
                        "account_data": { "events": [] },
                    });
                    leave.insert(room.room_id.clone(), news);
                }
                _ => {}
            }
        }
        let account_data = self.account_data_since(user_id, "", window.since);
        let to_device = self.take_to_device(window);
        let is_empty = join.is_empty()
            && invite.is_empty()
            && leave.is_empty()
            && account_data.is_empty()
            && to_device.is_empty();
        let mut rooms = Map::new();
        for (key, of_kind) in [("join", join), ("invite", invite), ("leave", leave)] {
            if !of_kind.is_empty() {
                rooms.insert(key.to_owned(), json!(of_kind));
            }
        }
        let mut answer =
            json!({ "next_batch": format!("s{}", self.position), "device_one_time_keys_count": {} });
        // Nothing is said about what is empty.
        if !rooms.is_empty() {
            answer["rooms"] = json!(rooms);
        }
        for (key, events) in [("account_data", account_data), ("to_device", to_device)] {
            if !events.is_empty() {
                answer[key] = json!({ "events": events });
            }
        }
        (answer, is_empty)
    }

    fn joined_room(&self, room: &Room, window: &Window<'_>, is_new: bool) -> Option<Value> {
        let user_id = window.requester.user_id.as_str();
        let from = if is_new { 0 } else { window.since };
        let (timeline, first) = self.timeline(room, window, from);
        let state_events =
            room.current_state().filter(|event| event.position < first && event.position > from);
        let state_events: Vec<Value> =
            state_events.map(|event| self.show_in_sync(event, window.requester)).collect();
        let ephemeral = ephemeral(room, user_id, from);
        let account_data = self.account_data_since(user_id, &room.room_id, from);
        let quiet = timeline["events"].as_array().is_none_or(Vec::is_empty) && state_events.is_empty();
        if quiet && ephemeral.is_empty() && account_data.is_empty() {
            return None;
        }
        Some(json!({
            "timeline": timeline, "state": { "events": state_events }, "ephemeral": { "events": ephemeral },
            "account_data": { "events": account_data },
            "summary": { "m.joined_member_count": room.joined().count() },
            "unread_notifications": { "notification_count": 0, "highlight_count": 0 },
        }))
    }

    /// The timeline since a position, and the position of its first event.
    fn timeline(&self, room: &Room, window: &Window<'_>, from: u64) -> (Value, u64) {
        let user_id = window.requester.user_id.as_str();
        let new = room.since(from).iter().filter(|event| room.may_see(user_id, event));
        let new: Vec<&Event> = new.collect();
        let shown = &new[new.len().saturating_sub(window.limit)..];
        let first = shown.first().map_or(u64::MAX, |event| event.position);
        let events: Vec<Value> =
            shown.iter().map(|event| self.show_in_sync(event, window.requester)).collect();
        let prev_batch = token(shown.first().map_or(from, |event| event.position - 1));
        (json!({ "events": events, "limited": shown.len() < new.len(), "prev_batch": prev_batch }), first)
    }

    fn account_data_since(&self, user_id: &str, room_id: &str, since: u64) -> Vec<Value> {
        let all = self.accounts.get(user_id).into_iter().flat_map(|account| &account.account_data);
        let new = all.filter(|((of_room, _), (position, _))| of_room == room_id && *position > since);
        new.map(|((_, kind), (_, content))| json!({ "type": kind, "content": content })).collect()
    }

    fn take_to_device(&mut self, window: &Window<'_>) -> Vec<Value> {
        let Some(account) = self.accounts.get_mut(&window.requester.user_id) else { return vec![] };
        let device_id = window.requester.device_id.as_deref().unwrap_or_default();
        // What was answered with an earlier token has arrived.
        account.to_device.retain(|(position, device, _)| device != device_id || *position > window.since);
        let own = account.to_device.iter().filter(|(_, device, _)| device == device_id);
        own.map(|(_, _, message)| message.clone()).collect()
    }
}

fn ephemeral(room: &Room, user_id: &str, from: u64) -> Vec<Value> {
    let mut events = vec![];
    if room.typing_position > from {
        events.push(json!({ "type": "m.typing", "content": room.typing_content() }));
    }
    let mut content = json!({});
    for receipt in room.receipts.iter().filter(|receipt| receipt.position > from) {
        if receipt.kind != "m.read.private" || receipt.user_id == user_id {
            content[&receipt.event_id][&receipt.kind][&receipt.user_id] = receipt.data.clone();
        }
    }
    if content.as_object().is_some_and(|content| !content.is_empty()) {
        events.push(json!({ "type": "m.receipt", "content": content }));
    }
    events
}
