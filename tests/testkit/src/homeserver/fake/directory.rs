//! Aliases, the list of public rooms, the list of users.
use std::sync::Arc;

use serde_json::{Value, json};

use super::call::{Answer, Call, Failure, Outcome, required, text};
use super::read::summary;
use super::routes::{Handler, Later, Route};
use super::server::Server;
use super::state::State;
use crate::homeserver::registration::{matches, owns};

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/_matrix/client/v3/directory/room/{alias}", Handler::Later(look_up)),
    Route::new("PUT", "/_matrix/client/v3/directory/room/{alias}", Handler::Now(make)),
    Route::new("DELETE", "/_matrix/client/v3/directory/room/{alias}", Handler::Now(remove)),
    Route::new("GET", "/_matrix/client/v3/rooms/{room}/aliases", Handler::Now(of_room)),
    Route::new("GET", "/_matrix/client/v3/directory/list/room/{room}", Handler::Now(visibility)),
    Route::new("PUT", "/_matrix/client/v3/directory/list/room/{room}", Handler::Now(set_visibility)),
    Route::new(
        "PUT",
        "/_matrix/client/v3/directory/list/appservice/{network}/{room}",
        Handler::Now(set_for_network),
    ),
    Route::new("GET", "/_matrix/client/v3/publicRooms", Handler::Now(public_rooms)),
    Route::new("POST", "/_matrix/client/v3/publicRooms", Handler::Now(public_rooms)),
    Route::new("POST", "/_matrix/client/v3/user_directory/search", Handler::Now(search_users)),
];

fn look_up(server: Arc<Server>, call: Call) -> Later {
    Box::pin(async move {
        let room_id = server.find_alias(call.param("alias")).await;
        let room_id = room_id.ok_or_else(|| Failure::not_found("Room alias not found"))?;
        Answer::ok(json!({ "room_id": room_id, "servers": [server.lock().server_name] }))
    })
}

fn make(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let alias = call.param("alias").to_owned();
    let room_id = required(&call.json()?, "room_id")?.to_owned();
    if !alias.starts_with('#') || !alias.ends_with(&format!(":{}", state.server_name)) {
        return Err(Failure::new(400, "M_INVALID_PARAM", "Not an alias of this server"));
    }
    state.check_alias_owner(&alias, &requester.user_id)?;
    let hosted = state
        .appservices
        .iter()
        .find(|hosted| Some(&hosted.registration.id) == requester.appservice_id.as_ref());
    if hosted.is_some_and(|hosted| !matches(&hosted.registration.namespaces.aliases, &alias)) {
        return Err(Failure::new(
            400,
            "M_EXCLUSIVE",
            "This application service has not reserved this kind of alias.",
        ));
    }
    if state.aliases.contains_key(&alias) {
        return Err(Failure::new(409, "M_UNKNOWN", "Room alias already exists"));
    }
    state.room_of(&requester, &room_id)?;
    state.aliases.insert(alias, room_id);
    Answer::empty()
}

fn remove(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    state.check_alias_owner(call.param("alias"), &requester.user_id)?;
    if state.aliases.remove(call.param("alias")).is_none() && requester.appservice_id.is_none() {
        return Err(Failure::not_found("Room alias not found"));
    }
    Answer::empty()
}

fn of_room(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    state.room_of(&requester, call.param("room"))?;
    Answer::ok(json!({ "aliases": state.aliases_of(call.param("room")).collect::<Vec<_>>() }))
}

fn visibility(state: &mut State, call: &Call) -> Outcome {
    let is_published = state.room_mut(call.param("room"))?.is_published;
    Answer::ok(json!({ "visibility": if is_published { "public" } else { "private" } }))
}

fn set_visibility(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let is_public = call.json()?["visibility"] != "private";
    let room = state.room_of(&requester, call.param("room"))?;
    let power = room.power();
    power.require(&requester.user_id, power.to_send("m.room.canonical_alias", true), "publish the room")?;
    if is_public && !state.profile.allows_publishing {
        return Err(Failure::new(403, "M_UNKNOWN", "Not allowed to publish room"));
    }
    state.room_mut(call.param("room"))?.is_published = is_public;
    Answer::empty()
}

fn set_for_network(state: &mut State, call: &Call) -> Outcome {
    if !state.profile.has_appservice_directory {
        return Err(Failure::unrecognized());
    }
    state.appservice_of_token(call)?;
    let is_public = call.json()?["visibility"] != "private";
    state.room_mut(call.param("room"))?.is_published = is_public;
    Answer::empty()
}

fn public_rooms(state: &mut State, _: &Call) -> Outcome {
    let chunk: Vec<Value> = state.rooms.values().filter(|room| room.is_published).map(summary).collect();
    Answer::ok(json!({ "chunk": chunk, "total_room_count_estimate": chunk.len() }))
}

fn search_users(state: &mut State, call: &Call) -> Outcome {
    state.requester(call)?;
    let term = text(&call.json()?, "search_term").to_lowercase();
    let name_of = |profile: &Value| text(profile, "displayname").to_owned();
    let found = state.accounts.keys().filter_map(|user_id| {
        let profile = state.member_profile(user_id);
        let fits = user_id.contains(&term) || name_of(&profile).to_lowercase().contains(&term);
        fits.then(|| json!({ "user_id": user_id, "display_name": profile["displayname"] }))
    });
    Answer::ok(json!({ "limited": false, "results": found.collect::<Vec<_>>() }))
}

impl State {
    pub(crate) fn check_alias_owner(&self, alias: &str, user_id: &str) -> Result<(), Failure> {
        let taken = self.appservices.iter().map(|hosted| &hosted.registration).find(|registration| {
            owns(&registration.namespaces.aliases, alias)
                && !registration.has_user(user_id, &self.server_name)
        });
        match taken {
            Some(_) => {
                Err(Failure::new(400, "M_EXCLUSIVE", "This alias is reserved by an application service."))
            }
            None => Ok(()),
        }
    }
}
