//! Cuts a message into the remote messages that Slack takes.

use bridge_core::content::split::split;
use bridge_core::content::{Block, File, Item, Message, MessageStyle, PartBody, RichText};
use bridge_core::event::MatrixEvent;
use bridge_core::id::PartId;
use serde_json::{Value, json};

use super::{MAX_TEXT, Options, Piece, Post, QUOTE_BLOCK, Standing, Upload, speaker};
use crate::convert::{blocks_write, flatten, mrkdwn_write};
use crate::id;

/// What a comment keeps free for the name in front of it, and the line about what it answers.
const COMMENT_MARGIN: usize = 1_000;

enum Body {
    Text(RichText),
    File(Box<File>, RichText),
}

pub(super) fn pieces(
    event: &MatrixEvent,
    message: &Message,
    options: Options,
    standing: &Standing,
) -> Vec<Piece> {
    // A chat that is not Slack's is left to Slack to refuse, in words that reach the person.
    let channel = id::parse_chat_id(&event.chat.chat_id)
        .map_or_else(|| event.chat.chat_id.as_str().to_owned(), |chat| chat.id);
    let writer = Writer { event, channel, options, standing };
    let bodies = bodies(message, options).into_iter().enumerate();
    bodies
        .map(|(index, body)| match body {
            Body::Text(text) => Piece::Post(writer.post(index, &text)),
            Body::File(file, caption) => Piece::Upload(writer.upload(index, *file, &caption)),
        })
        .collect()
}

struct Writer<'a> {
    event: &'a MatrixEvent,
    channel: String,
    options: Options,
    standing: &'a Standing,
}

impl Writer<'_> {
    fn post(&self, index: usize, text: &RichText) -> Post {
        let Options { broadcast, unfurl_links, unfurl_media, .. } = self.options;
        let (username, icon_url) = speaker::shown(&self.event.speaker);
        let mut blocks = match blocks_write::write(text, broadcast) {
            Value::Array(blocks) => blocks,
            _ => Vec::new(),
        };
        if let Some(quote) = self.quote(index).filter(|_| !blocks.is_empty()) {
            blocks.insert(
                0,
                json!({
                    "type": "context",
                    "block_id": QUOTE_BLOCK,
                    "elements": [{ "type": "mrkdwn", "text": quote }],
                }),
            );
        }
        Post {
            part: PartId::numbered(index),
            channel: self.channel.clone(),
            thread_ts: self.standing.thread_ts.clone(),
            text: mrkdwn_write::write(text, broadcast),
            blocks: (!blocks.is_empty()).then_some(Value::Array(blocks)),
            username,
            icon_url,
            marker: self.event.part_marker(index),
            unfurl_links,
            unfurl_media,
            reply_broadcast: self.standing.broadcast,
        }
    }

    fn upload(&self, index: usize, file: File, caption: &RichText) -> Upload {
        let speaker = speaker::in_front(&self.event.speaker);
        let caption = mrkdwn_write::write(caption, self.options.broadcast);
        let said = match (speaker.is_empty(), caption.is_empty()) {
            (false, false) => format!("{speaker}: {caption}"),
            _ => format!("{speaker}{caption}"),
        };
        let comment = match self.quote(index) {
            Some(quote) => format!("{quote}\n{said}").trim_end().to_owned(),
            None => said,
        };
        Upload {
            part: PartId::numbered(index),
            channel: self.channel.clone(),
            thread_ts: self.standing.thread_ts.clone(),
            file,
            comment,
            marker: self.event.part_marker(index),
        }
    }

    fn quote(&self, index: usize) -> Option<&String> {
        self.standing.quote.as_ref().filter(|_| index == 0)
    }
}

fn bodies(message: &Message, options: Options) -> Vec<Body> {
    let measure = |text: &RichText| mrkdwn_write::length(text, options.broadcast, MAX_TEXT);
    // A post in which nothing is seen is refused.
    let is_seen = |text: &RichText| !mrkdwn_write::write(text, options.broadcast).trim().is_empty();
    let styled = |text: &RichText| match message.style {
        MessageStyle::Emote => RichText { blocks: text.blocks.iter().map(italic).collect() },
        _ => RichText { blocks: flatten::shallow(&text.blocks) },
    };
    let mut bodies = Vec::new();
    for part in &message.parts {
        match &part.body {
            PartBody::Text(text) => {
                let texts = split(&styled(text), MAX_TEXT, measure);
                bodies.extend(texts.into_iter().filter(is_seen).map(Body::Text));
            }
            PartBody::File(file) => {
                let caption = file.caption.as_ref().map(styled).unwrap_or_default();
                let mut texts = split(&caption, MAX_TEXT - COMMENT_MARGIN, measure).into_iter();
                bodies.push(Body::File(Box::new(file.clone()), texts.next().unwrap_or_default()));
                // What is too long to stand with the file follows it.
                bodies.extend(texts.filter(is_seen).map(Body::Text));
            }
            _ => {}
        }
    }
    bodies
}

/// Slack has no emotes for apps; its own are shown in italics.
fn italic(block: &Block) -> Block {
    let spans = |spans: &[_]| flatten::restyle(spans, |style| style.italic = true);
    match block {
        Block::Paragraph(inner) => Block::Paragraph(spans(inner)),
        Block::Heading { level, spans: inner } => Block::Heading { level: *level, spans: spans(inner) },
        Block::Quote(blocks) => Block::Quote(blocks.iter().map(italic).collect()),
        Block::List { start, items } => {
            let items =
                items.iter().map(|item| Item { blocks: item.blocks.iter().map(italic).collect() }).collect();
            Block::List { start: *start, items }
        }
        other => other.clone(),
    }
}
