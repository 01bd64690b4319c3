//! Text from outside stays text: nothing in it pings, whatever it looks like.

use bridge_core::content::{Block, Emoji, Item, Mention, RichText, Span, Style};
use bridge_core::id::{ChatId, RemoteUserId};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use serde_json::Value;

use super::super::{blocks_write, mrkdwn_read};
use super::{escape, write};

/// What people may try, so that a text becomes a mention, a link or a command.
const TRICKS: &[&str] = &[
    "<!channel>",
    "<!here>",
    "<!everyone>",
    "<!group>",
    "<@U0ADMIN>",
    "<@U0ADMIN|me>",
    "<#C0SECRET>",
    "<#C0SECRET|x>",
    "<!subteam^S0ALL>",
    "<!subteam^S0ALL|@all>",
    "<!date^0^{date}|x>",
    "<https://evil.test|https://bank.test>",
    "&lt;!channel&gt;",
    "&amp;lt;!channel&amp;gt;",
    "&#60;!channel&#62;",
    "&#x3c;!channel&#x3e;",
    "&LT;!channel&GT;",
    "&lt!channel&gt",
    "\u{ff1c}!channel\u{ff1e}",
    "\u{2039}!channel\u{203a}",
    "\u{3008}!channel\u{3009}",
    "\u{fe64}!channel\u{fe65}",
    "<\u{200b}!channel>",
    "<\u{feff}!channel>",
    "<!\u{200b}channel>",
    "<\u{0}!channel>",
    "<\n!channel>",
    "<!channel\n>",
    "<!channel",
    "!channel>",
    "<<!channel>>",
    "<<<!channel",
    "><!channel><",
    "<!channel|<!here>>",
    "<x|<!channel>>",
    "`<!channel>`",
    "```<!channel>```",
    "```\n```<!channel>",
    "`x`<!channel>`y`",
    "*<!channel>*",
    "_<@U0ADMIN>_",
    "~<!here>~",
    "> <!channel>",
    ">>> <!channel>",
    "\u{2022} <!channel>",
    "\u{202e}<!channel>\u{202c}",
    "[x](<!channel>)",
    "\\<!channel\\>",
    "%3C!channel%3E",
    "<! channel>",
    "< !channel>",
    "<!CHANNEL>",
    "|<!channel>|",
    ":<!channel>:",
    "@channel @here @everyone",
];

/// The text in every place that text can stand in.
fn places(trick: &str) -> Vec<RichText> {
    let text = |style| Span::Text { text: trick.replace('\n', " "), style };
    let bold = Style { bold: true, italic: true, strike: true, ..Style::default() };
    let code = Style { code: true, ..Style::default() };
    let paragraph = || Block::Paragraph(vec![text(Style::default())]);
    let mention = |mention| Span::Mention { mention, label: trick.to_owned(), style: bold };
    let spans = vec![
        vec![text(Style::default())],
        vec![text(bold)],
        vec![text(code)],
        vec![text(Style { spoiler: true, ..Style::default() })],
        vec![text(code), text(Style::default()), text(bold)],
        vec![Span::Link { url: trick.to_owned(), label: vec![text(bold)], style: bold }],
        vec![Span::Link { url: trick.to_owned(), label: Vec::new(), style: bold }],
        vec![Span::Link { url: "https://a.test".to_owned(), label: vec![text(bold)], style: bold }],
        vec![Span::Link { url: format!("https://a.test/{trick}"), label: vec![text(code)], style: bold }],
        vec![mention(Mention::User(RemoteUserId::new(trick)))],
        vec![mention(Mention::User(RemoteUserId::new(format!("t1-u1-{trick}"))))],
        vec![mention(Mention::Chat(ChatId::new(trick)))],
        // A group's own id is the one text that may ping, as a mention.
        vec![mention(Mention::Group(format!(".{trick}")))],
        vec![mention(Mention::Group(format!("S1{trick}>")))],
        vec![mention(Mention::Everyone), mention(Mention::Here)],
        vec![mention(Mention::MatrixUser(trick.to_owned()))],
        vec![mention(Mention::MatrixLink(trick.to_owned()))],
        vec![Span::Emoji { emoji: Emoji::Custom { name: trick.to_owned(), url: None }, style: bold }],
        vec![Span::Emoji { emoji: Emoji::Unicode(trick.to_owned()), style: bold }],
        vec![Span::Date { at_ms: 0, label: trick.to_owned(), style: bold }],
    ];
    let blocks = vec![
        Block::Heading { level: 1, spans: vec![text(code)] },
        Block::Quote(vec![paragraph(), Block::Quote(vec![paragraph()])]),
        Block::List { start: Some(1), items: vec![Item { blocks: vec![paragraph()] }] },
        Block::Code { language: Some(trick.to_owned()), text: trick.to_owned() },
        Block::Quote(vec![Block::Code { language: None, text: trick.to_owned() }]),
        Block::Table { header: true, rows: vec![vec![vec![text(bold)]], vec![vec![text(code)]]] },
    ];
    let spans = spans.into_iter().map(Block::Paragraph);
    spans.chain(blocks).map(|block| RichText { blocks: vec![block] }).collect()
}

/// Whether there is anything in it that Slack reads as a mention or a command.
fn pings(mrkdwn: &str) -> bool {
    ["<!", "<@", "<#"].iter().any(|sign| mrkdwn.contains(sign))
}

/// Whether every bracket is one of a link of ours.
fn only_links(mrkdwn: &str) -> bool {
    mrkdwn.split('<').skip(1).all(|rest| {
        ["https://", "http://", "mailto:"].iter().any(|scheme| rest.starts_with(scheme)) && rest.contains('>')
    })
}

/// Whether blocks hold an element that pings.
fn block_pings(value: &Value) -> bool {
    match value {
        Value::Array(list) => list.iter().any(block_pings),
        Value::Object(map) => {
            let kind = map.get("type").and_then(Value::as_str).unwrap_or_default();
            matches!(kind, "user" | "channel" | "usergroup" | "broadcast" | "mrkdwn")
                || map.values().any(block_pings)
        }
        _ => false,
    }
}

#[test]
fn no_text_pings() {
    assert!(TRICKS.len() >= 50);
    for trick in TRICKS {
        for text in places(trick) {
            let written = write(&text, false);
            assert!(!pings(&written) && only_links(&written), "{trick:?} as {text:?}: {written:?}");
            let blocks = blocks_write::write(&text, false);
            assert!(!block_pings(&blocks), "{trick:?} as {text:?}: {blocks}");
        }
    }
}

#[test]
fn mentions_ping_only_as_such() {
    let everyone =
        Span::Mention { mention: Mention::Everyone, label: "@room".to_owned(), style: Style::default() };
    let text = RichText { blocks: vec![Block::Paragraph(vec![everyone, Span::text(" <!here>")])] };
    assert_eq!(write(&text, true), "<!channel> &lt;!here&gt;");
    assert_eq!(write(&text, false), "@room &lt;!here&gt;");
}

proptest! {
    #[test]
    fn any_text_comes_back_as_text(text in any::<String>()) {
        prop_assert_eq!(mrkdwn_read::unescape(&escape(&text)), text);
    }

    #[test]
    fn any_text_anywhere_pings_nobody(text in "[<>!@#&|^:;/`*_~a-zA-Z0-9 \\n]{0,40}") {
        for text in places(&text) {
            let written = write(&text, false);
            prop_assert!(!pings(&written) && only_links(&written), "{:?}: {:?}", text, written);
            prop_assert!(!block_pings(&blocks_write::write(&text, false)));
        }
    }
}

/// Words of one mark or several each, with spaces between: all that mrkdwn can hold. It has no underlining, and marks
/// count only at the ends of words.
fn words() -> impl Strategy<Value = Vec<Span>> {
    let word = ("[a-zA-Z0-9é世][a-zA-Z0-9é世<>&]{0,7}", any::<[bool; 4]>()).prop_map(
        |(text, [bold, italic, strike, code])| Span::Text {
            text,
            style: Style { bold, italic, strike, code, ..Style::default() },
        },
    );
    vec(word, 1..8)
        .prop_map(|words| words.into_iter().flat_map(|word| [Span::text(" "), word]).skip(1).collect())
}

/// Each character that is seen, with its style.
fn seen(text: &RichText) -> Vec<(char, Style)> {
    let mut found = Vec::new();
    for block in &text.blocks {
        let spans = super::super::flatten::spans(std::slice::from_ref(block));
        for span in &spans {
            if let Span::Text { text, style } = span {
                found.extend(text.chars().filter(|c| !c.is_whitespace()).map(|c| (c, *style)));
            }
        }
    }
    found
}

proptest! {
    #[test]
    fn written_and_read(lines in vec(words(), 1..4), is_quote in any::<bool>()) {
        let paragraphs = || lines.iter().cloned().map(Block::Paragraph).collect();
        let blocks = if is_quote { vec![Block::Quote(paragraphs())] } else { paragraphs() };
        let text = RichText { blocks };
        let read = mrkdwn_read::read(&write(&text, false), "T1");
        prop_assert_eq!(seen(&read), seen(&text), "{}", write(&text, false));
    }
}

proptest! {
    #[test]
    fn a_length_is_told_up_to_what_is_asked(lines in vec(words(), 1..9), most in 0_usize..200) {
        let item = |spans: Vec<Span>| Item { blocks: vec![Block::Quote(vec![Block::Paragraph(spans)])] };
        let list = Block::List { start: Some(9), items: lines.iter().cloned().map(item).collect() };
        let mut blocks: Vec<Block> = lines.into_iter().map(Block::Paragraph).collect();
        blocks.push(list);
        let text = RichText { blocks };
        let whole = write(&text, false).chars().count();
        let length = super::length(&text, false, most);
        let allowed = if whole <= most { whole..=whole } else { most + 1..=whole };
        prop_assert!(allowed.contains(&length), "{} of {}", length, whole);
    }
}
