//! The bot `hello`: greets whoever writes `!hello`.

use serde::{Deserialize, Serialize};

use crate::plugin::{Descriptor, Event, Plugin, PluginConfig, PluginContext, PluginError, Problem};

/// What stands for the name in the greeting.
const NAME: &str = "{name}";
/// The longest name that is repeated, in characters.
const LONGEST_NAME: usize = 100;

/// The config.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What is said; `{name}` stands for the name.
    pub greeting: String,
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

/// The bot.
#[derive(Debug)]
pub struct Hello(Config);

impl Plugin for Hello {
    type Config = Config;

    fn descriptor() -> Descriptor {
        Descriptor::new("hello", "1.0.0", "Greets whoever asks for it.")
            .command("hello", "[name]", "Says hello to you, or to the name that you write.")
            .field("greeting", "What is said; {name} stands for the name.")
    }

    async fn start(config: Config, _context: &PluginContext) -> Result<Self, PluginError> {
        Ok(Self(config))
    }

    async fn on_event(&self, event: &Event, context: &PluginContext) -> Result<(), PluginError> {
        let Some(words) = event.asks("hello") else { return Ok(()) };
        let name: String = match words {
            "" => event.sender.trim_start_matches('@').split(':').next().unwrap_or_default().to_owned(),
            name => name.chars().take(LONGEST_NAME).collect(),
        };
        context.reply(event, &self.0.greeting.replace(NAME, &name)).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;
    use crate::testing::TestBot;

    #[tokio::test]
    async fn greets_by_the_name_that_is_written_or_the_writers() {
        let mut bot = TestBot::start::<Hello>("").await.unwrap();
        for text in ["!hello Bob", "!HELLO", "hello", "!hellos"] {
            bot.says("@ann:hs.test", text).await.unwrap();
            bot.repeats_last().await.unwrap();
        }
        bot.says(crate::testing::ACCOUNT, "!hello me").await.unwrap();
        assert_eq!(bot.said(), ["Hello, Bob!", "Hello, ann!"]);
    }

    #[tokio::test]
    async fn the_greeting_is_set_and_not_empty() {
        let mut bot = TestBot::start::<Hello>(r#"{"greeting": "Hi {name}"}"#).await.unwrap();
        bot.says("@ann:hs.test", "!hello Bob").await.unwrap();
        assert_eq!(bot.said(), ["Hi Bob"]);
        assert!(
            TestBot::start::<Hello>("greeting: ''")
                .await
                .unwrap_err()
                .to_string()
                .contains("greeting: is empty")
        );
    }
}
