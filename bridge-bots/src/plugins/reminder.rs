//! The bot `reminder`: `!remind 10m text` says the text again, then.

mod time;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::plugin::{Descriptor, Event, Plugin, PluginConfig, PluginContext, PluginError, Problem, Timer};

/// The longest text, in characters.
const LONGEST_TEXT: usize = 1_000;
const HOW: &str =
    "Write `!remind 10m tea` (s, m, h, d, w, also 1h30m), `!remind list`, or `!remind cancel ID`.";

/// The config.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How many reminders a room may have waiting.
    pub most_per_room: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { most_per_room: 100 }
    }
}

impl PluginConfig for Config {
    fn check(&self) -> Vec<Problem> {
        if (1..=10_000).contains(&self.most_per_room) {
            return Vec::new();
        }
        vec![Problem::new("most_per_room", "has to be from 1 to 10000.")]
    }
}

/// What a timer holds.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    sender: String,
    text: String,
}

/// The bot.
#[derive(Debug)]
pub struct Reminder(Config);

impl Plugin for Reminder {
    type Config = Config;

    fn descriptor() -> Descriptor {
        Descriptor::new("reminder", "1.0.0", "Says something again at a later time.")
            .command("remind", "10m text | list | cancel ID", "Reminds you of the text after that time.")
            .field("most_per_room", "How many reminders a room may have waiting.")
            .keeps()
    }

    async fn start(config: Config, _context: &PluginContext) -> Result<Self, PluginError> {
        Ok(Self(config))
    }

    async fn on_event(&self, event: &Event, context: &PluginContext) -> Result<(), PluginError> {
        let Some(words) = event.asks("remind") else { return Ok(()) };
        let (first, rest) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
        let answer = match first {
            "list" => list(event, context).await?,
            "cancel" => cancel(event, rest.trim(), context).await?,
            _ => self.remind(event, first, rest.trim(), context).await?,
        };
        context.reply(event, &answer).await.map(drop)
    }

    async fn on_timer(&self, timer: &Timer, context: &PluginContext) -> Result<(), PluginError> {
        let note: Note = serde_json::from_str(&timer.payload)
            .map_err(|error| PluginError::Fault(format!("a reminder could not be read: {error}")))?;
        // A message, not a notice: those notify nobody.
        let message = json!({
            "msgtype": "m.text",
            "body": format!("⏰ {}: {}", note.sender, note.text),
            "m.mentions": { "user_ids": [note.sender] },
            "m.relates_to": { "m.in_reply_to": { "event_id": timer.name } },
        });
        context.send(&timer.room_id, "m.room.message", message).await.map(drop)
    }
}

impl Reminder {
    async fn remind(
        &self,
        event: &Event,
        after: &str,
        text: &str,
        context: &PluginContext,
    ) -> Result<String, PluginError> {
        let after = match time::read(after) {
            Ok(after) => after,
            Err(why) => return Ok(format!("{why} {HOW}")),
        };
        if text.is_empty() || text.chars().count() > LONGEST_TEXT {
            return Ok(format!("The text has to have 1 to {LONGEST_TEXT} characters. {HOW}"));
        }
        let timers = context.timers().await?;
        let waiting = timers.iter().filter(|timer| timer.room_id == event.room_id && timer.name != event.id);
        if waiting.count() >= self.0.most_per_room {
            return Ok("Too many reminders wait in this room already.".to_owned());
        }
        let note = Note { sender: event.sender.clone(), text: text.to_owned() };
        let timer = Timer {
            name: event.id.clone(),
            room_id: event.room_id.clone(),
            // From when it was written, whenever it is worked on.
            due_at: event.happened_at().saturating_add(after),
            payload: serde_json::to_string(&note).map_err(|error| PluginError::Fault(error.to_string()))?,
        };
        context.set_timer(&timer).await?;
        Ok(format!("I will remind you at {} ({}).", time::shown(timer.due_at), id(&timer)))
    }
}

/// A reminder's id for people: made from the message that asked for it.
fn id(timer: &Timer) -> String {
    let digest = Sha256::digest(timer.name.as_bytes());
    format!("{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2])
}

/// The sender's reminders in the room, the next first.
async fn own(event: &Event, context: &PluginContext) -> Result<Vec<(Timer, Note)>, PluginError> {
    let timers = context.timers().await?.into_iter().filter(|timer| timer.room_id == event.room_id);
    let read = timers.filter_map(|timer| Some((serde_json::from_str::<Note>(&timer.payload).ok()?, timer)));
    Ok(read.filter(|(note, _)| note.sender == event.sender).map(|(note, timer)| (timer, note)).collect())
}

async fn list(event: &Event, context: &PluginContext) -> Result<String, PluginError> {
    let own = own(event, context).await?;
    if own.is_empty() {
        return Ok("You have no reminders here.".to_owned());
    }
    let line =
        |(timer, note): &(Timer, Note)| format!("{} {}: {}", id(timer), time::shown(timer.due_at), note.text);
    Ok(own.iter().map(line).collect::<Vec<_>>().join("\n"))
}

async fn cancel(event: &Event, wanted: &str, context: &PluginContext) -> Result<String, PluginError> {
    for (timer, _) in own(event, context).await? {
        if id(&timer).eq_ignore_ascii_case(wanted) {
            context.cancel_timer(&timer.name).await?;
            return Ok(format!("The reminder {} is cancelled.", id(&timer)));
        }
    }
    Ok("You have no such reminder here any more. `!remind list` shows those that you have.".to_owned())
}

#[cfg(test)]
mod tests;
