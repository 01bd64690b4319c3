//! The config of `sna.instagram`: that of the library, checked for the host.

use bot_instagram::config::Config;
use ruma::RoomId;

use crate::plugin::{PluginConfig, Problem};

impl PluginConfig for Config {
    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (at, room_id) in self.room_subscriptions.iter().enumerate() {
            if <&RoomId>::try_from(room_id.as_str()).is_err() {
                let text = "is no room's id. Write one such as !abc:example.org, not an alias or a name.";
                problems.push(Problem::new(format!("room_subscriptions[{at}]"), text));
            }
        }
        // The library's own check, which takes the settings.
        if let Err(sentences) = Config::check(self.clone()) {
            problems.extend(sentences.iter().map(|sentence| problem(sentence)));
        }
        problems
    }
}

/// The library's sentences begin with the key.
fn problem(sentence: &str) -> Problem {
    match sentence.split_once(": ") {
        Some((field, text)) => Problem::new(field, text),
        None => Problem::new("", sentence),
    }
}
