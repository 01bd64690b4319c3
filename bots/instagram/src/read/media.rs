//! The two shapes in which the site's data describes a post: that of its older questions, and that of its newer ones.

use serde_json::Value;

use super::json::{pixels, text};
use crate::links::PostId;
use crate::post::{Media, MediaKind, Post, Withheld};

/// Keys under which such a description stands.
pub(super) const KEYS: &[&str] = &[
    "xdt_shortcode_media",
    "shortcode_media",
    "xig_polaris_media",
    "if_not_gated_logged_out",
    "xdt_api__v1__media__shortcode__web_info",
];

/// Names are shorter on the site.
const MOST_USER: usize = 64;
/// Signed addresses have some 500 characters.
const MOST_URL: usize = 4_096;

/// Reads a description; `None` if it is another thing, or of another post.
pub(super) fn post(node: &Value, id: &PostId) -> Option<Post> {
    let node = node.get("items").and_then(|items| items.get(0)).unwrap_or(node);
    if ["shortcode", "code"].iter().filter_map(|key| text(node, key)).any(|own| own != id.as_str()) {
        return None;
    }
    let parts = parts(node);
    let mut media = Vec::new();
    let mut withheld = Withheld::Nothing;
    for part in parts.iter().take(Post::MOST_MEDIA) {
        let Some((medium, is_still)) = medium(part) else {
            withheld = withheld.max(Withheld::Rest);
            continue;
        };
        if is_still {
            withheld = withheld.max(Withheld::Video);
        }
        media.push(medium);
    }
    if media.is_empty() {
        return None;
    }
    Some(Post { id: id.clone(), user: user(node), caption: caption(node), media, withheld })
}

/// The pictures and videos of a carousel, or the post itself.
fn parts(node: &Value) -> Vec<&Value> {
    let edges = node.pointer("/edge_sidecar_to_children/edges").and_then(Value::as_array);
    let children = edges.map(|edges| edges.iter().filter_map(|edge| edge.get("node")).collect());
    let carousel = node.get("carousel_media").and_then(Value::as_array).map(|media| media.iter().collect());
    let parts: Vec<&Value> = children.or(carousel).unwrap_or_default();
    if parts.is_empty() { vec![node] } else { parts }
}

/// A picture or video, and whether it is a still in a video's place.
fn medium(node: &Value) -> Option<(Media, bool)> {
    let still = text(node, "display_url")
        .map(|url| (url, node.get("dimensions").unwrap_or(node)))
        .or_else(|| largest(node.pointer("/image_versions2/candidates")?))
        .or_else(|| Some((text(node, "display_uri").or_else(|| text(node, "thumbnail_src"))?, node)))
        .filter(|(url, _)| is_address(url));
    let video = text(node, "video_url")
        .map(|url| (url, node.get("dimensions").unwrap_or(node)))
        .or_else(|| largest(node.get("video_versions")?))
        .filter(|(url, _)| is_address(url));
    let typed = text(node, "__typename").is_some_and(|name| name.ends_with("Video"));
    let is_video = typed
        || node.get("is_video").and_then(Value::as_bool).unwrap_or(false)
        || node.get("media_type").and_then(Value::as_u64) == Some(2);
    let (kind, (url, size)) = match video {
        Some(video) => (MediaKind::Video, video),
        None => (MediaKind::Image, still?),
    };
    let length = |own: &str, original: &str| pixels(size, own).or_else(|| pixels(node, original));
    let medium = Media {
        kind,
        url: url.to_owned(),
        width: length("width", "original_width"),
        height: length("height", "original_height"),
        duration_ms: if kind == MediaKind::Video { duration(node) } else { None },
        thumbnail: still.filter(|_| kind == MediaKind::Video).map(|(url, _)| url.to_owned()),
    };
    Some((medium, is_video && kind == MediaKind::Image))
}

/// The largest of several versions, with what says its size; the first of equals.
fn largest(versions: &Value) -> Option<(&str, &Value)> {
    let mut best: Option<(&str, &Value, u64)> = None;
    for version in versions.as_array()?.iter().take(50) {
        let Some(url) = text(version, "url") else { continue };
        let area = u64::from(pixels(version, "width").unwrap_or(0))
            * u64::from(pixels(version, "height").unwrap_or(0));
        if best.is_none_or(|(_, _, known)| area > known) {
            best = Some((url, version, area));
        }
    }
    best.map(|(url, version, _)| (url, version))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be within a day")]
fn duration(node: &Value) -> Option<u64> {
    let seconds = node.get("video_duration")?.as_f64()?;
    (0.0..86_400.0).contains(&seconds).then_some((seconds * 1_000.0) as u64)
}

fn caption(node: &Value) -> Option<String> {
    let edge = node.pointer("/edge_media_to_caption/edges/0/node");
    let caption = edge.or_else(|| node.get("caption"))?;
    caption_text(caption.as_str().or_else(|| text(caption, "text"))?)
}

/// A caption, cut to what is kept.
pub(super) fn caption_text(text: &str) -> Option<String> {
    let text: String = text.trim().chars().take(Post::MOST_CAPTION).collect();
    (!text.is_empty()).then_some(text)
}

fn user(node: &Value) -> Option<String> {
    let person = node.get("owner").and_then(|owner| text(owner, "username"));
    user_name(person.or_else(|| text(node.get("user")?, "username"))?)
}

/// A user's name, if it can be one.
pub(super) fn user_name(text: &str) -> Option<String> {
    let name = text.trim().trim_start_matches('@');
    let fits = !name.is_empty()
        && name.len() <= MOST_USER
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'));
    fits.then(|| name.to_owned())
}

/// Whether a text may be a file's address. Where it leads is looked at before anything is fetched.
pub(super) fn is_address(text: &str) -> bool {
    text.len() <= MOST_URL && (text.starts_with("https://") || text.starts_with("http://"))
}

/// One picture of which nothing else is known.
pub(super) fn picture(url: &str, width: Option<u32>, height: Option<u32>) -> Media {
    Media { kind: MediaKind::Image, url: url.to_owned(), width, height, duration_ms: None, thumbnail: None }
}
