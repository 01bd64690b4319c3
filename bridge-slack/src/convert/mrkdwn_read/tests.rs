//! Any text can be read, in time that grows with its length.

use bridge_core::content::{Block, Span};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::super::flatten;
use super::super::mrkdwn_write::escape;
use super::{emoji_text, markdown, read};

#[test]
fn long_lines_of_signs() {
    for sign in [
        "*", "_a ", "~a", "`", "<", ":", "*a ", "a*", "* _", "<@", "&gt; ", "```", "``` ", "*_~`", "•  ",
        ":a", "[", "[a](",
    ] {
        let text = sign.repeat(40_000 / sign.len());
        // Slower than linear would take minutes here.
        assert!(!read(&text, "T1").is_empty() || text.trim().is_empty(), "{sign}");
        assert!(!markdown(&text, "T1").is_empty(), "{sign}");
    }
    assert!(!read(&"&gt; a\n• b\n".repeat(4_000), "T1").is_empty());
}

#[test]
fn plain_text_names_only_emoji() {
    let mut spans = super::Spans::default();
    emoji_text("a :wave: *b* &amp; <@U1>\nc", bridge_core::content::Style::default(), &mut spans);
    let spans = spans.into_spans();
    assert_eq!(flatten::plain(&spans), "a \u{1f44b} *b* &amp; <@U1>\nc");
    assert_eq!(spans.len(), 5);
}

proptest! {
    #[test]
    fn nothing_panics(text in any::<String>(), signs in "[<>!@#&|^:;`*_~a• \\n\\[\\]()-]{0,60}") {
        read(&text, "T1");
        read(&signs, "T1");
        markdown(&text, "T1");
        markdown(&signs, "T1");
    }

    #[test]
    fn text_without_signs_is_kept(text in "[a-zA-Z0-9.,!?<>&()é世 -]{1,60}") {
        let line = text.trim();
        let quoted = line.starts_with('>');
        let blocks = read(&escape(line), "T1").blocks;
        if !line.is_empty() && !quoted {
            prop_assert_eq!(blocks, vec![Block::Paragraph(vec![Span::text(line)])]);
        }
    }

    #[test]
    fn nothing_visible_is_lost(words in proptest::collection::vec("[a-z]{1,6}", 1..12), signs in proptest::collection::vec("[*_~` \\n]{1,2}", 12)) {
        let text: String = words.iter().zip(&signs).flat_map(|(word, sign)| [sign.as_str(), word.as_str()]).collect();
        let seen = flatten::plain(&flatten::spans(&read(&text, "T1").blocks));
        let mut rest = seen.as_str();
        for word in &words {
            let at = rest.find(word.as_str());
            prop_assert!(at.is_some(), "{:?} in {:?}", word, seen);
            rest = &rest[at.unwrap_or(0) + word.len()..];
        }
    }
}
