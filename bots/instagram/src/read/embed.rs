//! Reads the page that other sites show in a frame: the data of its program first, its elements where there is none.

use serde_json::Value;

use super::{Reading, graphql, json, media};
use crate::html::{self, Piece};
use crate::links::PostId;
use crate::outcome::Outcome;
use crate::post::{Media, MediaKind, Post, Withheld};

/// Reads an embed page.
pub fn read(page: &str, id: &PostId) -> Reading {
    let data = of_program(page, id);
    if let Some(Ok(post)) = data {
        return Ok(post);
    }
    let seen = look(page);
    if let Some(post) = seen.post(id) {
        return Ok(post);
    }
    match data {
        // `null` here means only that this page was made without the data.
        Some(Err(reason)) if reason != Outcome::Hidden => Err(reason),
        _ if seen.is_broken => Err(Outcome::Hidden),
        Some(Err(_)) => Err(Outcome::Empty),
        _ if seen.is_embed => Err(Outcome::Empty),
        _ => Err(Outcome::ChangedShape),
    }
}

/// The data in the page's scripts: JSON within a string of JSON, or written out in one of two ways.
fn of_program(page: &str, id: &PostId) -> Option<Reading> {
    let contexts = json::after_key(page, "contextJSON");
    let contexts = contexts.iter().filter_map(Value::as_str).filter_map(json::first);
    let mut found = keep_best(None, contexts.filter_map(|context| graphql::of_value(&context, id)));
    for key in ["xdt_shortcode_media", "shortcode_media"] {
        if matches!(found, Some(Ok(_))) {
            break;
        }
        let written = json::after_key(page, key).into_iter().chain(json::after_escaped_key(page, key));
        let posts = written.filter_map(|node| media::post(&node, id).map(Ok));
        found = keep_best(found, posts);
    }
    found
}

/// The first post; else the first reason.
fn keep_best(known: Option<Reading>, readings: impl Iterator<Item = Reading>) -> Option<Reading> {
    readings.fold(known, |known, reading| match (&known, &reading) {
        (None, _) | (Some(Err(_)), Ok(_)) => Some(reading),
        _ => known,
    })
}

/// What the page's elements say.
#[derive(Debug, Default)]
struct Seen {
    image: Option<String>,
    video: Option<String>,
    user: String,
    caption: String,
    is_embed: bool,
    is_broken: bool,
    withheld: Option<Withheld>,
}

impl Seen {
    fn post(&self, id: &PostId) -> Option<Post> {
        let (mut medium, of_video) = match (&self.video, &self.image) {
            (Some(video), _) => (media::picture(video, None, None), true),
            (None, Some(image)) => (media::picture(image, None, None), false),
            (None, None) => return None,
        };
        if of_video {
            medium = Media { kind: MediaKind::Video, thumbnail: self.image.clone(), ..medium };
        }
        let still_missing = self.withheld.filter(|withheld| !of_video || *withheld != Withheld::Video);
        Some(Post {
            id: id.clone(),
            user: media::user_name(&self.user),
            caption: media::caption_text(&self.caption),
            media: vec![medium],
            withheld: still_missing.unwrap_or(Withheld::Nothing),
        })
    }
}

/// What the text of an element belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    None,
    User,
    Caption,
    /// The user's name and the comments within the caption.
    NotCaption,
}

/// How deep elements are followed, and how far a stray end tag is compared.
const DEEPEST: usize = 256;

fn look(page: &str) -> Seen {
    let mut seen = Seen::default();
    let mut open: Vec<(String, Part)> = Vec::new();
    html::read(page, |piece| match piece {
        Piece::Open(tag) => {
            let around = open.last().map_or(Part::None, |(_, part)| *part);
            let part = look_at(tag, around, &mut seen);
            if !tag.is_void() && open.len() < DEEPEST {
                open.push((tag.name().to_owned(), part));
            }
        }
        Piece::Close(name) => {
            if let Some(at) = open.iter().rposition(|(own, _)| own == name) {
                open.truncate(at);
            }
        }
        Piece::Text(text) => match open.last() {
            Some((name, _)) if matches!(name.as_str(), "script" | "style") => {}
            Some((_, Part::User)) if seen.user.len() < 200 => seen.user.push_str(text),
            Some((_, Part::Caption)) => seen.caption.push_str(text),
            _ => {}
        },
    });
    seen
}

fn look_at(tag: &html::Element<'_>, around: Part, seen: &mut Seen) -> Part {
    let address = || tag.attr("src").filter(|url| media::is_address(url)).map(str::to_owned);
    if tag.has_class("EmbeddedMediaImage") {
        seen.image = seen.image.take().or_else(address);
    } else if tag.has_class("EmbeddedMediaVideo") {
        seen.video = seen.video.take().or_else(address);
    } else if tag.name() == "br" && around == Part::Caption {
        seen.caption.push('\n');
    }
    if tag.has_class("WatchOnInstagram") || tag.has_class("EmbedPlayButton") {
        seen.withheld = Some(seen.withheld.unwrap_or(Withheld::Video).max(Withheld::Video));
    } else if tag.has_class("EmbedSidecar") {
        seen.withheld = Some(Withheld::Rest);
    }
    seen.is_broken |= tag.has_class("EmbedBrokenMedia") || tag.has_class("ebmMessage");
    seen.is_embed |= tag.has_class("Embed") || tag.has_class("EmbedFrame");
    if tag.has_class("UsernameText") && seen.user.is_empty() && around != Part::Caption {
        Part::User
    } else if tag.has_class("CaptionUsername") || tag.has_class("CaptionComments") {
        Part::NotCaption
    } else if tag.has_class("Caption") {
        Part::Caption
    } else {
        around
    }
}
