//! A bot of one's own: greets whoever writes `!hello`, in a program that has the host's other bots, too.

use std::process::ExitCode;

use bridge_bots::Plugins;
use bridge_bots::plugin::{Descriptor, Event, Plugin, PluginConfig, PluginContext, PluginError, Problem};
use serde::{Deserialize, Serialize};

/// What stands for the name in the greeting.
const NAME: &str = "{name}";

fn main() -> ExitCode {
    bridge_bots::main_with(Plugins::built_in().with::<Hello>())
}

/// What an instance is told in its config. What is left out has its default, and a key that is not here is refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Config {
    greeting: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { greeting: format!("Hello, {NAME}!") }
    }
}

impl PluginConfig for Config {
    fn check(&self) -> Vec<Problem> {
        if self.greeting.trim().is_empty() {
            return vec![Problem::new("greeting", "is empty; write what the bot is to say.")];
        }
        Vec::new()
    }
}

/// The bot: one of these is made for each instance, and again whenever its config changes.
struct Hello(Config);

impl Plugin for Hello {
    type Config = Config;

    /// The plugin's id, by which instances name it, is this package's name.
    fn descriptor() -> Descriptor {
        Descriptor::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), "Greets whoever asks for it.")
            .command("hello", "", "Says hello to you.")
            .field("greeting", "What is said; {name} stands for your name.")
    }

    async fn start(config: Config, _context: &PluginContext) -> Result<Self, PluginError> {
        Ok(Self(config))
    }

    async fn on_event(&self, event: &Event, context: &PluginContext) -> Result<(), PluginError> {
        let name = event.sender.trim_start_matches('@').split(':').next().unwrap_or_default();
        context.reply(event, &self.0.greeting.replace(NAME, name)).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
