//! The contents of whole events, and what is to be looked up for them.

use bridge_core::content::{
    Block, EncryptedFile, File, FileKind, FileSource, Lookup, Mention, Message, MessageStyle, PartBody,
    RichText, Span, html_read,
};
use bridge_core::event::to_matrix::MatrixOptions;
use bridge_core::event::{from_matrix, to_matrix};
use bridge_core::id::PartId;
use serde_json::{Value, json};

use crate::sketch;

fn read(content: &Value) -> Option<Message> {
    from_matrix::message(content, &sketch::lookup())
}

fn read_text(content: &Value) -> RichText {
    let bridge_core::content::PartBody::Text(text) = read(content).unwrap().parts.remove(0).body else {
        panic!("a text part");
    };
    text
}

fn read_file(content: &Value) -> File {
    let PartBody::File(file) = read(content).unwrap().parts.remove(0).body else { panic!("a file part") };
    file
}

#[test]
fn reads_the_style() {
    for (msgtype, style) in [
        ("m.text", MessageStyle::Normal),
        ("m.emote", MessageStyle::Emote),
        ("m.notice", MessageStyle::Notice),
    ] {
        let mut wanted = Message::text(RichText::plain("a"));
        wanted.style = style;
        assert_eq!(read(&json!({"msgtype": msgtype, "body": "a"})), Some(wanted));
    }
}

#[test]
fn nothing_is_read_from_nothing() {
    assert_eq!(read(&json!({})), None);
    assert_eq!(read(&json!({"msgtype": "m.text"})), None);
    assert_eq!(read(&json!({"msgtype": 1, "body": []})), None);
    assert_eq!(read(&json!({"msgtype": "m.key.verification.request", "body": "a"})), None);
}

#[test]
fn html_counts_only_with_its_format() {
    let mut content = json!({"msgtype": "m.text", "body": "a", "formatted_body": "<b>b</b>"});
    assert_eq!(read_text(&content), RichText::plain("a"));
    content["format"] = "org.matrix.custom.html".into();
    assert_eq!(read_text(&content), sketch::text(&json!([[{"t": "b", "s": "b"}]])));
}

#[test]
fn a_reply_loses_its_quotation() {
    let body = "> <@a:hs.test> one\n> two\n\n> mine\nanswer";
    let reply =
        json!({"msgtype": "m.text", "body": body, "m.relates_to": {"m.in_reply_to": {"event_id": "$e"}}});
    assert_eq!(read_text(&reply), RichText::plain("> mine\nanswer"));
    assert_eq!(read_text(&json!({"msgtype": "m.text", "body": body})), RichText::plain(body));
    assert_eq!(html_read::strip_reply_fallback("> quoted by hand"), "> quoted by hand");
    assert_eq!(html_read::strip_reply_fallback("> * <@a:b> x"), "");
}

#[test]
fn the_room_is_mentioned_only_when_meant() {
    let mut content = json!({"msgtype": "m.text", "body": "hi @room! a@room.test"});
    assert_eq!(read_text(&content), RichText::plain("hi @room! a@room.test"));
    content["m.mentions"] = json!({"room": true});
    let wanted = sketch::text(&json!([["hi ", {"everyone": "@room"}, "! a@room.test"]]));
    assert_eq!(read_text(&content), wanted);
    let message = from_matrix::message(&content, &Lookup::default()).unwrap();
    assert_eq!(message, Message::text(RichText::plain("hi @room! a@room.test")), "its writer may not");
}

#[test]
fn a_file_is_named_with_its_caption() {
    let file = json!({
        "msgtype": "m.image", "body": "cat.png", "url": "mxc://hs.test/x",
        "info": {"mimetype": "image/png", "size": 9, "w": 4, "h": 3},
    });
    let mut wanted = File::new(FileSource::new("mxc://hs.test/x"), "cat.png").of_type("image/png");
    (wanted.size, wanted.width, wanted.height) = (Some(9), Some(4), Some(3));
    assert_eq!(read_file(&file), wanted);
    let captioned =
        json!({"msgtype": "m.file", "body": "look", "filename": "a.pdf", "url": "mxc://hs.test/y"});
    assert_eq!(read_file(&captioned).caption, Some(RichText::plain("look")));
    let bare = json!({"msgtype": "m.file", "body": "look", "filename": "a.pdf"});
    assert_eq!(read_text(&bare), sketch::text(&json!(["[a.pdf]", "look"])));
}

#[test]
fn an_encrypted_file_keeps_its_key_to_itself() {
    let mut content = json!({
        "msgtype": "m.file", "body": "a.pdf",
        "file": {
            "v": "v2", "url": "mxc://hs.test/y", "iv": "X85+XgHN+HEAAAAAAAAAAA",
            "key": { "alg": "A256CTR", "k": "qcHVMSgYg-71CauWBezXI5qkaRb0LuIy-Wx5kIaHMIA" },
            "hashes": { "sha256": "5qG4fFnbbVdlAB1Q72JDKwCagV6Dbkx9uds4rSak37c" },
        },
    });
    let file = read_file(&content);
    let source = EncryptedFile::of_source(&file.source).expect("it is encrypted");
    assert_eq!(source.url, "mxc://hs.test/y");
    assert!(!format!("{file:?}").contains("qcHV"));
    // Without what it takes to read it, its name is all there is; the address would give nothing but noise.
    content["file"]["hashes"] = json!({});
    content["url"] = json!("mxc://hs.test/y");
    assert_eq!(read_text(&content), RichText::plain("[a.pdf]"));
}

#[test]
fn a_voice_message_and_a_place_are_known() {
    let voice = json!({
        "msgtype": "m.audio", "body": "v.ogg", "url": "mxc://hs.test/v", "org.matrix.msc3245.voice": {},
        "info": {"duration": 1200},
    });
    let read = read_file(&voice);
    assert_eq!((read.kind, read.duration_ms), (FileKind::Voice, Some(1200)));
    let place = json!({"msgtype": "m.location", "body": "Here", "geo_uri": "geo:51.5,-0.1;u=35"});
    let text = bridge_core::content::plain::write(&read_text(&place));
    assert!(text.starts_with("📍 Here 51.5, -0.1 (https://"), "{text}");
    let nowhere = json!({"msgtype": "m.location", "body": "Here", "geo_uri": "geo:<b>,1"});
    assert_eq!(read_text(&nowhere), RichText::plain("📍 Here"));
}

#[test]
fn ids_to_look_up() {
    let html = "<a href=\"https://matrix.to/#/@a:hs.test\">a</a> <a href=\"https://matrix.to/#/%23r:hs.test\">r</a> \
                <a href=\"matrix:roomid/x:hs.test\">x</a> <a href=\"https://matrix.to/#/@a:hs.test\">a</a>";
    assert_eq!(html_read::mentioned("", Some(html)), ["@a:hs.test", "#r:hs.test", "!x:hs.test"]);
    assert_eq!(html_read::mentioned("to https://matrix.to/#/@a:hs.test", None), ["@a:hs.test"]);
    assert_eq!(html_read::mentioned("@a:hs.test https://x.test", None), [""; 0]);
    let text = sketch::text(&json!([{"quote": [[{"link": "https://x.test", "label": [{"group": "g"}]}]]}]));
    assert_eq!(text.mentions(), [&Mention::Group("g".into())]);
}

#[test]
fn writes_the_content() {
    let mut message = Message::text(sketch::text(&json!([["hi ", {"user": "U1"}, {"everyone": "@all"}]])));
    message.style = MessageStyle::Notice;
    let mut options = MatrixOptions::default();
    options.write.room_mentions = true;
    let events = to_matrix::message(&message, &sketch::lookup(), options);
    let wanted = json!({
        "msgtype": "m.notice",
        "body": "hi Alice@room",
        "format": "org.matrix.custom.html",
        "formatted_body": "hi <a href=\"https://matrix.to/#/@slack_u1:hs.test\">Alice</a>@room",
        "m.mentions": {"user_ids": ["@slack_u1:hs.test"], "room": true},
    });
    assert_eq!(events, [(PartId::first(), wanted)]);
}

#[test]
fn a_plain_message_says_that_nobody_is_mentioned() {
    let events =
        to_matrix::message(&Message::text(RichText::plain("a")), &sketch::lookup(), MatrixOptions::default());
    assert_eq!(events, [(PartId::first(), json!({"msgtype": "m.text", "body": "a", "m.mentions": {}}))]);
    assert!(to_matrix::message(&Message::default(), &sketch::lookup(), MatrixOptions::default()).is_empty());
}

#[test]
fn long_text_goes_on_in_further_events() {
    let lines = (0..20_000).flat_map(|n| [Span::text(format!("\"line\" {n}")), Span::Break]).collect();
    let text = RichText { blocks: vec![Block::Paragraph(lines)] };
    let events = to_matrix::message(&Message::text(text), &sketch::lookup(), MatrixOptions::default());
    let ids: Vec<&str> = events.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids[..3], ["", "+1", "+2"]);
    let mut found = Vec::new();
    for (_, content) in &events {
        assert!(content.to_string().len() < to_matrix::MAX_CONTENT_BYTES);
        found.extend(content["body"].as_str().unwrap().lines().map(str::to_owned));
    }
    found.retain(|line| !line.is_empty());
    assert_eq!(found, (0..20_000).map(|n| format!("\"line\" {n}")).collect::<Vec<_>>());
}
