//! Each shape is read into the post it was written from; refusals into what they say; anything else harms nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use super::{Reading, embed, graphql, mirror, oembed_graph, oembed_web, page};
use crate::links::PostId;
use crate::post::{Post, Withheld};
use crate::testing::shapes;

const JPEG: &str = "https://scontent-a.cdninstagram.com/v/a.jpg?oe=68FF0000&_nc=1";
const MP4: &str = "https://scontent-a.cdninstagram.com/v/b.mp4?oe=68FF0000&_nc=2";

fn all(body: &str, id: &PostId) -> [Reading; 6] {
    [
        embed(body, id),
        graphql(body, id),
        page(body, id),
        mirror(body, id),
        oembed_graph(body, id),
        oembed_web(body, id),
    ]
}

fn carousel() -> Post {
    shapes::post("DAbcdefghij", vec![shapes::image(JPEG), shapes::video(MP4, JPEG), shapes::image(JPEG)])
}

fn reel() -> Post {
    shapes::post("DAbcdefghij", vec![shapes::video(MP4, JPEG)])
}

#[test]
fn every_shape_with_data_gives_the_whole_post() {
    for post in [carousel(), reel(), shapes::post("DAbcdefghij", vec![shapes::image(JPEG)])] {
        let node = shapes::older(&post, false);
        let readings = [
            embed(&shapes::embed("shortcode_media", &node), &post.id),
            embed(&shapes::embed("xdt_shortcode_media", &node), &post.id),
            embed(&shapes::embed_escaped(&node), &post.id),
            graphql(&shapes::graphql_older(&node), &post.id),
            graphql(&shapes::graphql_newer(&shapes::newer(&post)), &post.id),
            page(&shapes::page_with_data(&post), &post.id),
        ];
        for (index, reading) in readings.into_iter().enumerate() {
            assert_eq!(reading, Ok(post.clone()), "shape {index}");
        }
    }
}

#[test]
fn a_withheld_video_leaves_its_still() {
    let post = carousel();
    let read = graphql(&shapes::graphql_older(&shapes::older(&post, true)), &post.id).unwrap();
    assert_eq!((read.withheld, read.media.len()), (Withheld::Video, 3));
    assert_eq!((read.media[1].url.as_str(), read.media[1].kind), (JPEG, crate::post::MediaKind::Image));
    let read = embed(&shapes::embed_elements(&reel(), true), &post.id).unwrap();
    assert_eq!((read.withheld, read.media[0].url.as_str()), (Withheld::Video, JPEG));
}

#[test]
fn elements_serve_where_there_is_no_data() {
    let post = reel();
    let read = embed(&shapes::embed_elements(&post, false), &post.id).unwrap();
    assert_eq!(read.media[0].url, MP4);
    assert_eq!(read.media[0].thumbnail.as_deref(), Some(JPEG));
    assert_eq!((&read.user, &read.caption, read.withheld), (&post.user, &post.caption, Withheld::Nothing));
    // The data is there and says nothing.
    let both = shapes::embed("shortcode_media", &Value::Null) + &shapes::embed_elements(&post, false);
    assert_eq!(embed(&both, &post.id).unwrap(), read);
}

#[test]
fn tags_of_previews_give_a_part() {
    let post = carousel();
    let read = page(&shapes::page_with_tags(&post), &post.id).unwrap();
    assert_eq!((&read.user, &read.caption), (&post.user, &post.caption));
    assert_eq!((read.media[0].url.as_str(), read.withheld), (JPEG, Withheld::Rest));
    let read = mirror(&shapes::page_with_tags(&reel()), &post.id).unwrap();
    assert_eq!((read.media[0].url.as_str(), read.withheld), (MP4, Withheld::Nothing));
}

#[test]
fn interfaces_for_showing_posts_give_words() {
    let post = reel();
    let read = oembed_graph(&shapes::oembed_graph(&post), &post.id).unwrap();
    assert_eq!((&read.user, read.caption, read.withheld), (&post.user, None, Withheld::All));
    let read = oembed_web(&shapes::oembed_web(&post, JPEG), &post.id).unwrap();
    assert_eq!((&read.user, &read.caption, read.withheld), (&post.user, &post.caption, Withheld::Rest));
    assert_eq!(read.media[0].width, Some(64));
}

#[test]
fn another_posts_data_is_not_taken() {
    let post = carousel();
    let id = PostId::read("OTHERpost11").unwrap();
    let node = shapes::older(&post, false);
    for reading in [
        embed(&shapes::embed("shortcode_media", &node), &id),
        embed(&shapes::embed_escaped(&node), &id),
        graphql(&shapes::graphql_newer(&shapes::newer(&post)), &id),
        page(&shapes::page_with_data(&post), &id),
    ] {
        assert!(reading.is_err(), "{reading:?}");
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    reader: String,
    body: Value,
    outcome: String,
}

#[test]
fn refusals() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("refusals.json")).unwrap();
    assert!(cases.len() > 20);
    let id = PostId::read("DAbcdefghij").unwrap();
    for case in cases {
        let body = case.body.as_str().map_or_else(|| case.body.to_string(), str::to_owned);
        let reading = match case.reader.as_str() {
            "embed" => embed(&body, &id),
            "graphql" => graphql(&body, &id),
            "page" => page(&body, &id),
            "oembed_graph" => oembed_graph(&body, &id),
            _ => oembed_web(&body, &id),
        };
        assert_eq!(reading.unwrap_err().name(), case.outcome, "{}", case.name);
    }
}

#[test]
fn much_of_a_key_takes_linear_time() {
    let id = PostId::read("DAbcdefghij").unwrap();
    for piece in [
        "\"contextJSON\":\"",
        "\"shortcode_media\":[",
        "\\\"shortcode_media\\\":{\\\"a\\\":",
        "{\"shortcode_media\":",
        "<a class='Caption'>",
        "<script data-sjs>{\"xig_polaris_media\":",
        "<meta property='og:title' content='",
    ] {
        for reading in all(&piece.repeat(100_000), &id) {
            assert!(reading.is_err(), "{piece}: {reading:?}");
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let keys = prop::sample::select(vec![
        "data",
        "shortcode_media",
        "xdt_shortcode_media",
        "if_not_gated_logged_out",
        "items",
        "node",
        "edges",
        "edge_sidecar_to_children",
        "carousel_media",
        "display_url",
        "video_url",
        "is_video",
        "owner",
        "username",
        "caption",
        "text",
        "image_versions2",
        "candidates",
        "url",
        "width",
        "video_duration",
        "html",
        "title",
        "error",
        "code",
        "message",
        "thumbnail_url",
        "shortcode",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(Value::from("https://a.cdninstagram.com/a.jpg")),
        "[ -~é\n\"]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..6)
                .prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

fn check(post: &Post) {
    assert!(post.media.len() <= Post::MOST_MEDIA);
    assert!(post.caption.as_ref().is_none_or(|caption| caption.chars().count() <= Post::MOST_CAPTION));
    assert!(post.media.iter().all(|media| media.url.len() <= 4_096));
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let id = PostId::read("DAbcdefghij").unwrap();
        for post in all(&String::from_utf8_lossy(&bytes), &id).into_iter().flatten() {
            check(&post);
        }
    }

    #[test]
    fn any_data_of_known_keys_is_read(value in any_json()) {
        let id = PostId::read("DAbcdefghij").unwrap();
        let page_of = format!("<script data-sjs>{value}</script>");
        let bodies =
            [value.to_string(), shapes::embed("shortcode_media", &value), shapes::embed_escaped(&value),
             shapes::graphql_newer(&value), page_of];
        for post in bodies.iter().flat_map(|body| all(body, &id)).flatten() {
            check(&post);
        }
    }

    #[test]
    fn a_shape_that_is_cut_off_or_damaged_is_read(at in 0..4_000_usize, with in "[\"\\\\<>{}\\[\\]:a]{0,3}") {
        let post = carousel();
        let node = shapes::older(&post, false);
        for body in [shapes::embed("shortcode_media", &node), shapes::embed_escaped(&node),
                     shapes::page_with_data(&post), shapes::page_with_tags(&post), shapes::embed_elements(&post, false)] {
            let at = body.floor_char_boundary(at.min(body.len()));
            for damaged in [format!("{}{with}", &body[..at]), format!("{}{with}{}", &body[..at], &body[at..])] {
                for found in all(&damaged, &post.id).into_iter().flatten() {
                    check(&found);
                }
            }
        }
    }
}
