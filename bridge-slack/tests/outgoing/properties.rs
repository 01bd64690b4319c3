//! What holds for every content: it fits Slack's limits, and pings nobody who was not mentioned.

use bridge_core::content::{Block, Message, PartBody, RichText, Span};
use bridge_core::event::{MatrixEvent, MatrixKind, Speaker, from_matrix};
use bridge_core::id::{ChatId, ChatKey, DedupKey};
use bridge_slack::convert::{Options, Piece, Post, Standing, encode};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{any, cases, judge, world};

fn html(body: &str, html: &str) -> Value {
    json!({
        "msgtype": "m.text", "body": body, "format": "org.matrix.custom.html", "formatted_body": html,
        "m.mentions": { "room": true },
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Characters of which Slack's commands are made, and others.
fn typed() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "[<>!@#&|^:;/`*_~a-zA-Z0-9 \n]{0,60}",
        1 => vec(
            prop_oneof![
                "<[!@#]?(channel|here|everyone|U0ALICE|C0GENERAL|subteam\\^S0ALL)?(\\|[a-z<>]{0,3})?>?",
                "&(lt|gt|amp|LT|#60);?",
                "(https?://|mailto:)[a-z./|<>!]{0,9}",
                "[ \n`*_~>]",
            ],
            0..12
        )
        .prop_map(|words| words.concat()),
        1 => "\\PC{0,30}",
    ]
}

/// The text in an element of every kind; none of them names anybody.
fn places(text: &str) -> Vec<Value> {
    let inner = escaped(text);
    let mut contents =
        vec![json!({ "msgtype": "m.text", "body": text }), json!({ "msgtype": "m.emote", "body": text })];
    for (open, close) in [
        ("", ""),
        ("<b><i>", "</i></b>"),
        ("<code>", "</code>"),
        ("<pre><code>", "</code></pre>"),
        ("<blockquote>", "</blockquote>"),
        ("<ol><li>", "</li></ol>"),
        ("<h1>", "</h1>"),
        ("<table><tr><td>", "</td></tr></table>"),
        ("<span data-mx-spoiler=\"&lt;!here&gt;\">", "</span>"),
        ("<a href=\"https://a.test\">", "</a>"),
        ("<a href=\"https://matrix.to/#/@carol:hs.test\">", "</a>"),
        ("<a href=\"https://matrix.to/#/!other:hs.test\">", "</a>"),
    ] {
        contents.push(html("x", &format!("a{open}{inner}{close}b")));
    }
    for (open, close) in [
        ("<a href=\"https://a.test/", "\">x</a>"),
        ("<a href=\"", "\">x</a>"),
        ("<img data-mx-emoticon alt=\"", "\">"),
        ("<img src=\"", "\" alt=\"x\">"),
        ("<pre><code class=\"language-", "\">x</code></pre>"),
        ("<ol start=\"", "\"><li>x</li></ol>"),
        ("<span data-mx-spoiler=\"", "\">x</span>"),
    ] {
        contents.push(html("x", &format!("a{open}{inner}{close}b")));
    }
    contents
}

fn post(text: RichText) -> Vec<Post> {
    let chat = ChatKey::shared(ChatId::new("t1-c0general"));
    let kind = MatrixKind::Message(Message::text(text));
    let event = MatrixEvent::new(chat, Speaker::Login, 0, DedupKey::new("m1"), kind);
    let pieces = encode(&event, &Options::default(), &Standing::default());
    pieces.into_iter().filter_map(Piece::into_post).collect()
}

fn has_mention(content: &Value) -> bool {
    let message = from_matrix::message(content, &world::lookup());
    message.iter().flat_map(|message| &message.parts).any(|part| match &part.body {
        PartBody::Text(text) => !text.mentions().is_empty(),
        _ => false,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_typed_pings(text in typed()) {
        for content in places(&text.replace("@room", "@ room")) {
            for broadcast in [false, true] {
                for post in world::posts(&content, broadcast) {
                    prop_assert_eq!(judge::pings(&post), Vec::<String>::new(), "{} gives {:?}", content, post);
                    judge::fits(&post);
                }
            }
        }
    }

    #[test]
    fn any_html_fits(
        pieces in vec(
            prop_oneof![
                4 => "</?(p|b|i|s|u|a|ul|ol|li|table|tr|td|th|pre|code|blockquote|h1|br|hr|mx-reply|sup|details|x)>",
                1 => "<(a href|img src|ol start|span data-mx-spoiler|img data-mx-emoticon alt)=\"[a-z:/@#!.1]{0,9}\">",
                1 => Just("<a href=\"https://matrix.to/#/@bob:hs.test\">".to_owned()),
                1 => Just("@room".to_owned()),
                3 => "[ a<>&;\"\n]{0,6}",
                1 => "\\PC{0,4}",
                1 => "[a-z]{300}",
            ],
            0..60,
        ),
        times in 1_usize..4,
    ) {
        let content = html("the body", &pieces.concat().repeat(times));
        for post in world::posts(&content, true) {
            judge::fits(&post);
            prop_assert!(has_mention(&content) || judge::pings(&post).is_empty(), "{}", post.text);
        }
    }

    #[test]
    fn any_rich_text_fits(text in any::text(), times in 1_usize..12) {
        let blocks: Vec<Block> = text.blocks.iter().cycle().take(text.blocks.len() * times).cloned().collect();
        for post in post(RichText { blocks }) {
            judge::fits(&post);
        }
    }
}

/// All places of a document, as paths of keys and indexes.
fn paths(value: &Value, at: &str, out: &mut Vec<String>) {
    if !at.is_empty() {
        out.push(at.to_owned());
    }
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| paths(value, &format!("{at}/{key}"), out)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, value)| paths(value, &format!("{at}/{index}"), out));
        }
        _ => {}
    }
}

/// Every field of every sample is dropped and retyped in turn: whatever else is odd, a text with a body arrives.
#[test]
fn the_text_survives_odd_fields() {
    let odd = [
        Value::Null,
        json!(true),
        json!(-7),
        json!(1.5),
        json!(""),
        json!("odd"),
        json!([null, 1, "x", {}]),
        json!({ "type": 5, "event_id": [], "url": {} }),
    ];
    let mut tried = 0;
    for (_, case) in cases::all() {
        let content = &case["in"];
        let is_told = |content: &Value| content["body"].as_str().is_some_and(|body| !body.trim().is_empty());
        let says = |content: &Value| !world::posts(content, true).is_empty();
        let must = says(content) && content["msgtype"] == "m.text";
        let mut all = Vec::new();
        paths(content, "", &mut all);
        for path in all {
            let mut changed: Vec<Value> = Vec::new();
            for value in &odd {
                let mut with = content.clone();
                *with.pointer_mut(&path).unwrap() = value.clone();
                changed.push(with);
            }
            let (parent, key) = path.rsplit_once('/').unwrap();
            let mut without = content.clone();
            if let Some(Value::Object(map)) = without.pointer_mut(parent) {
                map.remove(key);
                changed.push(without);
            }
            for content in changed {
                tried += 1;
                let must = must && path != "/msgtype" && is_told(&content);
                assert!(says(&content) || !must, "{}: {path}: {content}", case["name"]);
            }
        }
    }
    assert!(tried > 10_000, "{tried}");
}

#[test]
fn much_of_everything_fits() {
    let line = |text: &str| Block::Paragraph(vec![Span::text(text)]);
    let mut deep = line("the end");
    for _ in 0..200 {
        deep = Block::Quote(vec![deep, line(&"deeper ".repeat(20))]);
    }
    let rows = (0..500).map(|row| (0..30).map(|cell| vec![Span::text(format!("{row}.{cell}"))]).collect());
    for block in [
        deep,
        line(&"<".repeat(20_000)),
        line(&"👩🏽‍🚀".repeat(5_000)),
        Block::Code { language: Some("rust".to_owned()), text: "`&`\n".repeat(9_000) },
        Block::Table { header: true, rows: rows.collect() },
        Block::Table { header: false, rows: vec![vec![vec![Span::text("wide ".repeat(9_000))]; 3]] },
    ] {
        let posts = post(RichText { blocks: vec![block] });
        assert!(posts.len() > 1);
        posts.iter().for_each(judge::fits);
    }
}
