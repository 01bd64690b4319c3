//! Writes a Matrix event as the posts and uploads that carry it out.

mod note;
mod pieces;
mod speaker;

use bridge_core::content::File;
use bridge_core::event::{MatrixEvent, MatrixKind};
use bridge_core::id::PartId;
use serde_json::{Value, json};

pub use self::note::note;
use super::decode::METADATA_TYPE;
use super::mrkdwn_write;
use crate::config::{ReactionNotes, Replies};
use crate::id;

/// The longest text of a post, in characters: Slack cuts longer ones into several messages of its own, whose ids we
/// would not know, and refuses to edit them.
pub const MAX_TEXT: usize = 4_000;
/// By this name a block is known again as the line that says what is answered.
const QUOTE_BLOCK: &str = "matrix_reply";

/// What the operator allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether a mention of the whole room pings the whole channel. Off, it is shown as text.
    pub broadcast: bool,
    /// Whether Slack shows previews of linked pages.
    pub unfurl_links: bool,
    /// Whether Slack shows linked pictures and videos.
    pub unfurl_media: bool,
    /// How an answer outside of threads is shown.
    pub replies: Replies,
    /// Where it is said which Matrix users reacted.
    pub reaction_notes: ReactionNotes,
}

impl Default for Options {
    fn default() -> Self {
        crate::config::Config::default().options()
    }
}

/// How a message stands to others, as found out before it is written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// The first message of the thread it goes into.
    pub thread_ts: Option<String>,
    /// Whether a message of a thread is also shown outside of it.
    pub broadcast: bool,
    /// The line above it that says what it answers, as mrkdwn.
    pub quote: Option<String>,
}

impl Standing {
    /// The standing of a message that answers nothing: in its thread, or by itself.
    pub fn of_thread(root: Option<&bridge_core::id::RemoteMessageId>) -> Self {
        let thread_ts = root.and_then(id::parse_message_id).map(|root| root.ts);
        Self { thread_ts, ..Self::default() }
    }
}

/// The line that says what a message answers: a link where one is known, and the beginning of the answered text.
pub fn quote(link: Option<&str>, author: Option<&str>, text: &str) -> String {
    const LONGEST: usize = 120;
    let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown: String = said.chars().take(LONGEST).collect();
    if said.chars().count() > LONGEST {
        shown.push('…');
    }
    let who = author.map_or_else(|| "a message".to_owned(), speaker::username);
    let who = match link.filter(|link| mrkdwn_write::is_linkable(link)) {
        Some(link) => format!("<{}|{}>", mrkdwn_write::escape(link).replace('|', "%7C"), who),
        None => who,
    };
    // What could be read as formatting is left to be read so: it is one line, and it pings nobody.
    if shown.is_empty() {
        format!("↪ {who}")
    } else {
        format!("↪ {who}: {}", mrkdwn_write::escape(&shown))
    }
}

/// The line that says what a message answers, out of the blocks of a message that has one.
pub fn quote_of(blocks: &Value) -> Option<String> {
    let block = blocks.as_array()?.first().filter(|block| block["block_id"] == QUOTE_BLOCK)?;
    block["elements"][0]["text"].as_str().map(str::to_owned)
}

/// One remote message to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// A text.
    Post(Post),
    /// A file.
    Upload(Upload),
}

impl Piece {
    /// The text, if it is one.
    pub fn into_post(self) -> Option<Post> {
        match self {
            Self::Post(post) => Some(post),
            Self::Upload(_) => None,
        }
    }

    /// Which part of the Matrix event it carries.
    pub fn part(&self) -> &PartId {
        match self {
            Self::Post(post) => &post.part,
            Self::Upload(upload) => &upload.part,
        }
    }

    /// The channel, in Slack's spelling.
    pub fn channel(&self) -> &str {
        match self {
            Self::Post(post) => &post.channel,
            Self::Upload(upload) => &upload.channel,
        }
    }

    /// The first message of the thread it goes into.
    pub fn thread_ts(&self) -> Option<&str> {
        match self {
            Self::Post(post) => post.thread_ts.as_deref(),
            Self::Upload(upload) => upload.thread_ts.as_deref(),
        }
    }

    /// The arguments of `chat.update` that make a message say this. A file stays; what is said about it changes.
    pub fn update(&self, ts: &str) -> Value {
        let (text, blocks) = match self {
            Self::Post(post) => (&post.text, post.blocks.clone()),
            Self::Upload(upload) => (&upload.comment, None),
        };
        // Metadata that is not named stays as it is, and with it the marker.
        let mut body = json!({ "channel": self.channel(), "ts": ts, "text": text, "link_names": false });
        if let Some(blocks) = blocks {
            body["blocks"] = blocks;
        }
        body
    }
}

/// One file on its way to a channel. Slack takes no name, picture or marker with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Upload {
    /// Which part of the Matrix event it carries.
    pub part: PartId,
    /// The channel, in Slack's spelling.
    pub channel: String,
    /// The first message of the thread it goes into.
    pub thread_ts: Option<String>,
    /// The file.
    pub file: File,
    /// What is said about it, as mrkdwn, beginning with who says it.
    pub comment: String,
    /// Under what its progress is noted.
    pub marker: String,
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
    /// Whether a message of a thread is also shown outside of it.
    pub reply_broadcast: bool,
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
        if self.reply_broadcast && self.thread_ts.is_some() {
            body["reply_broadcast"] = true.into();
        }
        body
    }
}

/// Writes an event as remote messages, in order. The same event gives the same ones each time. A message in which
/// nothing is to be seen gives none.
pub fn encode(event: &MatrixEvent, options: &Options, standing: &Standing) -> Vec<Piece> {
    match &event.kind {
        MatrixKind::Message(message) | MatrixKind::Edit { message, .. } => {
            pieces::pieces(event, message, *options, standing)
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
