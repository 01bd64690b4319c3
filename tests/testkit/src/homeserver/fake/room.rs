//! A room: its timeline, its current state, who is in it.
use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Value, json};

use super::event::Event;
use super::power::PowerLevels;

/// Where somebody has read up to.
#[derive(Debug, Clone)]
pub(crate) struct Receipt {
    pub(crate) user_id: String,
    pub(crate) kind: String,
    pub(crate) event_id: String,
    pub(crate) data: Value,
    pub(crate) position: u64,
}

/// A room.
#[derive(Debug, Clone, Default)]
pub(crate) struct Room {
    pub(crate) room_id: String,
    pub(crate) version: String,
    pub(crate) timeline: Vec<Event>,
    index: HashMap<String, usize>,
    /// Every user's memberships, with the position from which each held.
    memberships: HashMap<String, Vec<(u64, String)>>,
    /// Index into the timeline by type and state key.
    pub(crate) state: BTreeMap<(String, String), usize>,
    pub(crate) typing: BTreeMap<String, u64>,
    pub(crate) typing_position: u64,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) forgotten: HashSet<String>,
    pub(crate) is_published: bool,
}

impl Room {
    pub(crate) fn new(room_id: &str, version: &str) -> Self {
        Self { room_id: room_id.to_owned(), version: version.to_owned(), ..Self::default() }
    }

    pub(crate) fn is_v12(&self) -> bool {
        self.version.parse::<u32>().is_ok_and(|version| version >= 12)
    }

    pub(crate) fn state_event(&self, kind: &str, state_key: &str) -> Option<&Event> {
        let index = self.state.get(&(kind.to_owned(), state_key.to_owned()))?;
        self.timeline.get(*index)
    }

    pub(crate) fn content(&self, kind: &str, state_key: &str) -> Option<&Value> {
        self.state_event(kind, state_key).map(|event| &event.content)
    }

    pub(crate) fn current_state(&self) -> impl Iterator<Item = &Event> {
        self.state.values().filter_map(|index| self.timeline.get(*index))
    }

    /// `join`, `invite`, `leave`, `ban`, `knock`; `leave` for somebody never seen.
    pub(crate) fn membership(&self, user_id: &str) -> &str {
        let content = self.content("m.room.member", user_id);
        content.and_then(|content| content["membership"].as_str()).unwrap_or("leave")
    }

    pub(crate) fn is_joined(&self, user_id: &str) -> bool {
        self.membership(user_id) == "join"
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &Event> {
        self.current_state().filter(|event| event.kind == "m.room.member")
    }

    pub(crate) fn joined(&self) -> impl Iterator<Item = &str> {
        let joined = self.members().filter(|event| event.content["membership"] == "join");
        joined.filter_map(|event| event.state_key.as_deref())
    }

    pub(crate) fn join_rule(&self) -> &str {
        let content = self.content("m.room.join_rules", "");
        content.and_then(|content| content["join_rule"].as_str()).unwrap_or("invite")
    }

    /// Those with unlimited power: nobody before version 12.
    pub(crate) fn creators(&self) -> Vec<String> {
        let (true, Some(create)) = (self.is_v12(), self.state_event("m.room.create", "")) else {
            return vec![];
        };
        let additional = create.content["additional_creators"].as_array().into_iter().flatten();
        let additional = additional.filter_map(Value::as_str).map(str::to_owned);
        std::iter::once(create.sender.clone()).chain(additional).collect()
    }

    pub(crate) fn power(&self) -> PowerLevels<'_> {
        let first = self.state_event("m.room.create", "").map(|create| create.sender.as_str());
        PowerLevels::new(self.content("m.room.power_levels", ""), self.creators(), first)
    }

    pub(crate) fn event(&self, event_id: &str) -> Option<&Event> {
        self.timeline.get(*self.index.get(event_id)?)
    }

    pub(crate) fn event_mut(&mut self, event_id: &str) -> Option<&mut Event> {
        self.timeline.get_mut(*self.index.get(event_id)?)
    }

    /// The events after a position.
    pub(crate) fn since(&self, position: u64) -> &[Event] {
        &self.timeline[self.timeline.partition_point(|event| event.position <= position)..]
    }

    /// Adds an event; a state event becomes the current one.
    pub(crate) fn add(&mut self, event: Event) {
        let index = self.timeline.len();
        if let Some(state_key) = &event.state_key {
            self.state.insert((event.kind.clone(), state_key.clone()), index);
            if event.kind == "m.room.member" {
                let membership = event.content["membership"].as_str().unwrap_or("leave").to_owned();
                self.memberships.entry(state_key.clone()).or_default().push((event.position, membership));
            }
        }
        self.index.insert(event.event_id.clone(), index);
        self.timeline.push(event);
    }

    /// The membership right after the event at this position.
    pub(crate) fn membership_at(&self, user_id: &str, position: u64) -> &str {
        let changes = self.memberships.get(user_id).map_or(&[][..], Vec::as_slice);
        let before = changes.partition_point(|(from, _)| *from <= position);
        before.checked_sub(1).map_or("leave", |last| changes[last].1.as_str())
    }

    /// Whether this user may see an event: members see what was said while they could be there.
    pub(crate) fn may_see(&self, user_id: &str, event: &Event) -> bool {
        if event.state_key.as_deref() == Some(user_id) && event.kind == "m.room.member" {
            return true;
        }
        let visibility = self.content("m.room.history_visibility", "");
        let visibility =
            visibility.and_then(|content| content["history_visibility"].as_str()).unwrap_or("shared");
        let before = self.membership_at(user_id, event.position);
        let changes = self.memberships.get(user_id).into_iter().flatten();
        let later_joined =
            changes.into_iter().any(|(from, membership)| *from > event.position && membership == "join");
        match visibility {
            "world_readable" => true,
            "shared" => before == "join" || later_joined,
            "invited" => before == "join" || (before == "invite" && later_joined),
            _ => before == "join",
        }
    }

    /// What an invited person sees of the room.
    pub(crate) fn stripped_state(&self) -> Vec<Value> {
        const SHOWN: [&str; 8] = [
            "m.room.create",
            "m.room.name",
            "m.room.avatar",
            "m.room.topic",
            "m.room.join_rules",
            "m.room.canonical_alias",
            "m.room.encryption",
            "m.room.member",
        ];
        let shown = self.current_state().filter(|event| {
            SHOWN[..7].contains(&event.kind.as_str()) && event.state_key.as_deref() == Some("")
        });
        shown.map(Event::stripped).collect()
    }

    pub(crate) fn typing_content(&self) -> Value {
        json!({ "user_ids": self.typing.keys().collect::<Vec<_>>() })
    }
}
