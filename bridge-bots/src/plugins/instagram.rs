//! The bot `sna.instagram`: shows what stands behind links to Instagram, in the rooms that want it.

mod command;
mod config;
mod counts;
mod kept;
mod record;
mod rooms;
mod show;
mod uploads;

use std::time::Duration;

use bot_instagram::config::Config;
use bot_instagram::links::{Link, Message};
use bot_instagram::{Answer, Instagram};
use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::Instant;

use crate::plugin::{Descriptor, Event, Kind, Plugin, PluginContext, PluginError, Takes, Timer};
use counts::Counts;
use record::Record;
use uploads::{Around, Uploads};

/// The command.
const COMMAND: &str = "ig";

/// The bot.
#[derive(Debug)]
pub struct InstagramBot {
    site: Instagram,
    uploads: Uploads,
    counts: Counts,
}

impl Plugin for InstagramBot {
    type Config = Config;

    fn descriptor() -> Descriptor {
        Descriptor::new("sna.instagram", "1.0.0", "Shows what stands behind links to Instagram.")
            .command(
                COMMAND,
                "on | off | status | probe LINK",
                "Has links in this room answered or not; says what Instagram's sources answer.",
            )
            .wants(Kind::Message)
            .wants(Kind::Redaction)
            .action("on", Takes::Room, "Has links in a room answered, from the next message on.")
            .action("off", Takes::Room, "Has links in a room not answered.")
            .action("status", Takes::Room, "Says whether links in a room are answered.")
            .action(
                "probe",
                Takes::Text,
                "Asks each of Instagram's sources for a link, and says what they answer today.",
            )
            .field("enabled", "Whether links are answered at all.")
            .field("max_file_size", "The largest file, in bytes; the homeserver's own limit holds besides.")
            .field(
                "room_subscriptions",
                "The rooms, by id, in which links are answered; `!ig on` adds others.",
            )
            .field("max_links", "How many links of one message are answered.")
            .field("sources", "Which sources are asked, in this order.")
            .field(
                "mirror",
                "The address of a mirror, asked last. Whoever runs it sees which posts you show.",
            )
            .field("limits", "How long sources and files may take, and how large a page may be.")
            .field("graphql", "The ids of the site's own questions, which change now and then.")
            .field("cache", "How many posts are remembered, and for how long.")
            .field("user_agent", "What the bot says it is.")
            .field("endpoints", "Where Instagram is.")
    }

    async fn start(config: Config, context: &PluginContext) -> Result<Self, PluginError> {
        let posts = config.cache.posts;
        let site = Instagram::new(config, context.clock())
            .map_err(|problems| PluginError::Fault(problems.join(" ")))?;
        let uploads = Uploads::start(posts, context).await?;
        Ok(Self { site, uploads, counts: Counts::default() })
    }

    async fn on_event(&self, event: &Event, context: &PluginContext) -> Result<(), PluginError> {
        match event.kind() {
            Kind::Redaction => record::take_back(event, context).await,
            Kind::Message => match event.asks(COMMAND) {
                Some(words) => self.obey(event, words, context).await,
                None => self.answer(event, context).await,
            },
            _ => Ok(()),
        }
    }

    async fn on_timer(&self, timer: &Timer, context: &PluginContext) -> Result<(), PluginError> {
        record::forget(timer, context).await
    }

    async fn on_action(
        &self,
        name: &str,
        input: &str,
        context: &PluginContext,
    ) -> Result<String, PluginError> {
        self.act(name, input, context).await
    }
}

impl InstagramBot {
    /// Answers the links of a message, if it has any and the room wants it. Nothing is asked otherwise.
    async fn answer(&self, event: &Event, context: &PluginContext) -> Result<(), PluginError> {
        let links = self.site.links(message(event));
        if links.is_empty() || event.id.is_empty() {
            return Ok(());
        }
        if let Some(record) = Record::find(&event.id, context).await? {
            return record.tell(event, context).await;
        }
        if !self.is_subscribed(&event.room_id, context).await? {
            return Ok(());
        }
        let parts = self.decide(&links, context).await?;
        Record::begin(event, parts, context).await?.tell(event, context).await
    }

    /// What is to be said, with all files uploaded that come in time. What does not is named.
    async fn decide(&self, links: &[Link], context: &PluginContext) -> Result<Vec<Value>, PluginError> {
        let deadline = Instant::now() + Duration::from_millis(self.site.config().limits.answer_ms);
        let answers = join_all(links.iter().map(|link| self.site.look_up(link))).await;
        self.counts.tell(context.instance(), &self.site);
        let limit = context.upload_limit();
        let around = Around { site: &self.site, context, limit, deadline };
        // A share link and another may lead to the same post.
        let is_first = |at: usize, answer: &Answer| {
            answer.id.is_none() || answers[..at].iter().all(|earlier| earlier.id != answer.id)
        };
        let answers_once =
            answers.iter().enumerate().filter(|(at, answer)| is_first(*at, answer)).map(|(_, answer)| answer);
        let shown = join_all(answers_once.map(|answer| self.show(answer, &around))).await;
        Ok(shown.into_iter().collect::<Result<Vec<_>, _>>()?.concat())
    }
}

/// The text of what people write; of pictures and the like there is none.
fn message(event: &Event) -> Message<'_> {
    if !matches!(event.text("msgtype"), "m.text" | "m.emote") {
        return Message::default();
    }
    let html = event.text("formatted_body");
    let is_html = event.text("format") == "org.matrix.custom.html" && !html.is_empty();
    Message { plain: event.body(), html: is_html.then_some(html) }
}

#[cfg(test)]
mod tests;
