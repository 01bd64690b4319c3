//! Joining, inviting, leaving, kicking, banning, and who is where.
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Failure, Outcome, required};
use super::event::Draft;
use super::requester::Requester;
use super::room::Room;
use super::routes::{Handler, Later, Route};
use super::server::Server;
use super::state::{State, merge};

pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/_matrix/client/v3/join/{target}", Handler::Later(join)),
    Route::new("POST", "/_matrix/client/v3/rooms/{target}/join", Handler::Later(join)),
    Route::new("POST", "/_matrix/client/v3/rooms/{room}/invite", Handler::Now(invite)),
    Route::new("POST", "/_matrix/client/v3/rooms/{room}/leave", Handler::Now(leave)),
    Route::new("POST", "/_matrix/client/v3/rooms/{room}/kick", Handler::Now(kick)),
    Route::new("POST", "/_matrix/client/v3/rooms/{room}/ban", Handler::Now(ban)),
    Route::new("POST", "/_matrix/client/v3/rooms/{room}/unban", Handler::Now(unban)),
    Route::new("POST", "/_matrix/client/v3/rooms/{room}/forget", Handler::Now(forget)),
    Route::new("GET", "/_matrix/client/v3/joined_rooms", Handler::Now(joined_rooms)),
    Route::new("GET", "/_matrix/client/v3/rooms/{room}/joined_members", Handler::Now(joined_members)),
    Route::new("GET", "/_matrix/client/v3/rooms/{room}/members", Handler::Now(members)),
];

fn join(server: Arc<Server>, call: Call) -> Later {
    Box::pin(async move {
        let requester = server.lock().requester(&call)?;
        let target = call.param("target");
        let room_id = if target.starts_with('#') {
            server.find_alias(target).await.ok_or_else(|| Failure::not_found("Room alias not found"))?
        } else {
            target.to_owned()
        };
        let extra = reason_only(&call.json()?);
        let mut state = server.lock();
        state.change_membership(&requester, &requester.user_id, &room_id, "join", &extra)?;
        Answer::ok(json!({ "room_id": room_id }))
    })
}

fn invite(state: &mut State, call: &Call) -> Outcome {
    for_target(state, call, "invite")
}

fn kick(state: &mut State, call: &Call) -> Outcome {
    for_target(state, call, "leave")
}

fn ban(state: &mut State, call: &Call) -> Outcome {
    for_target(state, call, "ban")
}

fn unban(state: &mut State, call: &Call) -> Outcome {
    let target = call.json()?["user_id"].as_str().unwrap_or_default().to_owned();
    let room = state.rooms.get(call.param("room"));
    if room.is_some_and(|room| room.membership(&target) != "ban") {
        return Err(bad_state("Cannot unban user who was not banned"));
    }
    for_target(state, call, "leave")
}

fn for_target(state: &mut State, call: &Call, membership: &str) -> Outcome {
    let requester = state.requester(call)?;
    let body = call.json()?;
    let target = required(&body, "user_id")?;
    state.change_membership(&requester, target, call.param("room"), membership, &reason_only(&body))?;
    Answer::empty()
}

fn leave(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let extra = reason_only(&call.json()?);
    state.change_membership(&requester, &requester.user_id, call.param("room"), "leave", &extra)?;
    Answer::empty()
}

fn forget(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let room = state.room_mut(call.param("room"))?;
    if room.is_joined(&requester.user_id) {
        return Err(Failure::new(400, "M_UNKNOWN", "User is in the room"));
    }
    room.forgotten.insert(requester.user_id);
    Answer::empty()
}

fn joined_rooms(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let joined = state.rooms.values().filter(|room| room.is_joined(&requester.user_id));
    Answer::ok(json!({ "joined_rooms": joined.map(|room| &room.room_id).collect::<Vec<_>>() }))
}

fn joined_members(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let room = state.room_for_members(&requester, call.param("room"))?;
    let mut joined = Map::new();
    for user_id in room.joined() {
        let content = match room.content("m.room.member", user_id) {
            Some(content) if !state.profile.joined_members_shows_global => content.clone(),
            _ => state.member_profile(user_id),
        };
        joined.insert(
            user_id.to_owned(),
            json!({ "display_name": content["displayname"], "avatar_url": content["avatar_url"] }),
        );
    }
    Answer::ok(json!({ "joined": joined }))
}

fn members(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let room = state.room_of(&requester, call.param("room"))?;
    let wanted = |membership: &Value| {
        call.query("membership").is_none_or(|only| membership == only)
            && call.query("not_membership").is_none_or(|not| membership != not)
    };
    let members = room.members().filter(|event| wanted(&event.content["membership"]));
    let chunk: Vec<Value> = members.map(|event| state.show_bare(event)).collect();
    Answer::ok(json!({ "chunk": chunk }))
}

fn bad_state(error: impl Into<String>) -> Failure {
    Failure::new(403, "M_BAD_STATE", error)
}

fn reason_only(body: &Value) -> Value {
    body.get("reason").map_or_else(|| json!({}), |reason| json!({ "reason": reason }))
}

impl State {
    pub(crate) fn room_mut(&mut self, room_id: &str) -> Result<&mut Room, Failure> {
        self.rooms.get_mut(room_id).ok_or_else(|| Failure::not_found("Unknown room"))
    }

    /// A room that the caller is in.
    pub(crate) fn room_of(&self, requester: &Requester, room_id: &str) -> Result<&Room, Failure> {
        let outside = || Failure::forbidden(format!("User {} not in room {room_id}", requester.user_id));
        self.rooms.get(room_id).filter(|room| room.is_joined(&requester.user_id)).ok_or_else(outside)
    }

    /// A room whose members the caller may read.
    fn room_for_members(&self, requester: &Requester, room_id: &str) -> Result<&Room, Failure> {
        let hosted = self
            .appservices
            .iter()
            .find(|hosted| Some(&hosted.registration.id) == requester.appservice_id.as_ref());
        let has_somebody = |room: &&Room| {
            let mut joined = room.joined();
            hosted.is_some_and(|hosted| joined.any(|id| hosted.registration.has_user(id, &self.server_name)))
        };
        let open =
            self.rooms.get(room_id).filter(|_| self.profile.members_open_to_appservice).filter(has_somebody);
        open.map_or_else(|| self.room_of(requester, room_id), Ok)
    }

    /// Checks and makes one membership change; answers the event's id.
    pub(crate) fn change_membership(
        &mut self,
        requester: &Requester,
        target: &str,
        room_id: &str,
        membership: &str,
        extra: &Value,
    ) -> Result<String, Failure> {
        let sender = &requester.user_id;
        let room = self.rooms.get(room_id).ok_or_else(|| match membership {
            "join" => Failure::new(
                404,
                "M_UNKNOWN",
                "Can't join remote room because no servers that are in the room have been provided.",
            ),
            _ => Failure::forbidden(format!("User {sender} not in room {room_id}")),
        })?;
        self.check_membership(room, sender, target, membership)?;
        let is_repeat = room.is_joined(target) && membership == "join" && sender == target;
        if is_repeat && extra.get("displayname").is_none() && extra.get("avatar_url").is_none() {
            return Ok(room
                .state_event("m.room.member", target)
                .map_or_else(String::new, |event| event.event_id.clone()));
        }
        let shows_profile =
            membership == "join" || (membership == "invite" && self.profile.decorates_invites);
        let mut content = if shows_profile { self.member_profile(target) } else { json!({}) };
        merge(&mut content, extra);
        content["membership"] = json!(membership);
        if membership == "join"
            && let Some(room) = self.rooms.get_mut(room_id)
        {
            room.forgotten.remove(target);
        }
        Ok(self.append(room_id, Draft::state(sender, "m.room.member", target, content)))
    }

    fn check_membership(
        &self,
        room: &Room,
        sender: &str,
        target: &str,
        membership: &str,
    ) -> Result<(), Failure> {
        let (now, power) = (room.membership(target), room.power());
        let inside = || {
            let refuse = || Failure::forbidden(format!("User {sender} not in room {}", room.room_id));
            room.is_joined(sender).then_some(()).ok_or_else(refuse)
        };
        match membership {
            "join" | "invite" if now == "ban" => {
                Err(bad_state(format!("Cannot {membership} user who was banned")))
            }
            "join" if sender != target => Err(Failure::forbidden("Cannot force another user to join.")),
            "join" if matches!(now, "invite" | "join") || self.may_join_uninvited(room, target) => Ok(()),
            "join" => Err(Failure::forbidden("You are not invited to this room.")),
            "invite" => {
                inside()?;
                if now == "ban" || now == "join" {
                    return Err(Failure::forbidden(format!(
                        "{target} is already in the room or banned from it."
                    )));
                }
                power.require(sender, power.action("invite"), "invite")
            }
            "leave" if sender == target => match now {
                "join" | "invite" | "knock" => Ok(()),
                _ => Err(Failure::forbidden(format!("User {sender} is not in this room"))),
            },
            "leave" | "ban" => {
                inside()?;
                let act = if membership == "ban" || now == "ban" { "ban" } else { "kick" };
                if act == "kick" && !matches!(now, "join" | "invite" | "knock") {
                    return Err(Failure::forbidden("The target user is not in the room"));
                }
                power.require(sender, power.action(act), act)?;
                if power.user(sender) <= power.user(target) {
                    return Err(Failure::forbidden(format!("You cannot {act} user {target}.")));
                }
                Ok(())
            }
            _ => Err(Failure::bad("Unknown membership")),
        }
    }

    fn may_join_uninvited(&self, room: &Room, user_id: &str) -> bool {
        match room.join_rule() {
            "public" => true,
            "restricted" | "knock_restricted" => {
                let content = room.content("m.room.join_rules", "");
                let allowed = content.and_then(|content| content["allow"].as_array()).into_iter().flatten();
                let mut rooms = allowed.filter_map(|entry| self.rooms.get(entry["room_id"].as_str()?));
                rooms.any(|room| room.is_joined(user_id))
            }
            _ => false,
        }
    }
}
