//! Users' profiles; changing a name or picture writes a member event into every joined room.
use serde_json::{Value, json};

use super::account::Account;
use super::call::{Answer, Call, Failure, Outcome};
use super::event::Draft;
use super::routes::{Handler, Route};
use super::state::State;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/_matrix/client/v3/profile/{user}", Handler::Now(profile)),
    Route::new("GET", "/_matrix/client/v3/profile/{user}/{key}", Handler::Now(field)),
    Route::new("PUT", "/_matrix/client/v3/profile/{user}/{key}", Handler::Now(put_field)),
    Route::new("DELETE", "/_matrix/client/v3/profile/{user}/{key}", Handler::Now(delete_field)),
    Route::new(
        "GET",
        "/_matrix/client/unstable/uk.tcpip.msc4133/profile/{user}/{key}",
        Handler::Now(unstable_field),
    ),
    Route::new(
        "PUT",
        "/_matrix/client/unstable/uk.tcpip.msc4133/profile/{user}/{key}",
        Handler::Now(put_unstable_field),
    ),
];

fn profile(state: &mut State, call: &Call) -> Outcome {
    Answer::ok(json!(state.account_of_path(call)?.profile))
}

/// Whether the homeserver has such a key at all; one of an earlier version has two.
fn known_key(state: &State, call: &Call) -> Result<(), Failure> {
    let is_known = state.profile.has_extended_profiles || is_basic(call.param("key"));
    if is_known { Ok(()) } else { Err(Failure::unrecognized()) }
}

fn is_basic(key: &str) -> bool {
    matches!(key, "displayname" | "avatar_url")
}

fn field(state: &mut State, call: &Call) -> Outcome {
    known_key(state, call)?;
    let key = call.param("key");
    let profile = &state.account_of_path(call)?.profile;
    match profile.get(key) {
        Some(value) => Answer::ok(json!({ key: value })),
        None if is_basic(key) => Answer::empty(),
        None => Err(Failure::not_found("No such profile field")),
    }
}

fn unstable_field(state: &mut State, call: &Call) -> Outcome {
    if state.profile.unstable_profile_path { field(state, call) } else { Err(Failure::unrecognized()) }
}

fn put_field(state: &mut State, call: &Call) -> Outcome {
    let key = call.param("key");
    let value =
        call.json()?.get(key).cloned().ok_or_else(|| Failure::new(400, "M_MISSING_PARAM", "Missing key"))?;
    change(state, call, &value)
}

fn put_unstable_field(state: &mut State, call: &Call) -> Outcome {
    if state.profile.unstable_profile_path { put_field(state, call) } else { Err(Failure::unrecognized()) }
}

fn delete_field(state: &mut State, call: &Call) -> Outcome {
    change(state, call, &Value::Null)
}

fn change(state: &mut State, call: &Call, value: &Value) -> Outcome {
    known_key(state, call)?;
    let requester = state.requester(call)?;
    let (user_id, key) = (call.param("user").to_owned(), call.param("key").to_owned());
    if requester.user_id != user_id {
        return Err(Failure::new(400, "M_FORBIDDEN", "Cannot set another user's profile"));
    }
    let account = state.acting_account(&user_id);
    let is_cleared = value.is_null() || value == "";
    let before = if is_cleared {
        account.profile.remove(&key)
    } else {
        account.profile.insert(key.clone(), value.clone())
    };
    if is_basic(&key) && before.unwrap_or(Value::Null) != *value {
        state.tell_rooms_of_profile(&user_id);
    }
    Answer::empty()
}

impl State {
    fn account_of_path(&self, call: &Call) -> Result<&Account, Failure> {
        let account = self.accounts.get(call.param("user"));
        account.ok_or_else(|| Failure::new(404, "M_UNKNOWN", "User does not exist or has no profile"))
    }

    /// `displayname` and `avatar_url` of a user as a member event holds them.
    pub(crate) fn member_profile(&self, user_id: &str) -> Value {
        let mut content = json!({});
        if let Some(account) = self.accounts.get(user_id) {
            for key in ["displayname", "avatar_url"] {
                if let Some(value) = account.profile.get(key) {
                    content[key] = value.clone();
                }
            }
        }
        content
    }

    fn tell_rooms_of_profile(&mut self, user_id: &str) {
        let joined = self.rooms.values().filter(|room| room.is_joined(user_id));
        let joined: Vec<String> = joined.map(|room| room.room_id.clone()).collect();
        for room_id in joined {
            let mut content = self.member_profile(user_id);
            content["membership"] = json!("join");
            self.append(&room_id, Draft::state(user_id, "m.room.member", user_id, content));
        }
    }
}
