//! What the homeserver says about itself.
use serde_json::{Map, json};

use super::call::{Answer, Call, Outcome};
use super::create_room::DEFAULT_VERSION;
use super::routes::{Handler, Route};
use super::state::State;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/_matrix/client/versions", Handler::Now(versions)),
    Route::new("GET", "/_matrix/client/v3/capabilities", Handler::Now(capabilities)),
    Route::new("GET", "/_matrix/federation/v1/version", Handler::Now(federation_version)),
    Route::new("GET", "/_matrix/client/v3/pushrules/", Handler::Now(push_rules)),
];

fn versions(state: &mut State, _: &Call) -> Outcome {
    let features = state.profile.unstable_features.iter().map(|name| ((*name).to_owned(), json!(true)));
    Answer::ok(
        json!({ "versions": state.profile.versions, "unstable_features": features.collect::<Map<_, _>>() }),
    )
}

fn capabilities(state: &mut State, call: &Call) -> Outcome {
    state.requester(call)?;
    let available: Map<_, _> = (1..=12).map(|version| (version.to_string(), json!("stable"))).collect();
    Answer::ok(json!({ "capabilities": {
        "m.change_password": { "enabled": true },
        "m.room_versions": { "default": DEFAULT_VERSION, "available": available },
        "m.set_displayname": { "enabled": true }, "m.set_avatar_url": { "enabled": true },
        "m.profile_fields": { "enabled": state.profile.has_extended_profiles },
    } }))
}

fn federation_version(state: &mut State, _: &Call) -> Outcome {
    Answer::ok(json!({ "server": { "name": state.profile.software, "version": "fake" } }))
}

fn push_rules(state: &mut State, call: &Call) -> Outcome {
    state.requester(call)?;
    Answer::ok(
        json!({ "global": { "override": [], "content": [], "room": [], "sender": [], "underride": [] } }),
    )
}
