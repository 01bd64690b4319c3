//! Everything that both sides show of a chat, in words that do not differ from one run to the next.
use std::collections::HashMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::{Map, Value, json};
use testkit::user::Event;

use super::chat::Chat;
use crate::{Result, World};

/// State that is the room's own business, or differs from run to run by its nature.
const LEFT_OUT: [&str; 2] = ["m.room.create", "m.room.history_visibility"];

impl Chat {
    /// What there is now.
    pub(super) async fn transcript(&self, world: &World) -> Result<Value> {
        let events = world.admin.messages(&self.room).await?;
        let timeline: Vec<Value> =
            events.iter().filter(|event| event.state_key.is_none()).map(told).collect();
        let mut state = Map::new();
        for event in world.admin.all_state(&self.room).await? {
            if !LEFT_OUT.contains(&event.kind.as_str()) {
                let key = format!("{} {}", event.kind, event.state_key.as_deref().unwrap_or_default());
                state.insert(key, event.content);
            }
        }
        let info = world.slack.channel(&self.channel, "alice")?;
        let mut slack = world.slack.snapshot(&self.channel)?;
        sort(&mut slack["members"]);
        let profile = world.admin.profile(&world.ghost_id(&self.person)).await.unwrap_or_default();
        let whole = json!({
            "timeline": timeline, "state": state, "profile": profile, "slack": slack,
            "topic": info["topic"]["value"], "name": info["name"], "archived": info["is_archived"],
        });
        let ids = events.iter().filter(|event| event.state_key.is_none()).map(|event| event.event_id.clone());
        Ok(serde_json::from_str(&self.plain(world, &whole, ids.collect()))?)
    }

    /// Puts names in the place of ids and times.
    fn plain(&self, world: &World, whole: &Value, event_ids: Vec<String>) -> String {
        let mut text = whole.to_string();
        let own = [
            (localpart(world.admin.user_id()).to_owned(), "admin"),
            (world.appservice.bot.clone(), "bot"),
            (world.appservice.user_prefix.clone(), "ghost_"),
            (self.channel.clone(), "CHANNEL"),
            (self.channel.to_lowercase(), "CHANNEL"),
            (self.room.clone(), "!ROOM"),
            (self.person.clone(), "PERSON"),
            (self.person.to_lowercase(), "PERSON"),
            (self.person_name.clone(), "person"),
            (self.person_name.replace("person-", "Person "), "Person"),
            (self.name.clone(), "channel"),
        ];
        for (id, name) in own.iter().filter(|(id, _)| !id.is_empty()) {
            text = text.replace(id, name);
        }
        let events = numbered(event_ids);
        let stamps = world.slack.messages(&self.channel);
        let stamps = numbered(stamps.iter().filter_map(|it| Some(it["ts"].as_str()?.to_owned())).collect());
        let named = |known: &HashMap<String, usize>, found: &str, what: &str| {
            known
                .get(found)
                .map_or_else(|| format!("<another {what}>"), |number| format!("<{what} {number}>"))
        };
        let text = EVENT.replace_all(&text, |found: &Captures<'_>| named(&events, &found[0], "event"));
        let text = STAMP.replace_all(&text, |found: &Captures<'_>| named(&stamps, &found[0], "message"));
        let text = FILE.replace_all(&text, "<file>");
        TIME.replace_all(&text, "$1<time>").into_owned()
    }
}

static EVENT: LazyLock<Regex> = LazyLock::new(|| regex(r"\$[A-Za-z0-9_-]{8,}(:[a-z0-9.:]+)?"));
static STAMP: LazyLock<Regex> = LazyLock::new(|| regex(r"\b[0-9]{10}\.[0-9]{6}\b"));
static FILE: LazyLock<Regex> = LazyLock::new(|| regex(r#"mxc://[^"\\)\s]+|\bF0[A-Z0-9]{8,}\b"#));
/// Milliseconds, and the time in a permalink.
static TIME: LazyLock<Regex> = LazyLock::new(|| regex(r"(\b|/p)[0-9]{13,16}\b"));

/// The part of a user id that differs from world to world.
fn localpart(user_id: &str) -> &str {
    user_id.trim_start_matches('@').split(':').next().unwrap_or_default()
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of our own")
}

fn numbered(ids: Vec<String>) -> HashMap<String, usize> {
    ids.into_iter().enumerate().map(|(number, id)| (id, number)).collect()
}

fn told(event: &Event) -> Value {
    json!({
        "type": event.kind, "sender": event.sender, "content": event.content,
        "redacted": event.is_redacted(), "redacts": event.redacts(),
    })
}

fn sort(list: &mut Value) {
    if let Some(list) = list.as_array_mut() {
        list.sort_by_key(ToString::to_string);
    }
}

/// Where two transcripts differ first, in a line.
pub(super) fn difference(expected: &Value, found: &Value) -> Option<String> {
    fn walk(path: &str, expected: &Value, found: &Value) -> Option<String> {
        match (expected, found) {
            (Value::Object(left), Value::Object(right)) => {
                let keys = left.keys().chain(right.keys().filter(|key| !left.contains_key(*key)));
                let null = Value::Null;
                let pair = |key: &String| {
                    let (left, right) = (left.get(key).unwrap_or(&null), right.get(key).unwrap_or(&null));
                    walk(&format!("{path}/{key}"), left, right)
                };
                keys.into_iter().find_map(pair)
            }
            (Value::Array(left), Value::Array(right)) => {
                let walked = left.iter().zip(right).enumerate();
                let mut walked =
                    walked.filter_map(|(at, (left, right))| walk(&format!("{path}/{at}"), left, right));
                walked.next().or_else(|| {
                    let at = left.len().min(right.len());
                    (left.len() != right.len()).then(|| {
                        let (left, right) =
                            (left.get(at).unwrap_or(&Value::Null), right.get(at).unwrap_or(&Value::Null));
                        format!("{path}/{at}: expected {left}, found {right}")
                    })
                })
            }
            _ => (expected != found).then(|| format!("{path}: expected {expected}, found {found}")),
        }
    }
    walk("", expected, found)
}
