//! Writes a post in each shape in which the site's sources answer.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::links::PostId;
use crate::post::{Media, MediaKind, Post, Withheld};

/// A post of one picture.
pub fn post(id: &str, media: Vec<Media>) -> Post {
    Post {
        id: PostId::read(id).expect("an id"),
        user: Some("some.user_1".to_owned()),
        caption: Some("A cat & a \"dog\" <b>\n#cats 🐈".to_owned()),
        media,
        withheld: Withheld::Nothing,
    }
}

/// A picture.
pub fn image(url: &str) -> Media {
    Media {
        kind: MediaKind::Image,
        url: url.to_owned(),
        width: Some(64),
        height: Some(48),
        duration_ms: None,
        thumbnail: None,
    }
}

/// A video with its still.
pub fn video(url: &str, still: &str) -> Media {
    Media {
        kind: MediaKind::Video,
        url: url.to_owned(),
        width: Some(32),
        height: Some(56),
        duration_ms: Some(1_500),
        thumbnail: Some(still.to_owned()),
    }
}

/// The older description, `shortcode_media` or `xdt_shortcode_media`. With `withheld`, videos come without their file.
pub fn older(post: &Post, withheld: bool) -> Value {
    let one = |media: &Media| {
        let mut node = json!({
            "__typename": if media.kind == MediaKind::Video { "XDTGraphVideo" } else { "XDTGraphImage" },
            "display_url": media.thumbnail.as_ref().unwrap_or(&media.url),
            "dimensions": { "width": media.width, "height": media.height },
            "is_video": media.kind == MediaKind::Video,
        });
        if media.kind == MediaKind::Video && !withheld {
            node["video_url"] = json!(media.url);
            node["video_duration"] = json!(seconds(media));
        }
        node
    };
    let mut node = match post.media.as_slice() {
        [only] => one(only),
        several => json!({
            "__typename": "XDTGraphSidecar",
            "display_url": several.first().map(|media| media.thumbnail.as_ref().unwrap_or(&media.url)),
            "edge_sidecar_to_children": {
                "edges": several.iter().map(|media| json!({ "node": one(media) })).collect::<Vec<_>>()
            },
        }),
    };
    node["shortcode"] = json!(post.id.as_str());
    node["owner"] = json!({ "username": post.user, "is_private": false });
    let caption = post.caption.iter().map(|text| json!({ "node": { "text": text } }));
    node["edge_media_to_caption"] = json!({ "edges": caption.collect::<Vec<_>>() });
    node
}

/// The newer description, as it stands under `if_not_gated_logged_out`.
pub fn newer(post: &Post) -> Value {
    let one = |media: &Media| {
        let still = media.thumbnail.as_ref().unwrap_or(&media.url);
        let mut node = json!({
            "media_type": if media.kind == MediaKind::Video { 2 } else { 1 },
            "image_versions2": { "candidates": [
                { "url": still, "width": media.width, "height": media.height },
                { "url": "https://scontent.cdninstagram.com/small.jpg", "width": 1, "height": 1 },
            ] },
            "original_width": media.width,
            "original_height": media.height,
        });
        if media.kind == MediaKind::Video {
            node["video_versions"] = json!([{ "type": 101, "url": media.url }]);
            node["video_duration"] = json!(seconds(media));
        }
        node
    };
    let mut node = match post.media.as_slice() {
        [only] => one(only),
        several => {
            json!({ "media_type": 8, "carousel_media": several.iter().map(one).collect::<Vec<_>>() })
        }
    };
    node["code"] = json!(post.id.as_str());
    node["user"] = json!({ "username": post.user });
    node["caption"] = json!({ "text": post.caption });
    node
}

#[allow(clippy::cast_precision_loss, reason = "a few thousand milliseconds")]
fn seconds(media: &Media) -> f64 {
    media.duration_ms.unwrap_or_default() as f64 / 1_000.0
}

/// An embed page with its data: `node` under `key`, in JSON in a string of JSON in a script.
pub fn embed(key: &str, node: &Value) -> String {
    let context = json!({ "context": { "type": "embed" }, "gql_data": { key: node } }).to_string();
    let init = json!([["PolarisEmbedSimple", "init", [], [{ "contextJSON": context, "x": 1 }]]]);
    format!(
        "<!DOCTYPE html><html><body class=\"EmbedFrame\"><div class=\"Embed\"></div>\
         <script>requireLazy([\"a\"],function(s){{s.handle({{\"require\":{init}}});}});</script></body></html>"
    )
}

/// An embed page whose data stands in a string of a program.
pub fn embed_escaped(node: &Value) -> String {
    let data = json!({ "gql_data": { "shortcode_media": node } }).to_string();
    let literal = Value::String(data).to_string();
    format!(
        "<html><body class=\"Embed\"><script>(function TimeSliceImpl(){{f({literal})}})</script></body></html>"
    )
}

/// An embed page with elements only.
pub fn embed_elements(post: &Post, watch_on_instagram: bool) -> String {
    let mut page = String::from("<html><body><div class=\"Embed\"><div class=\"Header\">");
    let user = post.user.as_deref().unwrap_or_default();
    let _ = write!(page, "<a class=\"Username\"><span class=\"UsernameText\">{user}</span></a></div>");
    if let Some(media) = post.media.first() {
        let url = escape(media.thumbnail.as_ref().unwrap_or(&media.url));
        let _ =
            write!(page, "<div class=\"Content\"><img class=\"EmbeddedMediaImage\" alt=\"x\" src=\"{url}\">");
        if media.kind == MediaKind::Video && !watch_on_instagram {
            let _ =
                write!(page, "<video class=\"EmbeddedMediaVideo\" src=\"{}\"></video>", escape(&media.url));
        }
        page.push_str("</div>");
    }
    if watch_on_instagram {
        page.push_str("<a class=\"WatchOnInstagram\" href=\"#\">Watch on Instagram</a>");
    }
    let caption = escape(post.caption.as_deref().unwrap_or_default()).replace('\n', "<br>");
    let _ = write!(
        page,
        "<div class=\"Caption\"><a class=\"CaptionUsername\">{user}</a> {caption}\
         <div class=\"CaptionComments\"><a>View all 3 comments</a></div></div></div></body></html>"
    );
    page
}

/// An answer to the question, in the older shape.
pub fn graphql_older(node: &Value) -> String {
    json!({ "data": { "xdt_shortcode_media": node }, "status": "ok" }).to_string()
}

/// An answer to the question, in the newer shape.
pub fn graphql_newer(node: &Value) -> String {
    json!({ "data": { "xig_polaris_media": { "if_not_gated_logged_out": node } } }).to_string()
}

/// A post's page with its data, between that of another post.
pub fn page_with_data(post: &Post) -> String {
    let mut other = newer(post);
    other["code"] = json!("OTHERother1");
    other["caption"] = json!({ "text": "another post" });
    let wrapped = |node: Value| {
        let code = node["code"].clone();
        json!({ "require": [["ScheduledServerJS", "handle", null, [{ "__bbox": { "result": { "data": {
            "xig_polaris_media": { "code": code, "if_not_gated_logged_out": node } } } } }]]] })
    };
    format!(
        "<html><head><title>Instagram</title></head><body>\
         <script type=\"application/json\" data-sjs>{}</script>\
         <script type=\"application/json\" data-content-len=\"9\" data-sjs>{}</script></body></html>",
        wrapped(other),
        wrapped(newer(post))
    )
}

/// A post's page with the tags of previews only.
pub fn page_with_tags(post: &Post) -> String {
    let user = post.user.as_deref().unwrap_or_default();
    let caption = escape(post.caption.as_deref().unwrap_or_default());
    let mut page = format!(
        "<html><head><title>Some User on Instagram</title><meta property=\"og:site_name\" content=\"Instagram\">\
         <meta property=\"og:title\" content=\"Some User on Instagram: &quot;{caption}&quot;\">\
         <meta property=\"og:description\" content=\"12 likes, 3 comments - {user} on July 1, 2026: &quot;{caption}&quot;. \">"
    );
    if let Some(media) = post.media.first() {
        let still = escape(media.thumbnail.as_ref().unwrap_or(&media.url));
        let _ = write!(page, "<meta property=\"og:image\" content=\"{still}\">");
        if media.kind == MediaKind::Video {
            let _ = write!(page, "<meta property=\"og:video\" content=\"{}\">", escape(&media.url));
        }
    }
    page.push_str("</head><body></body></html>");
    page
}

/// The answer of the documented interface.
pub fn oembed_graph(post: &Post) -> String {
    let user = post.user.as_deref().unwrap_or_default();
    json!({
        "version": "1.0", "provider_name": "Instagram", "type": "rich", "width": 658,
        "html": format!("<blockquote class=\"instagram-media\"><a href=\"#\">A post shared by Some User (@{user})</a></blockquote>"),
    })
    .to_string()
}

/// The answer of the older interface.
pub fn oembed_web(post: &Post, preview: &str) -> String {
    json!({
        "version": "1.0", "type": "rich", "title": post.caption, "author_name": post.user,
        "thumbnail_url": preview, "thumbnail_width": 64, "thumbnail_height": 48,
    })
    .to_string()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
