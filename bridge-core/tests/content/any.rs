//! Random rich text.

use bridge_core::content::{Block, Emoji, Item, Mention, RichText, Span, Style};
use bridge_core::id::{ChatId, RemoteUserId};
use proptest::prelude::*;

/// Nested blocks of all kinds, with names that the lookup of the sketches knows.
pub(crate) fn text() -> impl Strategy<Value = RichText> {
    prop::collection::vec(block(), 0..5).prop_map(|blocks| RichText { blocks })
}

/// Words, markup, spaces, composed characters.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-z<>&\" é😀]{1,12}", 1 => "[a-z]{30,60}", 1 => "( |a|👩🏽‍🚀|e\u{301}){1,9}"]
}

fn style() -> impl Strategy<Value = Style> {
    prop_oneof![
        2 => Just(Style::default()),
        1 => any::<[bool; 6]>().prop_map(|[bold, italic, strike, underline, code, spoiler]| Style {
            bold,
            italic,
            strike,
            underline,
            code,
            spoiler
        }),
    ]
}

fn leaf() -> impl Strategy<Value = Span> {
    let mention = prop_oneof![
        Just((Mention::User(RemoteUserId::new("U1")), "Alice")),
        Just((Mention::Chat(ChatId::new("C1")), "general")),
        Just((Mention::MatrixUser("@dan:hs.test".into()), "Dan")),
    ];
    let emoji = Emoji::Custom { name: "party".into(), url: Some("mxc://hs.test/p".into()) };
    prop_oneof![
        6 => (words(), style()).prop_map(|(text, style)| Span::Text { text, style }),
        1 => Just(Span::Break),
        1 => (mention, style())
            .prop_map(|((mention, label), style)| Span::Mention { mention, label: label.into(), style }),
        1 => style().prop_map(move |style| Span::Emoji { emoji: emoji.clone(), style }),
    ]
}

fn span() -> impl Strategy<Value = Span> {
    let label = (words(), style()).prop_map(|(text, style)| Span::Text { text, style });
    let link = ("[a-z?&\"=]{1,9}", prop::collection::vec(label, 0..3), style())
        .prop_map(|(path, label, style)| Span::Link { url: format!("https://x.test/{path}"), label, style });
    prop_oneof![8 => leaf(), 1 => link]
}

fn spans() -> impl Strategy<Value = Vec<Span>> {
    prop::collection::vec(span(), 1..6)
}

fn block() -> impl Strategy<Value = Block> {
    let code = (prop::option::of("[a-z]{1,5}"), "[a-z <>&\n]{1,40}[a-z]")
        .prop_map(|(language, text)| Block::Code { language, text });
    let rows = prop::collection::vec(prop::collection::vec(spans(), 2), 1..4);
    let flat = prop_oneof![
        6 => spans().prop_map(Block::Paragraph),
        1 => (1u8..7, spans()).prop_map(|(level, spans)| Block::Heading { level, spans }),
        1 => code,
        1 => (any::<bool>(), rows).prop_map(|(header, rows)| Block::Table { header, rows }),
        1 => Just(Block::Rule),
    ];
    flat.prop_recursive(4, 24, 4, |inner| {
        let item = prop::collection::vec(inner.clone(), 1..3).prop_map(|blocks| Item { blocks });
        prop_oneof![
            prop::collection::vec(inner, 1..3).prop_map(Block::Quote),
            (prop::option::of(0u32..20), prop::collection::vec(item, 1..4))
                .prop_map(|(start, items)| Block::List { start, items }),
        ]
    })
}

/// What is seen, without spaces and line breaks: each character with its formatting and the link it stands in.
pub(crate) fn seen(text: &RichText) -> Vec<(char, Style, String)> {
    let mut found = Vec::new();
    blocks(&text.blocks, &mut found);
    found.retain(|(character, ..)| !character.is_whitespace());
    found
}

type Seen = Vec<(char, Style, String)>;

fn blocks(blocks_: &[Block], found: &mut Seen) {
    for block in blocks_ {
        match block {
            Block::Paragraph(spans) | Block::Heading { spans, .. } => {
                line(spans, Style::default(), "", found);
            }
            Block::Quote(inner) => blocks(inner, found),
            Block::List { items, .. } => items.iter().for_each(|item| blocks(&item.blocks, found)),
            Block::Table { rows, .. } => {
                rows.iter().flatten().for_each(|cell| line(cell, Style::default(), "", found));
            }
            Block::Code { text, .. } => {
                found.extend(text.chars().map(|it| (it, Style::default(), "code".into())));
            }
            Block::Rule => found.push(('-', Style::default(), "rule".into())),
            _ => unreachable!("the strategy makes no other blocks"),
        }
    }
}

fn line(spans: &[Span], around: Style, link: &str, found: &mut Seen) {
    for span in spans {
        let style = around.union(span.style().unwrap_or_default());
        match span {
            Span::Text { text, .. } => found.extend(text.chars().map(|it| (it, style, link.to_owned()))),
            Span::Link { url, label, .. } if label.iter().all(Span::is_empty) => {
                found.extend(url.chars().map(|it| (it, style, url.clone())));
            }
            Span::Link { url, label, .. } => line(label, style, url, found),
            Span::Mention { mention, label, .. } => {
                found.extend(label.chars().map(|it| (it, style, format!("{mention:?}"))));
            }
            Span::Emoji { emoji, .. } => found.push(('e', style, format!("{emoji:?}"))),
            _ => {}
        }
    }
}
