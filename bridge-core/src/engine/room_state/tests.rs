//! Tests of the wanted state of rooms.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use serde_json::{Value, json};

use super::levels::{CLOSED, adjusted, first};
use super::*;
use crate::event::{Bookmark, Posting, Workspace};
use crate::id::ChatKey;
use crate::network::{Format, Formatting, Support};

const NETWORK: NetworkInfo = NetworkInfo {
    id: "paper",
    name: "Paper",
    url: "https://paper.example",
    default_bot: "paperbot",
    default_port: 1,
    quiet: &[],
};

fn channel() -> ChatInfo {
    let mut info = ChatInfo::named(ChatKey::shared("t-c1".into()), ChatKind::Channel, "general");
    info.url = Some("https://paper.example/c1".to_owned());
    info.workspace = Some(Workspace {
        id: "t".to_owned(),
        name: Some("Acme".to_owned()),
        avatar_url: Some("https://paper.example/t.png".to_owned()),
        url: Some("https://acme.paper.example".to_owned()),
    });
    info
}

fn around() -> Around<'static> {
    let formatting = Formatting::default().with(Support::Full, &[Format::Bold, Format::Link]);
    let able = Capabilities {
        edits: true,
        threads: true,
        captions: true,
        max_file_bytes: 2_000_000,
        formatting: formatting.with(Support::Partial, &[Format::Table]),
        ..Capabilities::default()
    };
    Around {
        network: NETWORK,
        bot: "@bot:hs.test",
        owner: "@ada:hs.test",
        able,
        name: Some("general".to_owned()),
        avatar: None,
        workspace_avatar: Some("mxc://hs.test/t".to_owned()),
    }
}

fn find(state: &[Wanted], kind: &str) -> Wanted {
    state.iter().find(|wanted| wanted.kind == kind).unwrap().clone()
}

#[test]
fn the_bridge_state_is_complete_and_has_no_empty_fields() {
    let state = wanted(&channel(), &around());
    let bridge = find(&state, "m.bridge");
    assert_eq!(bridge.key, "paper://t-c1");
    assert_eq!(
        bridge.content,
        json!({
            "bridgebot": "@bot:hs.test", "creator": "@ada:hs.test",
            "protocol": { "id": "paper", "displayname": "Paper", "external_url": "https://paper.example" },
            "network": {
                "id": "t", "displayname": "Acme", "avatar_url": "mxc://hs.test/t",
                "external_url": "https://acme.paper.example",
            },
            "channel": { "id": "t-c1", "displayname": "general", "external_url": "https://paper.example/c1" },
        })
    );
    assert_eq!(find(&state, "uk.half-shot.bridge").content, bridge.content);
    let mut direct = ChatInfo::new(ChatKey::shared("t-d1".into()), ChatKind::Direct);
    assert_eq!(find(&wanted(&direct, &around()), "m.bridge").content["com.beeper.room_type"], "dm");
    direct.deleted = true;
    let gone = find(&wanted(&direct, &around()), "m.bridge");
    assert_eq!(gone.content, json!({}));
    assert!(!gone.is_so(Some(&bridge.content)) && gone.is_so(Some(&json!({}))));
}

#[test]
fn a_description_stands_in_for_a_topic() {
    let mut info = channel();
    let shown = |info: &ChatInfo| find(&wanted(info, &around()), "m.room.topic");
    assert!(shown(&info).is_empty() && shown(&info).is_so(None));
    assert!(!shown(&info).is_so(Some(&json!({ "topic": "old" }))));
    info.description = Some("for all".to_owned());
    assert_eq!(shown(&info).content["topic"], "for all");
    info.topic = Some("lunch".to_owned());
    assert_eq!(shown(&info).content["topic"], "lunch");
    // A client writes the same with other fields.
    assert!(shown(&info).is_so(Some(&json!({ "topic": "lunch" }))));
}

#[test]
fn only_what_is_known_is_said() {
    let mut info = channel();
    let mut about = around();
    about.name = None;
    let state = wanted(&info, &about);
    assert!(!state.iter().any(|wanted| wanted.kind == "m.room.name" || wanted.kind == BOOKMARKS));
    info.bookmarks = Some(Vec::new());
    let none = find(&wanted(&info, &about), BOOKMARKS);
    assert!(none.is_empty() && none.is_so(None));
    let url = Some("https://a.test".to_owned());
    info.bookmarks = Some(vec![Bookmark { title: "wiki".to_owned(), url, emoji: None }]);
    let one = find(&wanted(&info, &about), BOOKMARKS);
    assert_eq!(one.content, json!({ "bookmarks": [{ "title": "wiki", "url": "https://a.test" }] }));
}

#[test]
fn a_new_room_has_all_levels() {
    let levels = first(&channel(), "@bot:hs.test", &["@ada:hs.test"]);
    assert_eq!(levels["users"], json!({ "@bot:hs.test": 100, "@ada:hs.test": 50 }));
    let some = |key: &str| levels["events"][key].clone();
    assert_eq!((&levels["events_default"], &levels["invite"]), (&json!(0), &json!(0)));
    assert_eq!([some("m.room.topic"), some("m.reaction"), some("m.room.redaction")], [0, 0, 0]);
    assert_eq!([some("m.room.power_levels"), some("m.room.encryption")], [100, 100]);
}

#[test]
fn only_what_the_chat_changed_is_changed() {
    let open = channel();
    let current =
        json!({ "users": { "@bot:hs.test": 100, "@eve:hs.test": 60 }, "events_default": 0, "invite": 30 });
    let step = |change: fn(&mut ChatInfo)| {
        let mut now = open.clone();
        change(&mut now);
        adjusted(&current, Some(&open), &now)
    };
    assert_eq!(step(|_| {}), None);
    assert_eq!(step(|info| info.topic = Some("x".to_owned())), None);
    let archived = step(|info| info.archived = true).unwrap();
    assert_eq!(archived["events_default"], CLOSED);
    assert_eq!(archived["events"], json!({ "m.reaction": CLOSED, "m.room.topic": CLOSED }));
    assert_eq!((&archived["invite"], &archived["users"]["@eve:hs.test"]), (&json!(30), &json!(60)));
    let private = step(|info| info.kind = ChatKind::Private).unwrap();
    assert_eq!(private["invite"], 50);
    let closed = step(|info| info.posting = Posting { messages: false, answers: false }).unwrap();
    assert_eq!((&closed["events_default"], &closed["events"]), (&json!(CLOSED), &Value::Null));
    assert_eq!(step(|info| info.posting.messages = false), None, "levels know no threads");
    let mut over = open.clone();
    over.archived = true;
    let back = adjusted(&archived, Some(&over), &open).unwrap();
    assert_eq!((&back["events_default"], &back["events"]["m.reaction"]), (&json!(0), &json!(0)));
    assert_eq!(adjusted(&current, None, &open).unwrap()["invite"], 0, "without an earlier state all is set");
}

#[test]
fn features_say_what_clients_may_offer() {
    let mut info = channel();
    let able = around().able;
    let said = features::content(&info, &able);
    assert_eq!([&said["formatting"]["bold"], &said["formatting"]["table"]], [&json!(2), &json!(1)]);
    assert_eq!([&said["thread"], &said["edit"], &said["reaction"]], [&json!(2), &json!(2), &json!(-2)]);
    assert_eq!(said["file"]["m.image"]["max_size"], 2_000_000);
    let told = features::sentences(&info, &able, "Paper");
    assert!(told.contains("Files of up to 2.0 MB go over, with a text to them."), "{told}");
    assert!(told.contains("In another form: tables."), "{told}");
    info.archived = true;
    let said = features::content(&info, &able);
    assert_eq!((&said["edit"], said.get("file")), (&json!(-2), None));
    assert!(features::sentences(&info, &able, "Paper").contains("archived on Paper"));
    info.archived = false;
    info.posting = Posting { messages: false, answers: true };
    assert!(features::sentences(&info, &able, "Paper").contains("Only answers in threads"));
}

#[test]
fn as_many_bookmarks_are_shown_as_an_event_takes() {
    let shown = |count: usize, title: &str| {
        let mut info = channel();
        let mark = Bookmark { title: title.to_owned(), url: None, emoji: None };
        info.bookmarks = Some(vec![mark; count]);
        let content = find(&wanted(&info, &around()), BOOKMARKS).content;
        assert!(content.to_string().len() < 40_000);
        content["bookmarks"].as_array().unwrap().len()
    };
    assert_eq!(shown(3, "wiki"), 3);
    assert_eq!(shown(500, "wiki"), 100);
    assert_eq!(shown(500, &"x".repeat(10_000)), 3);
    assert_eq!(shown(1, &"\u{1}".repeat(20_000)), 0, "bytes count as they are sent");
}
