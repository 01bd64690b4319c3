//! Accounts: registration, login, devices, who-am-I.
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::call::{Answer, Call, Failure, Outcome, required, text};
use super::requester::Requester;
use super::routes::{Handler, Route};
use super::state::{Session, State, random_name};

/// A local user.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    pub(crate) password: Option<String>,
    pub(crate) profile: BTreeMap<String, Value>,
    /// Display names by device id.
    pub(crate) devices: BTreeMap<String, Option<String>>,
    /// By room (empty for global) and type.
    pub(crate) account_data: BTreeMap<(String, String), (u64, Value)>,
    /// Messages to devices: position, device id, message.
    pub(crate) to_device: Vec<(u64, String, Value)>,
    pub(crate) is_deactivated: bool,
    /// Came into being by acting, as an unregistered sender does, without `/register`.
    pub(crate) is_implicit: bool,
}

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/_matrix/client/v3/login", Handler::Now(login_flows)),
    Route::new("POST", "/_matrix/client/v3/login", Handler::Now(log_in)),
    Route::new("POST", "/_matrix/client/v3/logout", Handler::Now(log_out)),
    Route::new("POST", "/_matrix/client/v3/register", Handler::Now(register)),
    Route::new("GET", "/_matrix/client/v3/register/available", Handler::Now(available)),
    Route::new("GET", "/_matrix/client/v3/account/whoami", Handler::Now(whoami)),
    Route::new("POST", "/_matrix/client/v3/account/deactivate", Handler::Now(deactivate)),
    Route::new("GET", "/_matrix/client/v3/devices", Handler::Now(devices)),
    Route::new("GET", "/_matrix/client/v3/devices/{device}", Handler::Now(device)),
    Route::new("PUT", "/_matrix/client/v3/devices/{device}", Handler::Now(put_device)),
    Route::new("DELETE", "/_matrix/client/v3/devices/{device}", Handler::Now(delete_device)),
];

fn login_flows(_: &mut State, _: &Call) -> Outcome {
    Answer::ok(
        json!({ "flows": [{ "type": "m.login.password" }, { "type": "m.login.application_service" }] }),
    )
}

fn log_in(state: &mut State, call: &Call) -> Outcome {
    let body = call.json()?;
    let name = match text(&body["identifier"], "user") {
        "" => text(&body, "user"),
        name => name,
    };
    let user_id = if name.starts_with('@') { name.to_owned() } else { state.user_id(&name.to_lowercase()) };
    match required(&body, "type")? {
        "m.login.password" => {
            let account = state.accounts.get(&user_id).filter(|account| !account.is_deactivated);
            let known =
                account.is_some_and(|account| account.password.as_deref() == body["password"].as_str());
            if !known || account.is_some_and(|account| account.password.is_none()) {
                return Err(Failure::forbidden("Invalid username or password"));
            }
        }
        "m.login.application_service" => {
            let registration = state.appservice_of_token(call)?.clone();
            if registration.manages_devices && state.profile.msc4190_refuses_login {
                return Err(no_appservice_login());
            }
            if !registration.has_user(&user_id, &state.server_name) {
                return Err(Failure::new(
                    400,
                    "M_EXCLUSIVE",
                    "This user is not in the appservice's namespace",
                ));
            }
            if !state.accounts.contains_key(&user_id) {
                return Err(Failure::forbidden("No such user"));
            }
        }
        other => return Err(Failure::new(400, "M_UNKNOWN", format!("Unknown login type {other}"))),
    }
    Answer::ok(state.open_session(&user_id, &body))
}

fn no_appservice_login() -> Failure {
    Failure::new(
        400,
        "M_APPSERVICE_LOGIN_UNSUPPORTED",
        "Appservices with MSC4190 make devices, they do not log in",
    )
}

fn log_out(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    if let (Some(token), Some(device_id)) = (&call.token, &requester.device_id) {
        state.tokens.remove(token);
        if let Some(account) = state.accounts.get_mut(&requester.user_id) {
            account.devices.remove(device_id);
        }
    }
    Answer::empty()
}

fn register(state: &mut State, call: &Call) -> Outcome {
    let body = call.json()?;
    if body["type"] == "m.login.application_service" {
        return register_for_appservice(state, call, &body);
    }
    if body["auth"]["type"] != "m.login.dummy" {
        let stages = json!({
            "session": random_name(""), "flows": [{ "stages": ["m.login.dummy"] }], "params": {},
        });
        return Ok(Answer::Json(401, stages));
    }
    let localpart = match text(&body, "username") {
        "" => random_name("u"),
        name => name.to_lowercase(),
    };
    let user_id = state.check_new_name(&localpart)?;
    if state.owner_of(&user_id).is_some() {
        return Err(Failure::new(
            400,
            "M_EXCLUSIVE",
            "This user name is reserved by an application service.",
        ));
    }
    let account = Account { password: body["password"].as_str().map(str::to_owned), ..Account::default() };
    state.add_account(&user_id, account, false);
    Answer::ok(state.open_session(&user_id, &body))
}

fn register_for_appservice(state: &mut State, call: &Call, body: &Value) -> Outcome {
    let registration = state.appservice_of_token(call)?.clone();
    let inhibits = body["inhibit_login"] == true;
    let nameless = || Failure::new(400, "M_UNKNOWN", "Desired Username is missing or not a string");
    let user_id = state.check_appservice_name(body["username"].as_str().ok_or_else(nameless)?)?;
    if !registration.has_user(&user_id, &state.server_name) {
        return Err(Failure::new(400, "M_EXCLUSIVE", "Invalid user localpart for this application service."));
    }
    state.add_account(&user_id, Account::default(), true);
    if registration.manages_devices && state.profile.msc4190_refuses_login && !inhibits {
        return Err(no_appservice_login());
    }
    Answer::ok(state.open_session(&user_id, body))
}

fn available(state: &mut State, call: &Call) -> Outcome {
    state.check_new_name(call.query("username").unwrap_or_default())?;
    Answer::ok(json!({ "available": true }))
}

fn whoami(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let mut answer = json!({ "user_id": requester.user_id, "is_guest": false });
    if let Some(device_id) = requester.device_id {
        answer["device_id"] = json!(device_id);
    }
    Answer::ok(answer)
}

fn deactivate(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let body = call.json()?;
    let allowed = requester.appservice_id.is_some() && state.profile.appservice_can_deactivate;
    if !allowed && body["auth"]["type"] != "m.login.password" {
        let stages = json!({ "session": random_name(""), "flows": [{ "stages": ["m.login.password"] }], "params": {} });
        return Ok(Answer::Json(401, stages));
    }
    if let Some(account) = state.accounts.get_mut(&requester.user_id) {
        account.is_deactivated = true;
    }
    state.tokens.retain(|_, session| session.user_id != requester.user_id);
    Answer::ok(json!({ "id_server_unbind_result": "success" }))
}

fn devices(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let account = state.accounts.get(&requester.user_id);
    let devices = account.into_iter().flat_map(|account| &account.devices);
    let devices: Vec<Value> =
        devices.map(|(id, name)| json!({ "device_id": id, "display_name": name })).collect();
    Answer::ok(json!({ "devices": devices }))
}

fn device(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let device_id = call.param("device");
    let account = state.accounts.get(&requester.user_id);
    let name = account.and_then(|account| account.devices.get(device_id));
    let name = name.ok_or_else(|| Failure::not_found("No device found"))?;
    Answer::ok(json!({
        "device_id": device_id, "display_name": name, "last_seen_ip": null, "last_seen_ts": null,
        "user_id": requester.user_id,
    }))
}

fn put_device(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let name = call.json()?["display_name"].as_str().map(str::to_owned);
    let device_id = call.param("device").to_owned();
    let may_create = state.manages_devices(&requester);
    if may_create {
        // The sender may have devices without having been registered.
        state.acting_account(&requester.user_id);
    }
    let created_status = if state.profile.new_device_is_created_status { 201 } else { 200 };
    let account =
        state.accounts.get_mut(&requester.user_id).ok_or_else(|| Failure::not_found("No such user"))?;
    let is_new = !account.devices.contains_key(&device_id);
    if is_new && !may_create {
        return Answer::empty();
    }
    account.devices.insert(device_id, name);
    Ok(Answer::Json(if is_new { created_status } else { 200 }, json!({})))
}

fn delete_device(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    if !state.manages_devices(&requester) && call.json()?["auth"]["type"] != "m.login.password" {
        let stages = json!({ "session": random_name(""), "flows": [{ "stages": ["m.login.password"] }], "params": {} });
        return Ok(Answer::Json(401, stages));
    }
    let device_id = call.param("device");
    if let Some(account) = state.accounts.get_mut(&requester.user_id) {
        account.devices.remove(device_id);
    }
    state.tokens.retain(|_, session| session.user_id != requester.user_id || session.device_id != device_id);
    Answer::empty()
}

impl State {
    fn manages_devices(&self, requester: &Requester) -> bool {
        let of = |id: &String| self.appservices.iter().find(|hosted| hosted.registration.id == *id);
        requester
            .appservice_id
            .as_ref()
            .and_then(of)
            .is_some_and(|hosted| hosted.registration.manages_devices || !self.profile.devices_need_msc4190)
    }

    fn check_appservice_name(&self, localpart: &str) -> Result<String, Failure> {
        if self.profile.lower_case_localparts_only {
            self.check_new_name(localpart)
        } else {
            self.check_unused(localpart)
        }
    }

    fn check_new_name(&self, localpart: &str) -> Result<String, Failure> {
        let fits = |letter: char| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || "=._-/+".contains(letter)
        };
        if localpart.is_empty() || !localpart.chars().all(fits) {
            return Err(Failure::new(
                400,
                "M_INVALID_USERNAME",
                "User ID can only contain characters a-z, 0-9, or '=_-./+'",
            ));
        }
        self.check_unused(localpart)
    }

    fn check_unused(&self, localpart: &str) -> Result<String, Failure> {
        let user_id = self.user_id(localpart);
        let account = self.accounts.get(&user_id);
        if account.is_some_and(|account| account.is_implicit && !account.profile.is_empty()) {
            // Seen on Synapse: the profile of a sender that was never registered is in the way.
            return Err(Failure::new(500, "M_UNKNOWN", "Internal server error"));
        }
        if account.is_some_and(|account| !account.is_implicit) {
            return Err(Failure::new(400, "M_USER_IN_USE", "User ID already taken."));
        }
        Ok(user_id)
    }

    /// The account of somebody who acts; made if they act without having been registered.
    pub(crate) fn acting_account(&mut self, user_id: &str) -> &mut Account {
        let implicit = || Account { is_implicit: true, ..Account::default() };
        self.accounts.entry(user_id.to_owned()).or_insert_with(implicit)
    }

    /// Makes an appservice's sender account, if this server does so by itself.
    pub(crate) fn add_sender(&mut self, sender: String) {
        if self.profile.creates_sender {
            self.accounts.insert(sender, Account::default());
        }
    }

    /// Adds an account with the display name that this server gives by itself.
    pub(crate) fn add_account(&mut self, user_id: &str, mut account: Account, is_appservice: bool) {
        let localpart = user_id.trim_start_matches('@').split(':').next().unwrap_or_default();
        if self.profile.display_name_is_localpart {
            account.profile.insert("displayname".to_owned(), json!(localpart));
        } else if !is_appservice {
            let name = format!("{localpart}{}", self.profile.new_user_suffix);
            account.profile.insert("displayname".to_owned(), json!(name));
        }
        self.accounts.insert(user_id.to_owned(), account);
    }

    /// Makes a device and a token; answers what `/login` answers.
    fn open_session(&mut self, user_id: &str, body: &Value) -> Value {
        if body["inhibit_login"] == true {
            return json!({ "user_id": user_id, "home_server": self.server_name });
        }
        let device_id =
            body["device_id"].as_str().map_or_else(|| random_name("D").to_uppercase(), str::to_owned);
        let name = body["initial_device_display_name"].as_str().map(str::to_owned);
        if let Some(account) = self.accounts.get_mut(user_id) {
            account.devices.insert(device_id.clone(), name);
        }
        let token = random_name("syt_");
        let session = Session { user_id: user_id.to_owned(), device_id: device_id.clone() };
        self.tokens.insert(token.clone(), session);
        json!({
            "user_id": user_id, "access_token": token, "device_id": device_id, "home_server": self.server_name,
        })
    }
}
