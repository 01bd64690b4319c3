//! What a session has received so far.
use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::Event;

/// An invitation.
#[derive(Debug, Clone)]
pub struct Invite {
    /// The room.
    pub room_id: String,
    /// Who invited; empty if the server did not say.
    pub sender: String,
    /// The room's name, if the server shows it.
    pub name: Option<String>,
    /// Whether it is meant as a direct chat.
    pub is_direct: bool,
    /// The stripped state that came with it.
    pub state: Vec<Value>,
}

/// How far somebody has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The room.
    pub room_id: String,
    /// The event read up to.
    pub event_id: String,
    /// `m.read` or `m.read.private`.
    pub kind: String,
    /// Who read.
    pub user_id: String,
}

/// Everything a session has received.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) events: Vec<Event>,
    known: HashSet<String>,
    pub(crate) invites: Vec<Invite>,
    pub(crate) receipts: Vec<Receipt>,
    /// Who was typing, each time that changed.
    pub(crate) typing: Vec<(String, Vec<String>)>,
    pub(crate) left: HashSet<String>,
    pub(crate) account_data: HashMap<String, Value>,
}

impl Seen {
    /// Takes in an answer of `/sync`.
    pub(crate) fn take(&mut self, user_id: &str, answer: &Value) {
        for (room_id, room) in members(&answer["rooms"]["join"]) {
            self.left.remove(room_id);
            self.take_room(room_id, room);
        }
        for (room_id, room) in members(&answer["rooms"]["leave"]) {
            self.left.insert(room_id.clone());
            self.take_room(room_id, room);
        }
        for (room_id, room) in members(&answer["rooms"]["invite"]) {
            self.take_invite(user_id, room_id, list(&room["invite_state"]["events"]));
        }
        for event in list(&answer["account_data"]["events"]) {
            let kind = event["type"].as_str().unwrap_or_default().to_owned();
            self.account_data.insert(kind, event["content"].clone());
        }
    }

    /// Events of one room, state that came beside the timeline included, in the order received.
    pub(crate) fn of_room<'a>(&'a self, room_id: &'a str) -> impl DoubleEndedIterator<Item = &'a Event> {
        self.events.iter().filter(move |event| event.room_id == room_id)
    }

    fn take_room(&mut self, room_id: &str, room: &Value) {
        for event in list(&room["state"]["events"]).iter().chain(list(&room["timeline"]["events"])) {
            let event = Event::read(room_id, event);
            if self.known.insert(event.event_id.clone()) {
                self.events.push(event);
            }
        }
        for event in list(&room["ephemeral"]["events"]) {
            match event["type"].as_str() {
                Some("m.typing") => {
                    let users = list(&event["content"]["user_ids"]).iter();
                    let users = users.filter_map(Value::as_str).map(str::to_owned).collect();
                    self.typing.push((room_id.to_owned(), users));
                }
                Some("m.receipt") => self.take_receipts(room_id, &event["content"]),
                _ => {}
            }
        }
    }

    fn take_receipts(&mut self, room_id: &str, content: &Value) {
        for (event_id, kinds) in members(content) {
            for (kind, users) in members(kinds) {
                for (user_id, _) in members(users) {
                    let (room_id, event_id) = (room_id.to_owned(), event_id.clone());
                    let (kind, user_id) = (kind.clone(), user_id.clone());
                    self.receipts.push(Receipt { room_id, event_id, kind, user_id });
                }
            }
        }
    }

    fn take_invite(&mut self, user_id: &str, room_id: &str, state: &[Value]) {
        let own =
            state.iter().find(|event| event["type"] == "m.room.member" && event["state_key"] == user_id);
        let name = state.iter().find(|event| event["type"] == "m.room.name");
        self.invites.push(Invite {
            room_id: room_id.to_owned(),
            sender: own.and_then(|event| event["sender"].as_str()).unwrap_or_default().to_owned(),
            name: name.and_then(|event| event["content"]["name"].as_str()).map(str::to_owned),
            is_direct: own.is_some_and(|event| event["content"]["is_direct"] == true),
            state: state.to_vec(),
        });
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
