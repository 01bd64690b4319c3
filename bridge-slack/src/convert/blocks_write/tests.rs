//! What is written as blocks is read as the same text, as far as Slack can hold it.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use bridge_core::content::{Block, Emoji, Item, Mention, RichText, Span, Style};
use bridge_core::id::{ChatId, RemoteUserId};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{
    BoxedStrategy, Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use serde_json::Value;

use super::super::blocks;
use super::super::spans::Spans;
use super::super::wire::Node;
use super::write;

fn read(blocks: &Value) -> blocks::Reading {
    let nodes: Vec<Node> = serde_json::from_value(blocks.clone()).unwrap();
    blocks::read(&nodes, "T1")
}

fn style() -> impl Strategy<Value = Style> {
    any::<[bool; 5]>().prop_map(|[bold, italic, strike, underline, code]| Style {
        bold,
        italic,
        strike,
        underline,
        code,
        ..Style::default()
    })
}

fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 <>&*_~`!@#:|é世👋-]{1,12}"
}

fn mention() -> impl Strategy<Value = (Mention, String)> {
    prop_oneof![
        "[UWB][A-Z0-9]{1,8}".prop_map(|id| {
            (Mention::User(RemoteUserId::new(format!("t1-{}", id.to_lowercase()))), format!("@{id}"))
        }),
        "C[A-Z0-9]{1,8}".prop_map(|id| (
            Mention::Chat(ChatId::new(format!("t1-{}", id.to_lowercase()))),
            format!("#{id}")
        )),
        "S[A-Z0-9]{1,8}".prop_map(|id| (Mention::Group(id.clone()), format!("@{id}"))),
        Just((Mention::Everyone, "@channel".to_owned())),
        Just((Mention::Here, "@here".to_owned())),
    ]
}

fn emoji() -> impl Strategy<Value = Emoji> {
    prop_oneof![
        prop_oneof![Just("👋"), Just("❤️"), Just("👍🏽"), Just("🇩🇪"), Just("🫱🏻‍🫲🏼")]
            .prop_map(|sequence| Emoji::Unicode(sequence.to_owned())),
        "zz_[a-z0-9_-]{1,8}".prop_map(|name| Emoji::Custom { name, url: None }),
    ]
}

fn span() -> impl Strategy<Value = Span> {
    prop_oneof![
        4 => (word(), style()).prop_map(|(text, style)| Span::Text { text, style }),
        1 => ("[a-z]{1,8}", option::of(word()), style()).prop_map(|(path, label, style)| Span::Link {
            url: format!("https://a.test/{path}"),
            label: label.into_iter().map(Span::text).collect(),
            style,
        }),
        1 => (mention(), style()).prop_map(|((mention, label), style)| Span::Mention { mention, label, style }),
        1 => (emoji(), style()).prop_map(|(emoji, style)| Span::Emoji { emoji, style }),
        1 => (0_i64..4_000_000_000, "[a-z0-9 ]{1,12}", style())
            .prop_map(|(s, label, style)| Span::Date { at_ms: s * 1_000, label, style }),
        1 => Just(Span::Break),
    ]
}

/// One paragraph in the form that reading gives: neighbours joined, no empty lines in it or around it.
fn spans() -> impl Strategy<Value = Vec<Span>> {
    vec(span(), 1..8).prop_map(|parts| {
        let mut spans = Spans::default();
        spans.push(Span::text("x"));
        let mut after_break = false;
        for span in parts {
            if !(after_break && span == Span::Break) {
                after_break = span == Span::Break;
                spans.push(span);
            }
        }
        if after_break {
            spans.push(Span::text("y"));
        }
        spans.into_spans()
    })
}

fn list(depth: u32) -> BoxedStrategy<Block> {
    let item = if depth == 0 {
        spans().prop_map(|spans| Item { blocks: vec![Block::Paragraph(spans)] }).boxed()
    } else {
        (spans(), option::weighted(0.4, list(depth - 1)))
            .prop_map(|(spans, nested)| {
                let blocks = [Block::Paragraph(spans)].into_iter().chain(nested).collect();
                Item { blocks }
            })
            .boxed()
    };
    (option::of(1_u32..50), vec(item, 1..4)).prop_map(|(start, items)| Block::List { start, items }).boxed()
}

/// What Slack can hold; the rest is flattened, and told in the cases.
fn text() -> impl Strategy<Value = RichText> {
    let quote = vec(spans().prop_map(Block::Paragraph), 1..3).prop_map(Block::Quote);
    let code = vec("[ -~é]{0,20}", 1..4).prop_map(|lines| format!("x{}y", lines.join("\n")));
    let block = prop_oneof![
        3 => spans().prop_map(Block::Paragraph),
        1 => list(2),
        1 => quote,
        1 => code.prop_map(|text| Block::Code { language: None, text }),
    ];
    vec(block, 1..6).prop_map(|blocks| {
        // Slack does not tell two lists apart that follow each other.
        let mut kept: Vec<Block> = Vec::new();
        for block in blocks {
            let lists =
                matches!(block, Block::List { .. }) && matches!(kept.last(), Some(Block::List { .. }));
            if !lists {
                kept.push(block);
            }
        }
        RichText { blocks: kept }
    })
}

proptest! {
    #[test]
    fn written_and_read(text in text()) {
        let blocks = write(&text, true);
        let reading = read(&blocks);
        prop_assert!(!reading.lossy, "{}", blocks);
        prop_assert_eq!(reading.text, text);
    }

    #[test]
    fn elements_are_not_too_long(text in "[a-zé\\n ]{1,9}", times in 1_usize..2_000) {
        let long = RichText::plain(&text.repeat(times));
        let blocks = write(&long, false);
        let mut all = Vec::new();
        texts(&blocks, &mut all);
        prop_assert!(all.iter().all(|text| text.chars().count() <= 3_000));
        prop_assert!(blocks.as_array().unwrap().len() <= 1);
    }
}

fn texts<'a>(value: &'a Value, out: &mut Vec<&'a str>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| texts(value, out)),
        Value::Object(map) => {
            out.extend(map.get("text").and_then(Value::as_str));
            map.values().for_each(|value| texts(value, out));
        }
        _ => {}
    }
}
