//! Attachments and files of a message.

use serde::Deserialize;

use super::block::Node;
use super::event::Event;
use super::lenient::{flag, list, number, numbers, object, text};

/// A link preview, or the older way of apps to format text.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Attachment {
    /// The page that a preview shows.
    #[serde(deserialize_with = "text")]
    pub from_url: String,
    /// The same, before redirects.
    #[serde(deserialize_with = "text")]
    pub original_url: String,
    /// Whether it is the preview of another message.
    #[serde(deserialize_with = "flag")]
    pub is_msg_unfurl: bool,
    /// Whether it is another message that was passed on.
    #[serde(deserialize_with = "flag")]
    pub is_share: bool,
    /// Whether it is a preview made by an app.
    #[serde(deserialize_with = "flag")]
    pub is_app_unfurl: bool,
    /// Text above it.
    #[serde(deserialize_with = "text")]
    pub pretext: String,
    /// Where it comes from.
    #[serde(deserialize_with = "text")]
    pub service_name: String,
    /// Its author's name.
    #[serde(deserialize_with = "text")]
    pub author_name: String,
    /// Another name of its author.
    #[serde(deserialize_with = "text")]
    pub author_subname: String,
    /// Where its author's name leads.
    #[serde(deserialize_with = "text")]
    pub author_link: String,
    /// Its title.
    #[serde(deserialize_with = "text")]
    pub title: String,
    /// Where its title leads.
    #[serde(deserialize_with = "text")]
    pub title_link: String,
    /// Its text as mrkdwn.
    #[serde(deserialize_with = "text")]
    pub text: String,
    /// All of it as plain text, for programs that cannot show it.
    #[serde(deserialize_with = "text")]
    pub fallback: String,
    /// Its pairs of name and value.
    #[serde(deserialize_with = "list")]
    pub fields: Option<Vec<Pair>>,
    /// Its text as blocks.
    #[serde(deserialize_with = "list")]
    pub blocks: Option<Vec<Node>>,
    /// The blocks of the message that it shows.
    #[serde(deserialize_with = "list")]
    pub message_blocks: Option<Vec<Quoted>>,
    /// The files of the message that it shows.
    #[serde(deserialize_with = "list")]
    pub files: Option<Vec<File>>,
    /// Its picture.
    #[serde(deserialize_with = "text")]
    pub image_url: String,
    /// A small picture.
    #[serde(deserialize_with = "text")]
    pub thumb_url: String,
    /// The text under it.
    #[serde(deserialize_with = "text")]
    pub footer: String,
    /// The moment under it, in seconds since 1970.
    #[serde(deserialize_with = "number")]
    pub ts: i64,
    /// Its buttons and menus.
    #[serde(deserialize_with = "list")]
    pub actions: Option<Vec<Action>>,
}

/// A name and a value.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Pair {
    /// The name.
    #[serde(deserialize_with = "text")]
    pub title: String,
    /// The value as mrkdwn.
    #[serde(deserialize_with = "text")]
    pub value: String,
    /// Whether there is room for another beside it.
    #[serde(deserialize_with = "flag")]
    pub short: bool,
}

/// A message within an attachment.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Quoted {
    /// What of it is told.
    #[serde(deserialize_with = "object")]
    pub message: Option<Box<Event>>,
}

/// A button or menu of an attachment.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Action {
    /// What stands on it.
    #[serde(deserialize_with = "text")]
    pub text: String,
    /// Where it leads.
    #[serde(deserialize_with = "text")]
    pub url: String,
}

/// A shared file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct File {
    /// Its id.
    #[serde(deserialize_with = "text")]
    pub id: String,
    /// Its name.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// What people called it.
    #[serde(deserialize_with = "text")]
    pub title: String,
    /// Where people find it.
    #[serde(deserialize_with = "text")]
    pub permalink: String,
    /// How it is kept (`hosted`, `external`, `tombstone`, …).
    #[serde(deserialize_with = "text")]
    pub mode: String,
    /// What the app may see of it (`check_file_info` in a shared channel: it has to ask).
    #[serde(deserialize_with = "text")]
    pub file_access: String,
    /// How it came to be (`slack_audio`, `slack_video` for what was recorded in Slack).
    #[serde(deserialize_with = "text")]
    pub subtype: String,
    /// Its media type.
    #[serde(deserialize_with = "text")]
    pub mimetype: String,
    /// Slack's own word for its format.
    #[serde(deserialize_with = "text")]
    pub filetype: String,
    /// Its length in bytes.
    #[serde(deserialize_with = "number")]
    pub size: i64,
    /// Where an app fetches it, of an external file where people find it.
    #[serde(deserialize_with = "text")]
    pub url_private: String,
    /// Where an app fetches it.
    #[serde(deserialize_with = "text")]
    pub url_private_download: String,
    /// Where an external file is.
    #[serde(deserialize_with = "text")]
    pub external_url: String,
    /// Width in pixels.
    #[serde(deserialize_with = "number")]
    pub original_w: i64,
    /// Height in pixels.
    #[serde(deserialize_with = "number")]
    pub original_h: i64,
    /// How long it plays.
    #[serde(deserialize_with = "number")]
    pub duration_ms: i64,
    /// How loud it is over its course, from 0 to 100.
    #[serde(deserialize_with = "numbers")]
    pub audio_wave_samples: Vec<i64>,
    /// A picture of 480 pixels at most.
    #[serde(deserialize_with = "text")]
    pub thumb_480: String,
    /// Its width.
    #[serde(deserialize_with = "number")]
    pub thumb_480_w: i64,
    /// Its height.
    #[serde(deserialize_with = "number")]
    pub thumb_480_h: i64,
    /// A picture of 360 pixels at most.
    #[serde(deserialize_with = "text")]
    pub thumb_360: String,
    /// Its width.
    #[serde(deserialize_with = "number")]
    pub thumb_360_w: i64,
    /// Its height.
    #[serde(deserialize_with = "number")]
    pub thumb_360_h: i64,
    /// A picture of 720 pixels at most.
    #[serde(deserialize_with = "text")]
    pub thumb_720: String,
    /// Its width.
    #[serde(deserialize_with = "number")]
    pub thumb_720_w: i64,
    /// Its height.
    #[serde(deserialize_with = "number")]
    pub thumb_720_h: i64,
    /// A picture out of a video.
    #[serde(deserialize_with = "text")]
    pub thumb_video: String,
    /// Its width.
    #[serde(deserialize_with = "number")]
    pub thumb_video_w: i64,
    /// Its height.
    #[serde(deserialize_with = "number")]
    pub thumb_video_h: i64,
    /// A picture of a document's first page.
    #[serde(deserialize_with = "text")]
    pub thumb_pdf: String,
    /// Its width.
    #[serde(deserialize_with = "number")]
    pub thumb_pdf_w: i64,
    /// Its height.
    #[serde(deserialize_with = "number")]
    pub thumb_pdf_h: i64,
    /// The beginning of a text.
    #[serde(deserialize_with = "text")]
    pub preview: String,
    /// Whether there is more of the text.
    #[serde(deserialize_with = "flag")]
    pub preview_is_truncated: bool,
    /// How many lines more there are.
    #[serde(deserialize_with = "number")]
    pub lines_more: i64,
    /// The beginning of a mail's text.
    #[serde(deserialize_with = "text")]
    pub preview_plain_text: String,
    /// A mail's subject.
    #[serde(deserialize_with = "text")]
    pub subject: String,
}
