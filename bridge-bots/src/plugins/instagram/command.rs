//! `!ig`: has links in a room answered or not, and says what Instagram's sources answer.

use bot_instagram::links::{self, Message};

use super::{InstagramBot, rooms};
use crate::plugin::{Event, PluginContext, PluginError};

const HOW: &str = "Write `!ig on`, `!ig off`, `!ig status`, or `!ig probe` with a link to a post.";
const NOT_YOURS: &str =
    "Only people who may change this room's settings can do that (the room's power level `state_default`).";
const NOT_ADMIN: &str = "Only the admins of this bot's host can do that.";

impl InstagramBot {
    /// Carries out what an operator wants. Who signed in as one needs no power level.
    pub(super) async fn act(
        &self,
        action: &str,
        input: &str,
        context: &PluginContext,
    ) -> Result<String, PluginError> {
        match action {
            "probe" => Ok(self.probe(input, context).await),
            wish => self.switch(input, wish, context).await,
        }
    }

    /// Carries a command out and says so. `words` is what stands behind `!ig`.
    pub(super) async fn obey(
        &self,
        event: &Event,
        words: &str,
        context: &PluginContext,
    ) -> Result<(), PluginError> {
        let (first, rest) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
        let answer = match first.to_ascii_lowercase().as_str() {
            wish @ ("on" | "off" | "status") => self.settle(event, wish, context).await?,
            "probe" => self.say_probe(event, rest, context).await,
            _ => HOW.to_owned(),
        };
        context.reply(event, &answer).await.map(drop)
    }

    async fn settle(
        &self,
        event: &Event,
        wish: &str,
        context: &PluginContext,
    ) -> Result<String, PluginError> {
        let room_id = &event.room_id;
        if !context.may_change_room(room_id, &event.sender).await? {
            return Ok(NOT_YOURS.to_owned());
        }
        self.switch(room_id, wish, context).await
    }

    /// Has links in a room answered or not, or neither (`status`). Gives how it is then.
    async fn switch(
        &self,
        room_id: &str,
        wish: &str,
        context: &PluginContext,
    ) -> Result<String, PluginError> {
        if wish != "status" {
            rooms::subscribe(room_id, wish == "on", context).await?;
        }
        let state = if !self.is_subscribed(room_id, context).await? {
            "are not answered in this room. `!ig on` changes that."
        } else if self.site.config().enabled {
            "are answered in this room. `!ig off` ends that."
        } else {
            "are wanted in this room, but the bot's config switches all answers off (`enabled`)."
        };
        Ok(format!("Links to Instagram {state}"))
    }

    async fn say_probe(&self, event: &Event, words: &str, context: &PluginContext) -> String {
        if !context.is_admin(&event.sender) {
            return NOT_ADMIN.to_owned();
        }
        self.probe(words, context).await
    }

    async fn probe(&self, words: &str, context: &PluginContext) -> String {
        let Some(link) = links::find(Message { plain: words, html: None }, 1).pop() else {
            return "That is no link to a post on Instagram, such as https://www.instagram.com/p/CODE/."
                .to_owned();
        };
        let probe = self.site.probe(&link).await;
        self.counts.tell(context.instance(), &self.site);
        probe.words().join("\n")
    }
}
