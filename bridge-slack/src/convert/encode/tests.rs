//! Posts: how many, who speaks, what they carry.

use bridge_core::content::{Block, Emoji, Item, Mention, Message, MessageStyle, RichText, Span, Style};
use bridge_core::event::{MatrixEvent, MatrixKind, Speaker};
use bridge_core::id::{ChatId, ChatKey, DedupKey, PartId, RemoteMessageId};
use serde_json::json;

use super::super::{decode, mrkdwn_read};
use super::{MAX_TEXT, Options, Piece, Post, Standing};

/// The posts of an event that has no files.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "as what it stands for")]
fn encode(event: &MatrixEvent, options: &Options) -> Vec<Post> {
    let standing = match &event.kind {
        MatrixKind::Message(message) => Standing::of_thread(message.thread_root.as_ref()),
        _ => Standing::default(),
    };
    let posts = super::encode(event, options, &standing).into_iter().map(|piece| match piece {
        Piece::Post(post) => post,
        Piece::Upload(upload) => panic!("{upload:?}"),
    });
    posts.collect()
}

fn event(message: Message) -> MatrixEvent {
    spoken(message, Speaker::Login)
}

fn spoken(message: Message, speaker: Speaker) -> MatrixEvent {
    let chat = ChatKey::shared(ChatId::new("t0team-c0general"));
    MatrixEvent::new(chat, speaker, 1_700_000_000_000, DedupKey::new("m17"), MatrixKind::Message(message))
}

fn posts(text: RichText) -> Vec<Post> {
    encode(&event(Message::text(text)), &Options::default())
}

#[test]
fn a_post_says_all_that_slack_needs() {
    let mut message = Message::text(RichText::plain("a < b"));
    message.thread_root = Some(RemoteMessageId::new("t0team-c0general-1700000000.000100"));
    let name = "<!channel>\u{202e} Alice".to_owned();
    let avatar_url = Some("https://hs.test/a.png".to_owned());
    let posts = encode(&spoken(message, Speaker::Relayed { name, avatar_url }), &Options::default());
    assert_eq!(posts.len(), 1);
    assert_eq!(
        posts[0].body(),
        json!({
            "channel": "C0GENERAL",
            "thread_ts": "1700000000.000100",
            "text": "a &lt; b",
            "blocks": [{ "type": "rich_text", "elements": [
                { "type": "rich_text_section", "elements": [{ "type": "text", "text": "a < b" }] },
            ] }],
            "username": "‹!channel› Alice",
            "icon_url": "https://hs.test/a.png",
            "metadata": { "event_type": "matrix_bridge", "event_payload": { "marker": "m17/0" } },
            "unfurl_links": true,
            "unfurl_media": true,
            "link_names": false,
        })
    );
    assert_eq!(posts[0].part, PartId::first());
}

#[test]
fn the_login_itself_shows_no_other_name() {
    let body = posts(RichText::plain("a"))[0].body();
    assert!(
        body.get("username").is_none() && body.get("icon_url").is_none() && body.get("thread_ts").is_none()
    );
}

#[test]
fn previews_can_be_switched_off() {
    let options = Options { unfurl_links: false, unfurl_media: false, ..Options::default() };
    let body = encode(&event(Message::text(RichText::plain("a"))), &options)[0].body();
    assert_eq!((&body["unfurl_links"], &body["unfurl_media"]), (&json!(false), &json!(false)));
}

#[test]
fn an_emote_is_italic() {
    let mut message = Message::text(RichText {
        blocks: vec![
            Block::Paragraph(vec![
                Span::text("waves "),
                Span::Text { text: "a lot".to_owned(), style: Style { bold: true, ..Style::default() } },
            ]),
            Block::List {
                start: None,
                items: vec![Item { blocks: vec![Block::Paragraph(vec![Span::text("x")])] }],
            },
        ],
    });
    message.style = MessageStyle::Emote;
    assert_eq!(encode(&event(message), &Options::default())[0].text, "_waves_ *_a lot_*\n• _x_");
}

#[test]
fn everybody_is_pinged_only_where_allowed() {
    let mention =
        Span::Mention { mention: Mention::Everyone, label: "@room".to_owned(), style: Style::default() };
    let message = Message::text(RichText { blocks: vec![Block::Paragraph(vec![mention])] });
    let allowed = encode(&event(message.clone()), &Options { broadcast: true, ..Options::default() });
    assert_eq!(allowed[0].text, "<!channel>");
    assert!(allowed[0].body().to_string().contains("broadcast"));
    let not_allowed = encode(&event(message), &Options::default());
    assert_eq!(not_allowed[0].text, "@room");
    assert!(!not_allowed[0].body().to_string().contains("broadcast"));
}

#[test]
fn nothing_to_see_is_no_post() {
    assert!(posts(RichText::default()).is_empty());
    assert!(posts(RichText { blocks: vec![Block::Paragraph(vec![Span::text("")])] }).is_empty());
}

/// Texts that are too long for one post, of every kind.
fn long_texts() -> Vec<RichText> {
    let words = |count: usize| (0..count).map(|n| format!("word{n}")).collect::<Vec<_>>().join(" & ");
    let paragraph = |count| Block::Paragraph(vec![Span::text(words(count))]);
    let item =
        || Item { blocks: vec![paragraph(20), Block::List { start: Some(1), items: vec![Item::default()] }] };
    let wave = Span::Emoji { emoji: Emoji::Unicode("👋".to_owned()), style: Style::default() };
    let blocks = vec![
        paragraph(3_000),
        Block::Paragraph(vec![Span::text("x".repeat(20_000))]),
        Block::Paragraph(vec![Span::text("<&>".repeat(4_000))]),
        Block::Paragraph((0..900).flat_map(|n| [Span::text(format!("line {n}")), Span::Break]).collect()),
        Block::Paragraph(vec![wave; 3_000]),
        Block::Quote((0..40).map(|_| paragraph(40)).collect()),
        Block::List { start: Some(7), items: (0..60).map(|_| item()).collect() },
        Block::Code { language: Some("rust".to_owned()), text: "let x = \"<a>\";\n".repeat(1_000) },
        Block::Table {
            header: true,
            rows: (0..900).map(|n| vec![vec![Span::text(format!("row {n}"))]]).collect(),
        },
        Block::Heading { level: 2, spans: vec![Span::text(words(900))] },
    ];
    let mut texts: Vec<RichText> =
        blocks.iter().map(|block| RichText { blocks: vec![block.clone()] }).collect();
    texts.push(RichText { blocks });
    texts
}

#[test]
fn long_texts_are_posted_in_pieces() {
    for text in long_texts() {
        let posts = posts(text);
        assert!(posts.len() > 1);
        for (index, post) in posts.iter().enumerate() {
            assert!(post.text.chars().count() <= MAX_TEXT, "{}", post.text.chars().count());
            assert!(!post.text.trim().is_empty());
            assert!(post.blocks.is_some());
            assert_eq!(post.part, PartId::numbered(index));
            assert_eq!(post.marker, format!("m17/{index}"));
        }
    }
}

#[test]
fn no_word_is_lost_between_the_pieces() {
    let text = RichText::plain(&(0..4_000).map(|n| format!("word{n}")).collect::<Vec<_>>().join(" "));
    let posts = posts(text);
    let said = posts.iter().map(|post| post.text.as_str()).collect::<Vec<_>>().join(" ");
    let words: Vec<&str> = said.split_whitespace().collect();
    assert_eq!(words, (0..4_000).map(|n| format!("word{n}")).collect::<Vec<_>>());
}

#[test]
fn the_same_event_gives_the_same_posts() {
    let event = event(Message::text(long_texts().remove(10)));
    assert_eq!(encode(&event, &Options::default()), encode(&event, &Options::default()));
}

#[test]
fn what_comes_back_is_known_as_ours() {
    let own = super::super::cases::own();
    let post = posts(RichText::plain("hello *there*")).remove(0);
    let mut message = post.body();
    let more =
        [("type", "message"), ("user", "U0BRIDGE"), ("bot_id", "B0BRIDGE"), ("ts", "1700000000.000200")];
    for (key, value) in more {
        message[key] = json!(value);
    }
    let payload = json!({ "team_id": "T0TEAM", "event_id": "Ev1", "event": message });
    let event = decode(&payload.to_string(), &own);
    let sender = event.map(|event| event.sender);
    assert!(
        matches!(&sender, Ok(bridge_core::event::Sender::Own { marker: Some(marker), .. }) if *marker == post.marker),
        "{sender:?}"
    );
    // Without blocks the text would say the same, but for signs that mrkdwn cannot escape.
    assert_eq!(
        mrkdwn_read::read(&posts(RichText::plain("a & <b>"))[0].text, "T0TEAM"),
        RichText::plain("a & <b>")
    );
}
