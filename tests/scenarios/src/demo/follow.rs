//! Follows both sides and shows what is said and done, until it is cancelled.
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use serde_json::Value;
use testkit::user::Event;

use super::names;
use super::transcript::{Side, Transcript};
use crate::{Result, World};

/// How often both sides are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The workspace's channels.
const CHANNELS: [&str; 3] = ["general", "random", "secret-plans"];

/// What was there at the last look.
#[derive(Default)]
struct Known {
    /// Messages on Slack, by channel and `ts`.
    slack: BTreeMap<(&'static str, String), OnSlack>,
    /// Events on Matrix, with what they did, for the words when one is taken back.
    matrix: HashMap<String, String>,
    invites: HashSet<String>,
}

/// A message on Slack.
#[derive(Clone, PartialEq)]
struct OnSlack {
    author: String,
    text: String,
    /// Who reacted, and with what.
    reactions: Vec<(String, String)>,
}

/// Shows everything new on both sides; accepts the bridge's invitations. Ends only by being dropped, or with the error
/// of a side that is gone.
pub(super) async fn both_sides(world: &World, general: &str, transcript: &Transcript) -> Result<()> {
    let mut known = Known::default();
    let mut looks = tokio::time::interval(LOOK_EVERY);
    // What was said before has been shown.
    look(world, &mut known, None).await?;
    world.admin.seen(general).await?;
    loop {
        looks.tick().await;
        join_invitations(world, &mut known, transcript).await?;
        look(world, &mut known, Some(transcript)).await?;
    }
}

async fn join_invitations(world: &World, known: &mut Known, transcript: &Transcript) -> Result<()> {
    for invite in world.admin.invites().await? {
        if known.invites.insert(invite.room_id.clone())
            && !world.admin.rooms().await?.contains(&invite.room_id)
        {
            world.admin.join(&invite.room_id).await?;
            transcript.say(&format!("You join {}.", invite.name.as_deref().unwrap_or(&invite.room_id)));
        }
    }
    Ok(())
}

/// Takes in what is new, and shows it to whoever looks.
async fn look(world: &World, known: &mut Known, transcript: Option<&Transcript>) -> Result<()> {
    for channel in CHANNELS {
        for (who, text) in look_at_channel(world, known, channel) {
            if let Some(transcript) = transcript {
                transcript.said(Side::Slack, &format!("#{channel}"), &who, &text);
            }
        }
    }
    for room in world.admin.rooms().await? {
        for event in world.admin.seen(&room).await? {
            if known.matrix.contains_key(&event.event_id) {
                continue;
            }
            let done = on_matrix(&event, &known.matrix);
            known.matrix.insert(event.event_id.clone(), done.clone().unwrap_or_default());
            if let (Some(transcript), Some(done)) = (transcript, done) {
                let place = room_name(world, &room).await;
                transcript.said(Side::Matrix, &place, &names::on_matrix(world, &event.sender).await, &done);
            }
        }
    }
    Ok(())
}

/// What happened in a channel since the last look: who did what.
fn look_at_channel(world: &World, known: &mut Known, channel: &'static str) -> Vec<(String, String)> {
    let now: BTreeMap<_, _> = world
        .slack
        .messages(channel)
        .iter()
        .map(|message| {
            let ts = message["ts"].as_str().unwrap_or_default().to_owned();
            ((channel, ts), on_slack(world, message))
        })
        .collect();
    let mut done = Vec::new();
    for (key, message) in &now {
        changes(known.slack.get(key), message, &mut done);
    }
    let before = known.slack.iter().filter(|((place, _), _)| *place == channel);
    for (_, gone) in before.filter(|(key, _)| !now.contains_key(*key)) {
        done.push((gone.author.clone(), taken_back(&gone.text)));
    }
    known.slack.retain(|(place, _), _| *place != channel);
    known.slack.extend(now);
    done
}

fn on_slack(world: &World, message: &Value) -> OnSlack {
    let files = message["files"].as_array().into_iter().flatten();
    let files: Vec<&str> = files.filter_map(|file| file["name"].as_str()).collect();
    let in_thread = message["thread_ts"].as_str().is_some_and(|root| message["ts"] != *root);
    let reactions = message["reactions"].as_array().into_iter().flatten().flat_map(|reaction| {
        let sign = world.slack.shown_reaction(&reaction["name"]);
        let users = reaction["users"].as_array().into_iter().flatten().filter_map(Value::as_str);
        users.map(move |user| (world.slack.shown_name(user), sign.clone())).collect::<Vec<_>>()
    });
    OnSlack {
        author: world.slack.shown_author(message),
        text: sentence(&world.slack.shown_text(message), &files.join(", "), in_thread),
        reactions: reactions.collect(),
    }
}

/// What was done to a message, by whom, in order.
fn changes(before: Option<&OnSlack>, now: &OnSlack, done: &mut Vec<(String, String)>) {
    let reacted = match before {
        None => {
            done.push((now.author.clone(), now.text.clone()));
            &Vec::new()
        }
        Some(before) => {
            if before.text != now.text {
                done.push((now.author.clone(), format!("{} (edited)", now.text)));
            }
            &before.reactions
        }
    };
    for (who, sign) in now.reactions.iter().filter(|reaction| !reacted.contains(reaction)) {
        done.push((who.clone(), format!("reacts with {sign}")));
    }
    for (who, sign) in reacted.iter().filter(|reaction| !now.reactions.contains(reaction)) {
        done.push((who.clone(), format!("takes the reaction {sign} back")));
    }
}

/// What an event does, as it is shown; none for what nobody sees. `known` are those before it.
fn on_matrix(event: &Event, known: &HashMap<String, String>) -> Option<String> {
    if event.is_redacted() {
        return None;
    }
    match event.kind.as_str() {
        "m.room.message" => {
            let new = &event.content["m.new_content"];
            let content = if event.replaces().is_some() && new.is_object() { new } else { &event.content };
            let body = content["body"].as_str().unwrap_or_default();
            let is_file = content["url"].is_string() || content["file"].is_object();
            let name = content["filename"].as_str().or(is_file.then_some(body)).unwrap_or_default();
            let text = if body == name { "" } else { body };
            let shown = sentence(text, name, event.thread().is_some());
            Some(if event.replaces().is_some() { format!("{shown} (edited)") } else { shown })
        }
        "m.reaction" => {
            let (_, key) = event.reaction()?;
            let name = event.content["shortcode"].as_str().filter(|_| key.starts_with("mxc:"));
            Some(format!("reacts with {}", name.map_or_else(|| key.to_owned(), |name| format!(":{name}:"))))
        }
        "m.room.redaction" => {
            let gone = known.get(event.redacts()?).filter(|done| !done.is_empty())?;
            Some(match gone.strip_prefix("reacts with ") {
                Some(sign) => format!("takes the reaction {sign} back"),
                None => taken_back(gone),
            })
        }
        _ => None,
    }
}

/// What is said, with the names of the files that it is said about.
fn sentence(text: &str, files: &str, in_thread: bool) -> String {
    let said = match (files.is_empty(), text.is_empty()) {
        (true, _) => text.to_owned(),
        (false, true) => format!("shares {files}"),
        (false, false) => format!("shares {files}: {text}"),
    };
    if in_thread { format!("{said} (in the thread)") } else { said }
}

fn taken_back(text: &str) -> String {
    format!("takes this back: {text}")
}

async fn room_name(world: &World, room: &str) -> String {
    let name = world.admin.state(room, "m.room.name", "").await.ok();
    let name = name.as_ref().and_then(|content| content["name"].as_str());
    name.map_or_else(|| "direct chat".to_owned(), |name| format!("#{}", name.trim_start_matches('#')))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, content: &Value) -> Event {
        Event {
            event_id: "$3".to_owned(),
            room_id: "!r:hs.test".to_owned(),
            kind: kind.to_owned(),
            sender: "@ada:hs.test".to_owned(),
            state_key: None,
            content: content.clone(),
            at_ms: 0,
            json: json!({ "content": content }),
        }
    }

    #[test]
    fn what_people_do_on_matrix_is_told_in_sentences() {
        let file =
            json!({ "msgtype": "m.file", "body": "have a look", "filename": "a.txt", "url": "mxc://hs/1" });
        let edit = json!({ "body": "* b", "m.new_content": { "body": "b" },
            "m.relates_to": { "rel_type": "m.replace", "event_id": "$1" } });
        let reaction = |key: &str| {
            json!({ "shortcode": "parrot",
            "m.relates_to": { "rel_type": "m.annotation", "event_id": "$1", "key": key } })
        };
        let known = [("$1", "hello"), ("$2", "reacts with 👍")];
        let known = known.map(|(id, done)| (id.to_owned(), done.to_owned())).into();
        for (kind, content, said) in [
            ("m.room.message", json!({ "body": "hello" }), Some("hello")),
            ("m.room.message", file, Some("shares a.txt: have a look")),
            ("m.room.message", json!({ "body": "a.txt", "url": "mxc://hs/1" }), Some("shares a.txt")),
            ("m.room.message", edit, Some("b (edited)")),
            ("m.reaction", reaction("👍"), Some("reacts with 👍")),
            ("m.reaction", reaction("mxc://hs/1"), Some("reacts with :parrot:")),
            ("m.room.redaction", json!({ "redacts": "$1" }), Some("takes this back: hello")),
            ("m.room.redaction", json!({ "redacts": "$2" }), Some("takes the reaction 👍 back")),
            ("m.room.redaction", json!({ "redacts": "$9" }), None),
            ("m.room.topic", json!({ "topic": "x" }), None),
        ] {
            assert_eq!(on_matrix(&event(kind, &content), &known).as_deref(), said);
        }
    }

    #[test]
    fn what_people_do_on_slack_is_told_in_sentences() {
        let message = |text: &str, reactions: &[&str]| OnSlack {
            author: "ada".to_owned(),
            text: text.to_owned(),
            reactions: reactions.iter().map(|sign| ("bob".to_owned(), (*sign).to_owned())).collect(),
        };
        let told = |before: Option<&OnSlack>, now: &OnSlack| {
            let mut done = Vec::new();
            changes(before, now, &mut done);
            done.into_iter().map(|(who, text)| format!("{who} {text}")).collect::<Vec<_>>()
        };
        let first = message("hello", &[]);
        assert_eq!(told(None, &first), ["ada hello"]);
        assert_eq!(told(Some(&first), &message("hi", &["👍"])), ["ada hi (edited)", "bob reacts with 👍"]);
        assert_eq!(
            told(Some(&message("hi", &["👍"])), &message("hi", &[])),
            ["bob takes the reaction 👍 back"]
        );
        assert!(told(Some(&first), &first).is_empty());
    }
}
