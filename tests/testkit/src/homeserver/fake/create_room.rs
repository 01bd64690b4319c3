//! Making rooms: presets, power levels, creators of version 12.
use serde_json::{Value, json};

use super::call::{Answer, Call, Failure, Outcome, text};
use super::event::Draft;
use super::requester::Requester;
use super::room::Room;
use super::routes::{Handler, Route};
use super::state::{State, merge, random_hash, random_name};

/// The room version of rooms made without one.
pub(crate) const DEFAULT_VERSION: &str = "12";

pub(crate) const ROUTES: &[Route] =
    &[Route::new("POST", "/_matrix/client/v3/createRoom", Handler::Now(create_room))];

/// What is being made.
struct Plan<'a> {
    creator: &'a str,
    body: &'a Value,
    preset: &'a str,
    version: &'a str,
    is_v12: bool,
    invitees: Vec<String>,
}

fn create_room(state: &mut State, call: &Call) -> Outcome {
    let requester = state.requester(call)?;
    let body = call.json()?;
    check_body(&body)?;
    let version = body["room_version"].as_str().unwrap_or(DEFAULT_VERSION);
    let number: u32 = version.parse().ok().filter(|number| (1..=12).contains(number)).ok_or_else(|| {
        Failure::new(400, "M_UNSUPPORTED_ROOM_VERSION", "Your homeserver does not support this room version")
    })?;
    let default = if body["visibility"] == "public" { "public_chat" } else { "private_chat" };
    let invitees =
        body["invite"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    let plan = Plan {
        creator: &requester.user_id,
        body: &body,
        preset: body["preset"].as_str().unwrap_or(default),
        version,
        is_v12: number >= 12,
        invitees: invitees.collect(),
    };
    let alias = state.alias_to_make(&plan)?;
    let power_levels = state.first_power_levels(&plan)?;
    let room_id = state.new_room_id(&plan)?;
    let room = Room::new(&room_id, version);
    state.rooms.insert(room_id.clone(), room);
    state.write_first_events(&plan, &room_id, &power_levels, alias.as_deref());
    if let Err(failure) = state.write_rest(&requester, &plan, &room_id) {
        state.rooms.remove(&room_id);
        return Err(failure);
    }
    if body["visibility"] == "public"
        && state.profile.allows_publishing
        && let Some(room) = state.rooms.get_mut(&room_id)
    {
        room.is_published = true;
    }
    Answer::ok(json!({ "room_id": room_id }))
}

fn check_body(body: &Value) -> Result<(), Failure> {
    let version = &body["room_version"];
    if !version.is_null() && !version.is_string() {
        return Err(Failure::bad("room_version must be a string"));
    }
    let known = ["private_chat", "public_chat", "trusted_private_chat"];
    if body["preset"].as_str().is_some_and(|preset| !known.contains(&preset)) {
        return Err(Failure::bad("Unknown preset"));
    }
    let mut invitees = body["invite"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(odd) = invitees.find(|invitee| !invitee.starts_with('@') || !invitee.contains(':')) {
        return Err(Failure::new(400, "M_UNKNOWN", format!("Invalid user id: {odd}")));
    }
    Ok(())
}

impl State {
    fn alias_to_make(&self, plan: &Plan<'_>) -> Result<Option<String>, Failure> {
        let Some(name) = plan.body["room_alias_name"].as_str() else { return Ok(None) };
        let alias = format!("#{name}:{}", self.server_name);
        if self.aliases.contains_key(&alias) {
            return Err(Failure::new(400, "M_ROOM_IN_USE", "Room alias already taken"));
        }
        self.check_alias_owner(&alias, plan.creator)?;
        Ok(Some(alias))
    }

    fn new_room_id(&self, plan: &Plan<'_>) -> Result<String, Failure> {
        let wanted = plan.body["fi.mau.room_id"].as_str().or(plan.body["room_id"].as_str());
        match wanted.filter(|_| self.profile.honours_room_id) {
            Some(_) if plan.is_v12 => {
                Err(Failure::new(500, "M_UNKNOWN", "The room id does not hash to the create event"))
            }
            Some(room_id) if self.rooms.contains_key(room_id) => {
                Err(Failure::new(400, "M_ROOM_IN_USE", "Room already exists"))
            }
            Some(room_id) => Ok(room_id.to_owned()),
            None if plan.is_v12 => Ok(format!("!{}", random_hash())),
            None => Ok(format!("!{}:{}", random_name("r"), self.server_name)),
        }
    }

    fn first_power_levels(&self, plan: &Plan<'_>) -> Result<Value, Failure> {
        let top = if plan.is_v12 { 150 } else { 100 };
        let mut levels = json!({ "users": {}, "events": {
            "m.room.name": 50, "m.room.power_levels": 100, "m.room.history_visibility": 100,
            "m.room.canonical_alias": 50, "m.room.avatar": 50, "m.room.tombstone": top,
            "m.room.server_acl": 100, "m.room.encryption": 100,
        } });
        if !plan.is_v12 {
            levels["users"][plan.creator] = json!(100);
            for user_id in plan.invitees.iter().filter(|_| plan.preset == "trusted_private_chat") {
                levels["users"][user_id] = json!(100);
            }
        }
        if self.profile.spells_out_power_levels {
            let invite = if plan.preset == "public_chat" { 50 } else { 0 };
            let all = json!({
                "users_default": 0, "events_default": 0, "state_default": 50, "ban": 50, "kick": 50, "redact": 50,
                "invite": invite, "historical": 100,
            });
            merge(&mut levels, &all);
            if plan.preset == "public_chat" {
                levels["events"]["m.call.invite"] = json!(50);
            }
        }
        let mut wanted = plan.body["power_level_content_override"].clone();
        let names_creator = wanted["users"].get(plan.creator).is_some();
        if plan.is_v12 && names_creator {
            if self.profile.refuses_creator_in_power_levels {
                let error = format!("Creator user {} must not appear in content.users", plan.creator);
                return Err(Failure::new(400, "M_UNKNOWN", error));
            }
            if let Some(users) = wanted["users"].as_object_mut() {
                users.remove(plan.creator);
            }
        }
        if !plan.is_v12
            && wanted["users"].is_object()
            && !names_creator
            && self.profile.refuses_creator_in_power_levels
        {
            let error =
                format!("Not a valid power_level_content_override: 'users' did not contain {}", plan.creator);
            return Err(Failure::new(400, "M_UNKNOWN", error));
        }
        merge(&mut levels, &wanted);
        Ok(levels)
    }

    fn write_first_events(
        &mut self,
        plan: &Plan<'_>,
        room_id: &str,
        power_levels: &Value,
        alias: Option<&str>,
    ) {
        let mut create = plan.body["creation_content"].clone();
        merge(&mut create, &json!({ "room_version": plan.version }));
        if plan.version.parse::<u32>().is_ok_and(|version| version < 11) {
            create["creator"] = json!(plan.creator);
        }
        let raises = plan.preset == "trusted_private_chat" && self.profile.trusted_chat_raises_invitees;
        if plan.is_v12 && raises && !plan.invitees.is_empty() {
            create["additional_creators"] = json!(plan.invitees);
        }
        self.put(plan, room_id, "m.room.create", "", create);
        let mut member = self.member_profile(plan.creator);
        member["membership"] = json!("join");
        self.put(plan, room_id, "m.room.member", plan.creator, member);
        let initial = plan.body["initial_state"].as_array().into_iter().flatten();
        let own_levels = initial.into_iter().find(|event| event["type"] == "m.room.power_levels");
        let levels = own_levels.map_or(power_levels, |event| &event["content"]);
        self.put(plan, room_id, "m.room.power_levels", "", levels.clone());
        if let Some(alias) = alias {
            self.aliases.insert(alias.to_owned(), room_id.to_owned());
            self.put(plan, room_id, "m.room.canonical_alias", "", json!({ "alias": alias }));
        }
        let is_public = plan.preset == "public_chat";
        let has = |kind: &str| {
            let initial = plan.body["initial_state"].as_array().into_iter().flatten();
            initial.into_iter().any(|event| event["type"] == kind)
        };
        if !has("m.room.join_rules") {
            let rule = if is_public { "public" } else { "invite" };
            self.put(plan, room_id, "m.room.join_rules", "", json!({ "join_rule": rule }));
        }
        if !has("m.room.history_visibility") {
            let visibility = json!({ "history_visibility": "shared" });
            self.put(plan, room_id, "m.room.history_visibility", "", visibility);
        }
        if !is_public && !has("m.room.guest_access") {
            self.put(plan, room_id, "m.room.guest_access", "", json!({ "guest_access": "can_join" }));
        }
    }

    fn write_rest(&mut self, requester: &Requester, plan: &Plan<'_>, room_id: &str) -> Result<(), Failure> {
        for event in plan.body["initial_state"].as_array().into_iter().flatten() {
            let kind = text(event, "type");
            if kind != "m.room.power_levels" {
                self.put(plan, room_id, kind, text(event, "state_key"), event["content"].clone());
            }
        }
        if let Some(name) = plan.body["name"].as_str() {
            self.put(plan, room_id, "m.room.name", "", json!({ "name": name }));
        }
        if let Some(topic) = plan.body["topic"].as_str() {
            let rich = json!({ "m.text": [{ "body": topic }] });
            self.put(plan, room_id, "m.room.topic", "", json!({ "topic": topic, "m.topic": rich }));
        }
        let extra = if plan.body["is_direct"] == true { json!({ "is_direct": true }) } else { json!({}) };
        for invitee in &plan.invitees {
            self.change_membership(requester, invitee, room_id, "invite", &extra)?;
        }
        Ok(())
    }

    fn put(&mut self, plan: &Plan<'_>, room_id: &str, kind: &str, state_key: &str, content: Value) {
        self.append(room_id, Draft::state(plan.creator, kind, state_key, content));
    }
}
