//! What a message says: its text, what is attached to it, and its files.

use bridge_core::content::{
    Block, LinkPreview, Message, MessageStyle, Part, PartBody, RichText, Span, Style,
};
use bridge_core::id::PartId;

use super::super::files::Shown;
use super::super::scope::Place;
use super::super::wire::{Attachment, Event};
use super::super::{attachments, blocks, files, flatten, mrkdwn_read};
use crate::id;

/// A longer text is not shown as what is said about a file, in characters: programs show little of such a text, and an
/// event holds one.
const LONGEST_CAPTION: usize = 1_000;

/// The same in bytes, with all addresses: an event holds about four times as much.
const LARGEST_CAPTION: usize = 16_000;

/// Reads a message that has this timestamp.
pub(super) fn read(event: &Event, ts: &str, place: &Place) -> Message {
    message(event, ts, place, |_| true)
}

/// The same without the previews that Slack and apps add to a message after it was written.
pub(super) fn without_previews(event: &Event, ts: &str, place: &Place) -> Message {
    message(event, ts, place, |attachment| {
        let urls = [&attachment.from_url, &attachment.original_url];
        let is_preview =
            attachment.is_msg_unfurl || attachment.is_app_unfurl || !urls.iter().all(|url| url.is_empty());
        attachment.is_share || !is_preview
    })
}

fn message(event: &Event, ts: &str, place: &Place, is_shown: impl Fn(&Attachment) -> bool) -> Message {
    let mut message = Message::default();
    let (text, previews) = text(event, &place.team_id, is_shown);
    message.parts = parts(text, event);
    message.previews = previews;
    if event.subtype == "me_message" {
        message.style = MessageStyle::Emote;
    }
    if !event.thread_ts.is_empty() && event.thread_ts != ts {
        message.thread_root = id::message_id(&place.team_id, &place.channel_id, &event.thread_ts);
        message.broadcast = event.subtype == "thread_broadcast" && message.thread_root.is_some();
    }
    message
}

/// The text, with what of the files is said in words, and the other files after it. One file takes a short text with it.
fn parts(mut text: RichText, event: &Event) -> Vec<Part> {
    let mut carried = Vec::new();
    for (index, file) in event.files.iter().flatten().enumerate() {
        match files::read(file) {
            Shown::Text(blocks) => text.blocks.extend(blocks),
            Shown::File(shown) => {
                // An id made up for a file without one must not be that of the text.
                let id = if file.id.is_empty() { PartId::numbered(index + 1) } else { PartId::new(&file.id) };
                carried.push((id, shown));
            }
        }
    }
    if text.is_empty() && carried.is_empty() {
        text = nothing_readable(event);
    }
    let is_caption = event.subtype != "me_message" && can_be_caption(&text);
    if is_caption && let [(_, _)] = carried.as_slice() {
        // Under its own id: when it is deleted, what stays of the message is another part.
        let (id, mut file) = carried.remove(0);
        file.caption = Some(text).filter(|text| !text.is_empty());
        return vec![Part::new(id, PartBody::File(*file))];
    }
    let mut parts = Vec::with_capacity(carried.len() + 1);
    if !text.is_empty() || carried.is_empty() {
        parts.push(Part::text(text));
    }
    parts.extend(carried.into_iter().map(|(id, file)| Part::new(id, PartBody::File(*file))));
    parts
}

fn can_be_caption(text: &RichText) -> bool {
    flatten::seen(&text.blocks) <= LONGEST_CAPTION
        && serde_json::to_vec(text).is_ok_and(|json| json.len() <= LARGEST_CAPTION)
}

/// What is said of a message that has something in it, and nothing that can be read.
fn nothing_readable(event: &Event) -> RichText {
    let has_something = event.blocks.as_ref().is_some_and(|blocks| !blocks.is_empty())
        || event.attachments.as_ref().is_some_and(|attachments| !attachments.is_empty());
    if !has_something {
        return RichText::default();
    }
    let text = "This message holds something that can be seen on Slack only.".to_owned();
    let style = Style { italic: true, ..Style::default() };
    RichText { blocks: vec![Block::Paragraph(vec![Span::Text { text, style }])] }
}

/// All that a message says: its blocks, or else its text; then attachments.
fn text(
    event: &Event,
    team_id: &str,
    is_shown: impl Fn(&Attachment) -> bool,
) -> (RichText, Vec<LinkPreview>) {
    let reading = blocks::read(event.blocks.as_deref().unwrap_or_default(), team_id);
    let mut text = reading.text;
    if reading.lossy || text.is_empty() {
        let told = mrkdwn_read::read(event.text.as_str(), team_id);
        if text.is_empty() || flatten::seen(&told.blocks) >= flatten::seen(&text.blocks) {
            text = told;
        } else if !flatten::says(&text.blocks, &told.blocks) {
            // Each tells something that the other does not.
            text.blocks.splice(0..0, told.blocks);
        }
    }
    let shown: Vec<&Attachment> =
        event.attachments.iter().flatten().filter(|attachment| is_shown(attachment)).collect();
    let mut previews = Vec::new();
    if !shown.is_empty() {
        let links = attachments::Links::of(&text);
        for attachment in &shown {
            previews.extend(attachments::preview(attachment, &links, team_id));
            text.blocks.extend(attachments::read(attachment, &links, team_id).blocks);
        }
    }
    if text.is_empty() {
        // A preview is better than nothing.
        let fallbacks =
            shown.into_iter().flat_map(|attachment| attachments::fallback(attachment, team_id).blocks);
        text = RichText { blocks: fallbacks.collect() };
    }
    (text, previews)
}
