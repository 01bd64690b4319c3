//! Reads a post's page: the data that it brings along, else the tags that previews are made of.

use super::{Reading, graphql, json, media};
use crate::html::{self, Piece};
use crate::links::PostId;
use crate::outcome::Outcome;
use crate::post::{Media, MediaKind, Post, Withheld};

/// How many scripts with data are read.
const MOST_SCRIPTS: usize = 64;

/// Reads a post's page.
pub fn read(page: &str, id: &PostId) -> Reading {
    let (tags, mut reason) = look(page, id, &mut |script| of_script(script, id));
    if let Some(post) = tags.found {
        return Ok(post);
    }
    if let Some(post) = tags.preview.post(id) {
        return Ok(post);
    }
    // The order is that of certainty.
    if tags.title.starts_with("Login") || tags.has_login_form {
        reason = reason.or(Some(Outcome::LoginWall));
    } else if tags.is_error {
        reason = reason.or(Some(Outcome::Gone));
    }
    Err(reason.unwrap_or(if tags.is_instagram { Outcome::Empty } else { Outcome::ChangedShape }))
}

/// Reads the page of a mirror, which has the tags of previews only.
pub fn mirror(page: &str, id: &PostId) -> Reading {
    let (tags, _) = look(page, id, &mut |_| None);
    tags.preview.post(id).ok_or(Outcome::Empty)
}

/// Whether a script is worth reading, and what it holds.
fn of_script(script: &str, id: &PostId) -> Option<Reading> {
    if !media::KEYS.iter().any(|key| script.contains(key)) {
        return None;
    }
    graphql::of_value(&json::first(script)?, id)
}

/// What a page's elements say.
#[derive(Debug, Default)]
struct Tags {
    found: Option<Post>,
    preview: Preview,
    title: String,
    has_login_form: bool,
    is_error: bool,
    is_instagram: bool,
}

fn look(
    page: &str,
    id: &PostId,
    read_script: &mut dyn FnMut(&str) -> Option<Reading>,
) -> (Tags, Option<Outcome>) {
    let mut tags = Tags::default();
    let mut reason = None;
    let mut within = Within::Other;
    let mut scripts = 0;
    html::read(page, |piece| match piece {
        Piece::Open(tag) => {
            within = Within::Other;
            match tag.name() {
                "meta" => {
                    let name = tag.attr("property").or_else(|| tag.attr("name"));
                    if let (Some(name), Some(content)) = (name, tag.attr("content")) {
                        tags.is_instagram |= content == "Instagram";
                        tags.preview.note(name, content);
                    }
                }
                "title" => within = Within::Title,
                "script"
                    if tag.attr("type") == Some("application/json") || tag.attr("data-sjs").is_some() =>
                {
                    within = Within::Data;
                }
                "form" if tag.attr("id") == Some("loginForm") => tags.has_login_form = true,
                _ => {}
            }
        }
        Piece::Close(_) => within = Within::Other,
        Piece::Text(text) => match within {
            Within::Title if tags.title.len() < 300 => tags.title.push_str(text.trim_start()),
            Within::Data if tags.found.is_none() && scripts < MOST_SCRIPTS => {
                scripts += 1;
                tags.is_error |= text.contains("\"PolarisErrorRoot") || text.contains("\"HttpErrorPage");
                match read_script(text) {
                    Some(Ok(post)) if post.id == *id => tags.found = Some(post),
                    Some(Err(why)) => reason = reason.or(Some(why)),
                    _ => {}
                }
            }
            Within::Other => tags.is_error |= text.contains("Sorry, this page isn't available"),
            _ => {}
        },
    });
    (tags, reason)
}

#[derive(Debug, Clone, Copy)]
enum Within {
    Title,
    Data,
    Other,
}

/// The tags of which chat programs make previews.
#[derive(Debug, Default)]
struct Preview {
    title: Option<String>,
    description: Option<String>,
    handle: Option<String>,
    image: Option<String>,
    video: Option<String>,
    size: (Option<u32>, Option<u32>),
    says_video: bool,
}

impl Preview {
    fn note(&mut self, name: &str, content: &str) {
        let keep = |slot: &mut Option<String>| {
            if slot.is_none() && !content.trim().is_empty() {
                *slot = Some(content.trim().to_owned());
            }
        };
        match name {
            "og:title" => keep(&mut self.title),
            "og:description" => keep(&mut self.description),
            "twitter:title" => keep(&mut self.handle),
            "og:image" if media::is_address(content) => keep(&mut self.image),
            "og:video" | "og:video:secure_url" | "twitter:player:stream" if media::is_address(content) => {
                keep(&mut self.video);
            }
            "og:video:width" => self.size.0 = content.parse().ok(),
            "og:video:height" => self.size.1 = content.parse().ok(),
            "og:type" => self.says_video = content.starts_with("video"),
            _ => {}
        }
    }

    /// A post, if there is at least a picture. It may be one of several, so it counts as a part unless it is a video.
    fn post(self, id: &PostId) -> Option<Post> {
        let medium = match (&self.video, &self.image) {
            (Some(video), _) => Media {
                kind: MediaKind::Video,
                url: video.clone(),
                width: self.size.0,
                height: self.size.1,
                duration_ms: None,
                thumbnail: self.image.clone(),
            },
            (None, image) => media::picture(image.as_deref()?, None, None),
        };
        let withheld = match medium.kind {
            MediaKind::Video => Withheld::Nothing,
            MediaKind::Image if self.says_video => Withheld::Video,
            MediaKind::Image => Withheld::Rest,
        };
        Some(Post {
            id: id.clone(),
            user: self.user(),
            caption: self.caption(),
            media: vec![medium],
            withheld,
        })
    }

    /// "12 likes, 3 comments - name on July 1, 2026: …", or "Name (@name) • Instagram reel".
    fn user(&self) -> Option<String> {
        let handle = self.handle.as_deref().and_then(|title| title.split_once("(@")?.1.split(')').next());
        let before = self.description.as_deref().and_then(|text| text.split(" on ").next());
        let described = before.and_then(|text| text.rsplit_once(" - ").map(|(_, user)| user));
        handle.and_then(media::user_name).or_else(|| described.and_then(media::user_name))
    }

    /// "Name on Instagram: "caption"", or the description's end.
    fn caption(&self) -> Option<String> {
        let quoted = |text: &str| {
            let (_, quoted) = text.split_once(": \"")?;
            let quoted = quoted.trim_end().trim_end_matches('.');
            media::caption_text(quoted.strip_suffix('"').unwrap_or(quoted))
        };
        let title = self.title.as_deref().and_then(quoted);
        title.or_else(|| self.description.as_deref().and_then(quoted))
    }
}
