//! What outsiders may send: anything. It never panics, and takes time and memory by its size.

use bridge_core::content::{Block, RichText, html_read, html_write, plain};
use proptest::prelude::*;

use crate::sketch;

fn read(html: &str) -> RichText {
    html_read::read("the plain body", Some(html), &sketch::lookup())
}

/// How much of everything there is.
fn size(text: &RichText) -> usize {
    serde_json::to_string(text).unwrap().len()
}

proptest! {
    #[test]
    fn any_html_is_read(
        html in prop::collection::vec(
            prop_oneof![
                "</?(p|b|i|a|ul|ol|li|table|tr|td|th|pre|code|blockquote|h1|br|img|mx-reply|script|span|x)>",
                "<(a href|img src|ol start|span data-mx-spoiler|img data-mx-emoticon alt)=\"[a-z:/@#!.1]{0,9}\">",
                "[ a<>&;\"\n]{0,6}",
                "\\PC{0,4}",
            ],
            0..60,
        )
    ) {
        let html = html.concat();
        let text = read(&html);
        prop_assert!(size(&text) <= 1_000 + 120 * html.len());
        let lookup = sketch::lookup();
        let written = html_write::write(&text, &lookup, html_write::WriteOptions::default());
        prop_assert!(written.plain.len() <= 1_000 + 60 * html.len());
        let stored: RichText = serde_json::from_str(&serde_json::to_string(&text).unwrap()).unwrap();
        prop_assert_eq!(stored, text);
        html_read::mentioned("", Some(&html));
    }
}

/// Each is 64 KiB of what a tree builder or a careless walk handles badly.
#[test]
fn hostile_html_is_read_in_proportion() {
    let full = |piece: &str| piece.repeat(65_536 / piece.len());
    let marks: String = (0..4_000).flat_map(|n| ["<b a".to_owned(), n.to_string(), ">".to_owned()]).collect();
    let attributes: String = (0..12_000).flat_map(|n| [" a".to_owned(), n.to_string()]).collect();
    let hostile = [
        full("<div>"),
        full("<blockquote>"),
        full("<ul><li>x"),
        full("<ol>x"),
        full("<ul><blockquote>x"),
        full("<b>x"),
        full("<table><tr><td>x"),
        full("<br>"),
        full("<td><br><p>"),
        full("<a href=\"https://x.test\">x"),
        full("<p>x</b>"),
        full("x "),
        full("&lt;"),
        format!("{marks}{}", "<p>x".repeat(7_000)),
        format!("<b{attributes}>x"),
    ];
    for html in hostile {
        let text = read(&html);
        assert!(!text.is_empty(), "{}", &html[..20]);
        assert!(size(&text) <= 1_000 + 120 * html.len(), "{}", &html[..20]);
        assert!(plain::write(&text).len() <= 1_000 + 60 * html.len(), "{}", &html[..20]);
        serde_json::from_str::<RichText>(&serde_json::to_string(&text).unwrap()).unwrap();
    }
}

#[test]
fn what_no_event_can_hold_is_passed_over() {
    let plain = RichText::plain("the plain body");
    assert_eq!(read(&"<b>x</b>".repeat(40_000)), plain);
    assert_eq!(read(&format!("<b {}>x", "a ".repeat(10_000))), plain);
}

/// However deep the text, no client drops any of it for its depth, which the specification puts at 100.
#[test]
fn deep_text_is_written_flat() {
    let mut block = Block::Paragraph(vec![bridge_core::content::Span::text("the end")]);
    for _ in 0..200 {
        let item = bridge_core::content::Item { blocks: vec![block] };
        block = Block::Quote(vec![Block::List { start: None, items: vec![item] }]);
    }
    let html = html_write::html(&RichText { blocks: vec![block] }, &sketch::lookup());
    let parsed = ruma::html::Html::parse(&html);
    parsed.sanitize();
    assert!(parsed.to_string().contains("the end"));
}
