//! All that the fake homeserver remembers, behind one lock.
use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::account::Account;
use super::event::{Draft, Event};
use super::fault::Armed;
use super::media::Upload;
use super::observe::{CallRecord, PushedTransaction, SentTxn};
use super::profile::Profile;
use super::queue::Queue;
use super::requester::Requester;
use super::room::Room;
use crate::homeserver::registration::{Registration, matches};

/// Who holds an access token.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) user_id: String,
    pub(crate) device_id: String,
}

/// A registered appservice and what waits for it.
#[derive(Debug)]
pub(crate) struct Hosted {
    pub(crate) registration: Registration,
    pub(crate) queue: Queue,
}

/// Everything.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) profile: Profile,
    pub(crate) server_name: String,
    pub(crate) position: u64,
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) tokens: HashMap<String, Session>,
    pub(crate) appservices: Vec<Hosted>,
    /// The newest counted transaction id; all appservices share the count.
    pub(crate) last_txn: u64,
    pub(crate) rooms: BTreeMap<String, Room>,
    pub(crate) room_of_event: HashMap<String, String>,
    pub(crate) aliases: BTreeMap<String, String>,
    /// Answers by transaction id, forgotten at a restart.
    pub(crate) recent_txns: HashMap<String, Value>,
    /// Event ids by device and transaction id, kept over a restart.
    pub(crate) device_txns: HashMap<String, Value>,
    pub(crate) media: HashMap<String, Upload>,
    pub(crate) faults: Vec<Armed>,
    pub(crate) calls: Vec<CallRecord>,
    /// How many calls before those were forgotten.
    pub(crate) calls_forgotten: usize,
    pub(crate) sent: Vec<SentTxn>,
    pub(crate) transactions: Vec<PushedTransaction>,
    pub(crate) push_down: bool,
    pub(crate) lose_push_answers: u32,
    pub(crate) latency: std::time::Duration,
}

impl State {
    pub(crate) fn new(profile: Profile, server_name: &str) -> Self {
        Self {
            profile,
            server_name: server_name.to_owned(),
            position: 0,
            accounts: BTreeMap::new(),
            tokens: HashMap::new(),
            appservices: vec![],
            last_txn: 0,
            rooms: BTreeMap::new(),
            room_of_event: HashMap::new(),
            aliases: BTreeMap::new(),
            recent_txns: HashMap::new(),
            device_txns: HashMap::new(),
            media: HashMap::new(),
            faults: vec![],
            calls: vec![],
            calls_forgotten: 0,
            sent: vec![],
            transactions: vec![],
            push_down: false,
            lose_push_answers: 0,
            latency: std::time::Duration::ZERO,
        }
    }

    pub(crate) fn user_id(&self, localpart: &str) -> String {
        format!("@{localpart}:{}", self.server_name)
    }

    pub(crate) fn next_position(&mut self) -> u64 {
        self.position += 1;
        self.position
    }

    /// Adds an event to a room, with no check at all, and hands it to whom it concerns. Answers its id.
    pub(crate) fn append(&mut self, room_id: &str, draft: Draft) -> String {
        let position = self.next_position();
        let room = self.rooms.get_mut(room_id).expect("append is called for rooms that exist");
        // The room's id is the hash of its first event from version 12 on.
        let is_first = room.timeline.is_empty() && room.is_v12();
        let event_id = if is_first { room_id.replacen('!', "$", 1) } else { format!("${}", random_hash()) };
        let state_slot = draft.state_key.clone().map(|state_key| (draft.kind.clone(), state_key));
        let is_invite = draft.kind == "m.room.member" && draft.content["membership"] == "invite";
        let decorated = is_invite && self.profile.decorates_invites;
        let old = state_slot.as_ref().and_then(|slot| room.state_event(&slot.0, &slot.1));
        let event = Event {
            event_id: event_id.clone(),
            room_id: room_id.to_owned(),
            at_ms: draft.at_ms.unwrap_or_else(super::now_ms),
            position,
            prev_content: old.map(|old| old.content.clone()),
            replaces: old.map(|old| (old.event_id.clone(), old.sender.clone())),
            invite_state: if decorated { room.stripped_state() } else { vec![] },
            redacted_because: None,
            sender: draft.sender,
            kind: draft.kind,
            state_key: draft.state_key,
            content: draft.content,
            txn: draft.txn,
        };
        // Whose last member leaves is told so: for members, interest is asked before the event takes effect as well.
        let is_member = event.kind == "m.room.member";
        let before = if is_member { self.interested(room_id, &event) } else { vec![] };
        let room = self.rooms.get_mut(room_id).expect("it was there a moment ago");
        room.add(event.clone());
        self.room_of_event.insert(event_id.clone(), room_id.to_owned());
        self.apply_redaction(&event);
        let after = self.interested(room_id, &event);
        for (index, hosted) in self.appservices.iter_mut().enumerate() {
            if before.contains(&index) || after.contains(&index) {
                hosted.queue.push_event(&event_id, position);
            }
        }
        event_id
    }

    /// The event with this id, wherever it is.
    pub(crate) fn event(&self, event_id: &str) -> Option<&Event> {
        self.rooms.get(self.room_of_event.get(event_id)?)?.event(event_id)
    }

    /// Hands an ephemeral event of a room to the appservices with somebody in it.
    pub(crate) fn push_ephemeral(&mut self, room_id: &str, ephemeral: &Value) {
        if !self.profile.pushes_ephemeral {
            return;
        }
        let Some(room) = self.rooms.get(room_id) else { return };
        let joined: Vec<String> = room.joined().map(str::to_owned).collect();
        for hosted in &mut self.appservices {
            let registration = &hosted.registration;
            let concerned = joined.iter().any(|user_id| registration.has_user(user_id, &self.server_name));
            if registration.wants_ephemeral() && concerned {
                hosted.queue.push_ephemeral(ephemeral.clone());
            }
        }
    }

    /// An event as `/members` gives it.
    pub(crate) fn show_bare(&self, event: &Event) -> Value {
        let mut shown = event.for_client("", None);
        if self.profile.legacy_client_keys {
            event.add_legacy_keys(&mut shown);
        }
        shown
    }

    /// An event as `/event`, `/messages` and the like give it.
    pub(crate) fn show(&self, event: &Event, requester: &Requester) -> Value {
        let mut shown = self.show_in_sync(event, requester);
        if self.profile.legacy_client_keys {
            event.add_legacy_keys(&mut shown);
        }
        shown
    }

    /// An event as `/sync` gives it.
    pub(crate) fn show_in_sync(&self, event: &Event, requester: &Requester) -> Value {
        let mut shown = event.for_client(&requester.user_id, requester.device_id.as_deref());
        if let (true, Some(room)) = (self.profile.legacy_client_keys, self.rooms.get(&event.room_id)) {
            shown["unsigned"]["membership"] = json!(room.membership_at(&requester.user_id, event.position));
        }
        shown
    }

    fn interested(&self, room_id: &str, event: &Event) -> Vec<usize> {
        let Some(room) = self.rooms.get(room_id) else { return vec![] };
        let is_interested = |registration: &Registration| {
            let ours = |user_id: &str| registration.has_user(user_id, &self.server_name);
            let is_member_event = event.kind == "m.room.member";
            (is_member_event && event.state_key.as_deref().is_some_and(ours))
                || (self.profile.own_sender_interests && ours(&event.sender))
                || room.joined().any(ours)
                || matches(&registration.namespaces.rooms, room_id)
                || self.aliases_of(room_id).any(|alias| matches(&registration.namespaces.aliases, alias))
        };
        let hosted = self.appservices.iter().enumerate();
        hosted.filter(|(_, hosted)| is_interested(&hosted.registration)).map(|(index, _)| index).collect()
    }

    pub(crate) fn aliases_of(&self, room_id: &str) -> impl Iterator<Item = &str> {
        self.aliases.iter().filter(move |(_, target)| *target == room_id).map(|(alias, _)| alias.as_str())
    }

    fn apply_redaction(&mut self, redaction: &Event) {
        if redaction.kind != "m.room.redaction" {
            return;
        }
        let target_id = redaction.content["redacts"].as_str().unwrap_or_default();
        let because = self.show_bare(redaction);
        let Some(room) = self.rooms.get_mut(&redaction.room_id) else { return };
        if let Some(target) = room.event_mut(target_id) {
            target.prune(because);
        }
    }
}

/// 32 random bytes in the writing of event ids.
pub(crate) fn random_hash() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// A short random name for tokens, devices and media.
pub(crate) fn random_name(prefix: &str) -> String {
    format!("{prefix}{:016x}", rand::random::<u64>())
}

/// Puts the members of one object into another, replacing equal ones.
pub(crate) fn merge(into: &mut Value, from: &Value) {
    let Some(members) = from.as_object() else { return };
    if !into.is_object() {
        *into = json!({});
    }
    for (key, value) in members {
        into[key] = value.clone();
    }
}
