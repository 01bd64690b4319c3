//! What Slack accepts, and what pings: judged from the posts alone, without the code that writes them.

use bridge_slack::convert::Post;
use serde_json::Value;

/// Elements that notify somebody.
const PINGS: [&str; 3] = ["user", "usergroup", "broadcast"];

/// Holds a post against Slack's limits and the shape of its blocks.
pub(crate) fn fits(post: &Post) {
    assert!(post.text.chars().count() <= 4_000, "a text of {} characters", post.text.chars().count());
    assert!(!post.text.trim().is_empty(), "a post without a text is refused, and notifies of nothing");
    let Some(blocks) = &post.blocks else { return };
    let blocks = blocks.as_array().expect("a list of blocks");
    assert!((1..=50).contains(&blocks.len()));
    for block in blocks {
        assert_eq!(block["type"], "rich_text", "an edit may not change a block's kind");
        some(block).iter().for_each(outer);
    }
    assert!(post.body().to_string().len() < 1_000_000);
}

/// The elements of something that may not be empty.
fn some(parent: &Value) -> &Vec<Value> {
    let elements = parent["elements"].as_array().expect("elements");
    assert!(!elements.is_empty(), "{parent}");
    elements
}

fn outer(element: &Value) {
    match element["type"].as_str() {
        Some("rich_text_list") => {
            assert!(matches!(element["style"].as_str(), Some("ordered" | "bullet")), "{element}");
            assert!(element["indent"].as_u64().is_some_and(|indent| indent <= 8), "{element}");
            for item in some(element) {
                assert_eq!(item["type"], "rich_text_section", "{element}");
                some(item).iter().for_each(inner);
            }
        }
        Some("rich_text_preformatted") => {
            for text in some(element) {
                assert!(matches!(text["type"].as_str(), Some("text" | "link")), "{element}");
                inner(text);
            }
        }
        Some("rich_text_section" | "rich_text_quote") => some(element).iter().for_each(inner),
        _ => panic!("{element}"),
    }
}

fn inner(element: &Value) {
    let text = |name: &str| element[name].as_str().unwrap_or_default();
    match text("type") {
        "text" => assert!((1..=3_000).contains(&text("text").chars().count()), "{element}"),
        "link" => {
            assert!((1..=3_000).contains(&text("url").chars().count()), "{element}");
            assert!(element.get("text").is_none_or(|label| label != ""), "{element}");
        }
        "emoji" => assert!(!text("name").is_empty(), "{element}"),
        "user" => assert!(!text("user_id").is_empty(), "{element}"),
        "channel" => assert!(!text("channel_id").is_empty(), "{element}"),
        "usergroup" => assert!(!text("usergroup_id").is_empty(), "{element}"),
        "broadcast" => assert!(matches!(text("range"), "here" | "channel"), "{element}"),
        "date" => assert!(element["timestamp"].is_i64() && !text("fallback").is_empty(), "{element}"),
        _ => panic!("{element}"),
    }
    if let Some(style) = element.get("style") {
        let marks = style.as_object().expect("marks");
        let known =
            |mark: &String| ["bold", "italic", "strike", "code", "underline"].contains(&mark.as_str());
        assert!(!marks.is_empty() && marks.keys().all(known), "{element}");
    }
}

/// Everything in a post that would notify somebody.
pub(crate) fn pings(post: &Post) -> Vec<String> {
    let signs = ["<!", "<@", "<#"];
    let mut found: Vec<String> =
        signs.iter().filter(|sign| post.text.contains(*sign)).map(ToString::to_string).collect();
    elements(post.blocks.as_ref().unwrap_or(&Value::Null), &mut found);
    found
}

fn elements(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| elements(value, found)),
        Value::Object(map) => {
            let kind = map.get("type").and_then(Value::as_str).unwrap_or_default();
            if PINGS.contains(&kind) || matches!(kind, "channel" | "mrkdwn") {
                found.push(kind.to_owned());
            }
            map.values().for_each(|value| elements(value, found));
        }
        _ => {}
    }
}
