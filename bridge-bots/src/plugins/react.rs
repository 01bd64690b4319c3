//! The bot `react`: answers messages that fit a pattern with a reaction or a reply.

mod config;
mod rate;

use std::sync::Mutex;
use std::sync::PoisonError;

use regex::RegexSet;

use crate::plugin::{Descriptor, Event, Kind, Plugin, PluginContext, PluginError};
use config::{Config, Rule};
use rate::Rate;

/// A rule with its patterns read.
#[derive(Debug)]
struct Compiled {
    rule: Rule,
    matches: RegexSet,
    not_matches: RegexSet,
}

impl Compiled {
    fn fits(&self, event: &Event) -> bool {
        let Rule { rooms, not_rooms, .. } = &self.rule;
        let in_room =
            (rooms.is_empty() || rooms.contains(&event.room_id)) && !not_rooms.contains(&event.room_id);
        in_room && self.matches.is_match(event.body()) && !self.not_matches.is_match(event.body())
    }
}

/// The bot.
#[derive(Debug)]
pub struct React {
    rules: Vec<Compiled>,
    rate: Mutex<Rate>,
}

impl Plugin for React {
    type Config = Config;

    fn descriptor() -> Descriptor {
        Descriptor::new("react", "1.0.0", "Answers messages that fit a pattern with a reaction or a reply.")
            .wants(Kind::Message)
            .field("default_flags", "What holds for all patterns: ignorecase, multiline, dotall.")
            .field("antispam", "How often it may answer: `max` times in `delay` seconds, per room and per user.")
            .field(
                "rules",
                "By name: `matches` and `not_matches` (patterns), `rooms` and `not_rooms`, and `react` or `reply`. The first \
                 rule that fits counts.",
            )
    }

    async fn start(config: Config, _context: &PluginContext) -> Result<Self, PluginError> {
        let mut rules = Vec::new();
        for (name, rule) in &config.rules {
            let compiled = |field: &str, patterns: &[String]| {
                config
                    .set_of(patterns)
                    .map_err(|_| PluginError::Fault(format!("rules.{name}.{field} is no pattern")))
            };
            rules.push(Compiled {
                matches: compiled("matches", &rule.matches)?,
                not_matches: compiled("not_matches", &rule.not_matches)?,
                rule: rule.clone(),
            });
        }
        Ok(Self { rules, rate: Mutex::new(Rate::new(&config.antispam)) })
    }

    async fn on_event(&self, event: &Event, context: &PluginContext) -> Result<(), PluginError> {
        let Some(found) = self.rules.iter().find(|rule| rule.fits(event)) else { return Ok(()) };
        // By the time of acceptance: a repeat is decided as the first try was.
        let is_allowed = self.rate.lock().unwrap_or_else(PoisonError::into_inner).allows(event);
        if !is_allowed {
            return Ok(());
        }
        if let Some(key) = &found.rule.react {
            context.react(event, key).await?;
        }
        if let Some(text) = &found.rule.reply {
            context.reply(event, text).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
