//! Writes a Matrix event as the posts that carry it out.

mod speaker;

use bridge_core::content::split::split;
use bridge_core::content::{Block, Message, MessageStyle, RichText};
use bridge_core::event::{MatrixEvent, MatrixKind};
use bridge_core::id::PartId;
use serde_json::{Value, json};

use super::decode::METADATA_TYPE;

use super::{blocks_write, flatten, mrkdwn_write};
use crate::id;

/// The longest text of a post, in characters: Slack cuts longer ones into several messages of its own, whose ids we
/// would not know, and refuses to edit them.
pub const MAX_TEXT: usize = 4_000;

/// What the operator allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether a mention of the whole room pings the whole channel. Off, it is shown as text.
    pub broadcast: bool,
    /// Whether Slack shows previews of linked pages.
    pub unfurl_links: bool,
    /// Whether Slack shows linked pictures and videos.
    pub unfurl_media: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { broadcast: false, unfurl_links: true, unfurl_media: true }
    }
}

/// One call of `chat.postMessage`.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// Which part of the Matrix event it carries.
    pub part: PartId,
    /// The channel, in Slack's spelling.
    pub channel: String,
    /// The first message of the thread it goes into.
    pub thread_ts: Option<String>,
    /// The text of notifications, as mrkdwn, [`MAX_TEXT`] characters at most.
    pub text: String,
    /// What is shown in the channel; without it the text is shown.
    pub blocks: Option<Value>,
    /// The name shown instead of the app's.
    pub username: Option<String>,
    /// The picture shown instead of the app's.
    pub icon_url: Option<String>,
    /// What a repeat looks for: the event's marker and the post's number.
    pub marker: String,
    /// Whether Slack shows previews of linked pages.
    pub unfurl_links: bool,
    /// Whether Slack shows linked pictures and videos.
    pub unfurl_media: bool,
}

impl Post {
    /// The metadata that carries the marker.
    pub fn metadata(&self) -> Value {
        json!({ "event_type": METADATA_TYPE, "event_payload": { "marker": self.marker } })
    }

    /// The call's arguments.
    pub fn body(&self) -> Value {
        let mut body = json!({
            "channel": self.channel,
            "text": self.text,
            "metadata": self.metadata(),
            "unfurl_links": self.unfurl_links,
            "unfurl_media": self.unfurl_media,
            // Names in the text are never made into mentions.
            "link_names": false,
        });
        let optional = [
            ("blocks", self.blocks.clone()),
            ("thread_ts", self.thread_ts.clone().map(Value::from)),
            ("username", self.username.clone().map(Value::from)),
            ("icon_url", self.icon_url.clone().map(Value::from)),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                body[name] = value;
            }
        }
        body
    }
}

/// Writes an event as posts, in order. The same event gives the same posts each time. A message in which nothing is
/// to be seen gives none.
pub fn encode(event: &MatrixEvent, options: &Options) -> Vec<Post> {
    match &event.kind {
        MatrixKind::Message(message) => posts(event, message, *options),
        _ => Vec::new(),
    }
}

fn posts(event: &MatrixEvent, message: &Message, options: Options) -> Vec<Post> {
    // A chat that is not Slack's is left to Slack to refuse, in words that reach the person.
    let channel = id::parse_chat_id(&event.chat.chat_id)
        .map_or_else(|| event.chat.chat_id.as_str().to_owned(), |chat| chat.id);
    let thread_ts = message.thread_root.as_ref().and_then(id::parse_message_id).map(|root| root.ts);
    let (username, icon_url) = speaker::shown(&event.speaker);
    texts(message, options)
        .into_iter()
        .enumerate()
        .map(|(index, text)| {
            let blocks = blocks_write::write(&text, options.broadcast);
            Post {
                part: PartId::numbered(index),
                channel: channel.clone(),
                thread_ts: thread_ts.clone(),
                text: mrkdwn_write::write(&text, options.broadcast),
                blocks: blocks.as_array().is_some_and(|blocks| !blocks.is_empty()).then_some(blocks),
                username: username.clone(),
                icon_url: icon_url.clone(),
                marker: event.part_marker(index),
                unfurl_links: options.unfurl_links,
                unfurl_media: options.unfurl_media,
            }
        })
        .collect()
}

fn texts(message: &Message, options: Options) -> Vec<RichText> {
    let measure = |text: &RichText| mrkdwn_write::length(text, options.broadcast, MAX_TEXT);
    let mut texts = Vec::new();
    for part in &message.parts {
        if let bridge_core::content::PartBody::Text(text) = &part.body {
            let text = match message.style {
                MessageStyle::Emote => RichText { blocks: text.blocks.iter().map(italic).collect() },
                _ => text.clone(),
            };
            texts.extend(split(&text, MAX_TEXT, measure));
        }
    }
    // A post in which nothing is seen is refused.
    texts.retain(|text| !mrkdwn_write::write(text, options.broadcast).trim().is_empty());
    texts
}

/// Slack has no emotes for apps; its own are shown in italics.
fn italic(block: &Block) -> Block {
    let spans = |spans: &[_]| flatten::restyle(spans, |style| style.italic = true);
    match block {
        Block::Paragraph(inner) => Block::Paragraph(spans(inner)),
        Block::Heading { level, spans: inner } => Block::Heading { level: *level, spans: spans(inner) },
        Block::Quote(blocks) => Block::Quote(blocks.iter().map(italic).collect()),
        Block::List { start, items } => {
            let items = items
                .iter()
                .map(|item| bridge_core::content::Item { blocks: item.blocks.iter().map(italic).collect() })
                .collect();
            Block::List { start: *start, items }
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
