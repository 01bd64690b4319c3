//! Account data, global and per room, and room tags.
use serde_json::{Value, json};

use super::call::{Answer, Call, Failure, Outcome};
use super::routes::{Handler, Route};
use super::state::State;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/_matrix/client/v3/user/{user}/account_data/{type}", Handler::Now(read)),
    Route::new("PUT", "/_matrix/client/v3/user/{user}/account_data/{type}", Handler::Now(write)),
    Route::new("GET", "/_matrix/client/v3/user/{user}/rooms/{room}/account_data/{type}", Handler::Now(read)),
    Route::new("PUT", "/_matrix/client/v3/user/{user}/rooms/{room}/account_data/{type}", Handler::Now(write)),
    Route::new("GET", "/_matrix/client/v3/user/{user}/rooms/{room}/tags", Handler::Now(tags)),
    Route::new("PUT", "/_matrix/client/v3/user/{user}/rooms/{room}/tags/{tag}", Handler::Now(put_tag)),
    Route::new("DELETE", "/_matrix/client/v3/user/{user}/rooms/{room}/tags/{tag}", Handler::Now(delete_tag)),
];

fn read(state: &mut State, call: &Call) -> Outcome {
    let content = state.account_data(call, call.param("type"))?;
    content.map_or_else(|| Err(Failure::not_found("Account data not found")), Answer::ok)
}

fn write(state: &mut State, call: &Call) -> Outcome {
    let content = call.json()?;
    state.set_account_data(call, call.param("type"), content)
}

fn tags(state: &mut State, call: &Call) -> Outcome {
    Answer::ok(state.account_data(call, "m.tag")?.unwrap_or_else(|| json!({ "tags": {} })))
}

fn put_tag(state: &mut State, call: &Call) -> Outcome {
    let mut content = state.account_data(call, "m.tag")?.unwrap_or_else(|| json!({ "tags": {} }));
    content["tags"][call.param("tag")] = call.json()?;
    state.set_account_data(call, "m.tag", content)
}

fn delete_tag(state: &mut State, call: &Call) -> Outcome {
    let mut content = state.account_data(call, "m.tag")?.unwrap_or_else(|| json!({ "tags": {} }));
    if let Some(tags) = content["tags"].as_object_mut() {
        tags.remove(call.param("tag"));
    }
    state.set_account_data(call, "m.tag", content)
}

impl State {
    fn check_own(&self, call: &Call) -> Result<String, Failure> {
        let user_id = self.requester(call)?.user_id;
        if user_id == call.param("user") {
            Ok(user_id)
        } else {
            Err(Failure::forbidden("Not your account data"))
        }
    }

    fn account_data(&self, call: &Call, kind: &str) -> Result<Option<Value>, Failure> {
        let user_id = self.check_own(call)?;
        let slot = (call.param("room").to_owned(), kind.to_owned());
        let account = self.accounts.get(&user_id);
        Ok(account.and_then(|account| account.account_data.get(&slot)).map(|(_, content)| content.clone()))
    }

    fn set_account_data(&mut self, call: &Call, kind: &str, content: Value) -> Outcome {
        let user_id = self.check_own(call)?;
        let slot = (call.param("room").to_owned(), kind.to_owned());
        let position = self.next_position();
        self.acting_account(&user_id).account_data.insert(slot, (position, content));
        Answer::empty()
    }
}
