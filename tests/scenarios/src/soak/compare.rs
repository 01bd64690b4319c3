//! Compares what is there with what was said.
use std::collections::{HashMap, HashSet};

use serde_json::Value;
use testkit::user::Event;

use super::act::REACTION;
use super::ledger::{Channel, Form, Ledger, Said};
use super::report::Differences;
use crate::{Result, World};

impl Ledger {
    /// All differences on both sides.
    pub(super) async fn compare(&self, world: &World) -> Result<Differences> {
        let mut found = Differences::default();
        for channel in &self.channels {
            let events = world.admin.messages(&channel.room).await?;
            channel.compare_matrix(world, &events, &mut found);
            channel.compare_room(&self.guest, world, &events, &mut found);
            channel.compare_slack(&world.slack.messages(&channel.id), &mut found);
        }
        Ok(found)
    }
}

/// The word that a text begins with.
fn word(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

/// Whether a word is one that messages of the talk begin with.
fn is_key(word: &str) -> bool {
    word.len() == 7 && word.bytes().skip(1).all(|byte| byte.is_ascii_digit())
}

/// Counts one message, which is shown in these places with these texts.
fn count(channel: &str, said: &Said, places: &[(usize, String)], found: &mut Differences) {
    let wanted = usize::from(!said.is_gone);
    found.count(places.len(), wanted, || format!("{channel}: {} (at {places:?})", said.key));
    if places.len() == wanted && places.iter().any(|(_, text)| *text != said.text) {
        found.lose(|| format!("{channel}: {} reads {:?}, not {:?}", said.key, places[0].1, said.text));
    }
}

fn count_order(channel: &str, order: &[(usize, &str)], found: &mut Differences) {
    for pair in order.windows(2) {
        if pair[0].0 > pair[1].0 {
            found.reorder(|| format!("{channel}: {} stands behind {}", pair[0].1, pair[1].1));
        }
    }
}

/// How often each reaction is there: to which event, whose, which.
type Reactions<'a> = HashMap<(&'a str, &'a str, &'a str), usize>;

fn count_reactions(events: &[Event]) -> Reactions<'_> {
    let mut counts = Reactions::new();
    for event in events.iter().filter(|event| !event.is_redacted()) {
        if let Some((target, key)) = event.reaction() {
            *counts.entry((target, event.sender.as_str(), key)).or_default() += 1;
        }
    }
    counts
}

impl Channel {
    /// What was said on Slack, in the room.
    fn compare_matrix(&self, world: &World, events: &[Event], found: &mut Differences) {
        let mut shown: HashMap<&str, Vec<(usize, &Event)>> = HashMap::new();
        // Clients show the newest change by its time.
        let mut changed: HashMap<&str, (u64, &str)> = HashMap::new();
        for (index, event) in events.iter().enumerate().filter(|(_, event)| !event.is_redacted()) {
            match event.replaces() {
                Some(target) => {
                    let text = event.content["m.new_content"]["body"].as_str().unwrap_or_default();
                    let newest = changed.entry(target).or_default();
                    *newest = (*newest).max((event.at_ms, text));
                }
                None if event.kind == "m.room.message" => {
                    shown.entry(word(event.body())).or_default().push((index, event));
                }
                None => {}
            }
        }
        let keys: HashSet<&str> = self.on_slack.iter().map(|said| said.key.as_str()).collect();
        for event in events.iter().filter(|event| event.kind == "m.room.message" && !event.is_redacted()) {
            let (key, is_ours) = (word(event.body()), event.sender != world.admin.user_id());
            if is_ours && event.replaces().is_none() && is_key(key) && !keys.contains(key) {
                found.count(1, 0, || format!("{}: {key}, which was not said over there,", self.id));
            }
        }
        let gone = self.on_slack.iter().filter(|said| said.is_gone).map(|said| said.key.as_str());
        let gone: HashSet<&str> = gone.collect();
        let reactions = count_reactions(events);
        let mut order = Vec::new();
        for said in &self.on_slack {
            let shown = shown.get(said.key.as_str()).map_or(&[] as &[_], Vec::as_slice);
            let text = |event: &Event| {
                changed.get(event.event_id.as_str()).map_or_else(|| event.body(), |(_, text)| text).to_owned()
            };
            let places: Vec<(usize, String)> =
                shown.iter().map(|(index, event)| (*index, text(event))).collect();
            count(&self.id, said, &places, found);
            let [(index, event)] = shown else { continue };
            order.push((*index, said.key.as_str()));
            let filename = event.content["filename"].as_str();
            if (said.form == Form::File) != filename.is_some_and(|name| name.starts_with(&said.key)) {
                found.lose(|| format!("{}: {} has not its file", self.id, said.key));
            }
            // Where the beginning was deleted before it was shown, an answer stands for itself.
            let is_rootless = said.root.as_ref().is_some_and(|root| gone.contains(root.as_str()));
            if !is_rootless && (said.form == Form::Answer) != event.thread().is_some() {
                found.lose(|| format!("{}: {} is not in its thread", self.id, said.key));
            }
            self.compare_reactions(world, said, event, &reactions, found);
        }
        count_order(&self.id, &order, found);
    }

    /// Who is in the room, and what is pinned there.
    fn compare_room(&self, guest: &str, world: &World, events: &[Event], found: &mut Differences) {
        let ghost = world.ghost_id(guest);
        let last = |kind: &str, key: &str| {
            events.iter().rfind(|event| event.kind == kind && event.state_key.as_deref() == Some(key))
        };
        let is_in = last("m.room.member", &ghost).is_some_and(|event| event.content["membership"] == "join");
        if is_in != self.has_guest {
            found.lose(|| format!("{}: that the guest is in the room is {is_in}", self.id));
        }
        let pinned = last("m.room.pinned_events", "").map(|event| event.content["pinned"].clone());
        let pinned: Vec<String> = pinned.and_then(|ids| serde_json::from_value(ids).ok()).unwrap_or_default();
        let wanted = self.on_slack.iter().filter(|said| said.is_pinned && !said.is_gone);
        let mut wanted: Vec<&str> = wanted.map(|said| said.key.as_str()).collect();
        wanted.sort_unstable();
        let mut there: Vec<&str> = events
            .iter()
            .filter(|event| pinned.contains(&event.event_id))
            .map(|event| word(event.body()))
            .collect();
        there.sort_unstable();
        if there != wanted || pinned.len() != wanted.len() {
            found.lose(|| format!("{}: {pinned:?} is pinned ({there:?}), not {wanted:?}", self.id));
        }
    }

    fn compare_reactions(
        &self,
        world: &World,
        said: &Said,
        target: &Event,
        reactions: &Reactions<'_>,
        found: &mut Differences,
    ) {
        let is_there = |person: &str, key: &str| {
            let ghost = world.ghost_id(&format!("U0{}", person_id(person)));
            reactions.get(&(target.event_id.as_str(), ghost.as_str(), key)).copied().unwrap_or_default()
        };
        for person in ["alice", "bob", "carol"] {
            for (name, key) in [("thumbsup", "👍"), ("tada", "🎉"), ("wave", "👋")] {
                let wanted = usize::from(said.reactions.contains(&(person, name)));
                found.count(is_there(person, key), wanted, || {
                    format!("{}: {person}'s {name} on {}", self.id, said.key)
                });
            }
        }
    }

    /// What was said on Matrix, in the channel.
    fn compare_slack(&self, messages: &[Value], found: &mut Differences) {
        let mut shown: HashMap<&str, Vec<(usize, &Value)>> = HashMap::new();
        let mut answers: HashMap<&str, usize> = HashMap::new();
        let keys: HashSet<&str> = self.on_matrix.iter().map(|said| said.key.as_str()).collect();
        for (index, message) in messages.iter().enumerate() {
            shown.entry(word(text(message))).or_default().push((index, message));
            let key = word(text(message));
            let is_ours = message["bot_id"].is_string();
            if is_ours && is_key(key) && !keys.contains(key) {
                found.count(1, 0, || format!("{}: {key}, which was not said on Matrix,", self.id));
            }
            if let Some(root) = message["thread_ts"].as_str().filter(|root| message["ts"] != *root) {
                *answers.entry(root).or_default() += 1;
            }
        }
        let mut order = Vec::new();
        for said in &self.on_matrix {
            let shown = shown.get(said.key.as_str()).map_or(&[] as &[_], Vec::as_slice);
            let places: Vec<(usize, String)> =
                shown.iter().map(|(index, message)| (*index, text(message).to_owned())).collect();
            count(&self.id, said, &places, found);
            let [(index, message)] = shown else { continue };
            order.push((*index, said.key.as_str()));
            let answers = message["ts"].as_str().and_then(|ts| answers.get(ts)).copied().unwrap_or_default();
            self.compare_shown(said, message, answers, found);
        }
        count_order(&self.id, &order, found);
    }

    /// What hangs on a message: its file, the reaction, and the note in its thread about whose it is.
    fn compare_shown(&self, said: &Said, message: &Value, notes: usize, found: &mut Differences) {
        let wanted = usize::from(said.reaction_event.is_some());
        let reactions = message["reactions"].as_array().into_iter().flatten();
        let reacted = reactions.filter(|reaction| reaction["name"] == REACTION.1).count();
        let files = message["files"].as_array().map_or(0, Vec::len);
        for (what, there, wanted) in [
            ("the reaction", reacted, wanted),
            ("the note about the reaction", notes, wanted),
            ("the file", files, usize::from(said.form == Form::File)),
        ] {
            found.count(there, wanted, || format!("{}: {what} of {}", self.id, said.key));
        }
    }
}

/// What a message says; who says it stands before that where it cannot be posted under their name.
fn text(message: &Value) -> &str {
    let text = message["text"].as_str().unwrap_or_default();
    text.split_once(": ").map_or(text, |(_, said)| said)
}

/// The rest of a seeded person's id.
fn person_id(person: &str) -> &'static str {
    match person {
        "alice" => "ALICE001",
        "bob" => "BOB00001",
        _ => "CAROL001",
    }
}
