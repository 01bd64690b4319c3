//! Splitting rich text.

use bridge_core::content::{RichText, Span, Style, html_write, plain, split::split};
use proptest::prelude::*;

use crate::{any, sketch};

fn characters(text: &RichText) -> usize {
    plain::write(text).chars().count()
}

proptest! {
    #[test]
    fn keeps_all_that_is_seen(text in any::text(), limit in 100usize..300) {
        let pieces = split(&text, limit, characters);
        for piece in &pieces {
            prop_assert!(characters(piece) <= limit, "{} of {limit}: {piece:?}", characters(piece));
            prop_assert!(!piece.is_empty());
        }
        prop_assert_eq!(pieces.iter().flat_map(any::seen).collect::<Vec<_>>(), any::seen(&text));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// A limit that nothing fits still ends.
    #[test]
    fn ends_without_room(text in any::text()) {
        let measure = |text: &RichText| html_write::html(text, &sketch::lookup()).len();
        prop_assert!(split(&text, 3, measure).len() < 5_000);
    }
}

fn texts(value: &serde_json::Value, limit: usize) -> Vec<String> {
    split(&sketch::text(value), limit, characters).iter().map(plain::write).collect()
}

#[test]
fn cuts_where_it_hurts_least() {
    use serde_json::json;
    assert_eq!(texts(&json!(["one", "two", "three"]), 9), ["one\n\ntwo", "three"]);
    assert_eq!(texts(&json!([{"ol": [["one"], ["two"], ["three"]]}]), 13), ["1. one\n2. two", "3. three"]);
    assert_eq!(texts(&json!([["one two", "\n", "three"]]), 9), ["one two", "three"]);
    assert_eq!(texts(&json!(["one two three"]), 9), ["one two ", "three"]);
    assert_eq!(texts(&json!(["abcdefghij"]), 4), ["abcd", "efgh", "ij"]);
    assert_eq!(texts(&json!([["ab ", {"group": "g", "label": "@people"}]]), 9), ["ab ", "@people"]);
    assert_eq!(
        texts(&json!([{"code": "one\ntwo", "lang": "sh"}]), 14),
        ["```sh\none\n```", "```sh\ntwo\n```"]
    );
    assert_eq!(texts(&json!([{"quote": ["one", "two"]}]), 6), ["> one", "> two"]);
    assert_eq!(texts(&json!([{"table": [["a"], ["b"]], "header": true}]), 1), ["a", "b"]);
    assert_eq!(texts(&json!(["aé👩🏽"]), 3), ["aé", "👩🏽"]);
}

#[test]
fn cuts_a_long_text_quickly() {
    let span = Span::Text { text: "word ".repeat(100_000), style: Style::default() };
    let text = RichText { blocks: vec![bridge_core::content::Block::Paragraph(vec![span])] };
    let pieces = split(&text, 4_000, characters);
    assert_eq!(pieces.len(), 125);
    assert_eq!(pieces.iter().map(plain::write).collect::<String>(), plain::write(&text));
}

#[test]
fn a_long_word_fills_the_pieces() {
    let pieces = split(&RichText::plain(&"x".repeat(10_000)), 4_000, characters);
    assert_eq!(pieces.iter().map(characters).collect::<Vec<_>>(), [4_000, 4_000, 2_000]);
}

#[test]
fn what_is_measured_grows_with_the_text_alone() {
    let measured = |text: &RichText| {
        let total = std::cell::Cell::new(0);
        let measure = |text: &RichText| {
            let length = characters(text);
            total.set(total.get() + length);
            length
        };
        let pieces = split(text, 1_000, measure);
        assert!(pieces.len() > 1);
        total.get()
    };
    let deep = |depth: usize| {
        (0..depth).fold(vec![serde_json::json!("word ".repeat(4_000))], |inner, _| {
            vec![serde_json::json!({ "quote": inner })]
        })
    };
    let texts = [
        RichText::plain(&"a line of words\n".repeat(4_000)),
        RichText::plain(&format!("x{}x", "\n".repeat(60_000))),
        RichText::plain(&format!("{}x{}", "\n".repeat(60_000), "y ".repeat(1_000))),
        RichText::plain(&"x".repeat(60_000)),
        sketch::text(&serde_json::Value::Array(deep(1))),
        sketch::text(&serde_json::Value::Array(deep(15))),
    ];
    for text in texts {
        let (length, total) = (characters(&text), measured(&text));
        assert!(total < length * 25, "{total} measured for {length}: {:?}", plain::write(&text).get(..20));
    }
}
