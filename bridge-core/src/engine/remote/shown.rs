//! What happens on the network, as it is shown in a room.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::sync::Arc;

use serde_json::{Value, json};
use testkit::{Fault, Kind};

use super::super::reaction_note::note_key;
use super::super::testing::{Paper, Stage};
use crate::content::{Emoji, File, FileSource, LinkPreview, Message, Part, PartBody, Reacted, RichText};
use crate::event::{MemberChange, RemoteEvent, RemoteKind, Scope, Sender};
use crate::id::{DedupKey, PartId, RemoteMessageId, RemoteUserId};
use crate::queue::Job;
use crate::store::message::MessageRow;

struct Room {
    stage: Stage,
    id: String,
}

impl Room {
    async fn new() -> Self {
        Self::with(Paper::silent()).await
    }

    async fn with(network: Paper) -> Self {
        let stage = Stage::new(Kind::FakeSynapse, network).await;
        let id = stage.portal().await;
        stage.bridge.start_login(stage.login()).unwrap();
        Self { stage, id }
    }

    fn job(&self, kind: RemoteKind) -> Job {
        let sender = Sender::user(RemoteUserId::new("U2"));
        let event = RemoteEvent::new(Scope::Chat(Stage::chat()), sender, 5, DedupKey::new("d"), kind);
        self.stage.remote_job(&serde_json::to_string(&event).unwrap(), 0)
    }

    async fn happens(&self, kind: RemoteKind) {
        let job = self.job(kind);
        // Twice, as after a crash before the end was committed: nothing may be there twice.
        self.stage.handle(&job).await.unwrap();
        self.stage.carry(&job).await;
    }

    async fn says(&self, id: &str, message: Message) {
        self.happens(RemoteKind::Message { id: RemoteMessageId::new(id), message }).await;
    }

    async fn shown(&self) -> Vec<Value> {
        self.stage.timeline(&self.id).await
    }
}

fn text(text: &str) -> Message {
    Message::text(RichText::plain(text))
}

fn id(id: &str) -> RemoteMessageId {
    RemoteMessageId::new(id)
}

fn with_file(caption: Option<&str>) -> Message {
    let mut file = File::new(FileSource::new("bytes"), "a.png").of_type("image/png");
    file.caption = caption.map(RichText::plain);
    let mut message = Message::default();
    message.parts.push(Part::new(PartId::first(), PartBody::File(file)));
    message
}

#[tokio::test]
async fn an_edit_replaces_the_event_and_a_deletion_redacts_it() {
    let room = Room::new().await;
    room.says("one", text("first")).await;
    let edit = |text: Message, revision: &str| RemoteKind::Edit {
        id: id("one"),
        revision: revision.to_owned(),
        message: text,
    };
    room.happens(edit(text("second"), "r1")).await;
    room.happens(edit(text("third"), "r2")).await;
    let shown = room.shown().await;
    assert_eq!(shown.len(), 3, "{shown:#?}");
    assert_eq!(shown[2]["content"]["m.new_content"]["body"], "third");
    assert_eq!(shown[2]["content"]["body"], "* third");
    assert_eq!(shown[2]["content"]["m.mentions"], json!({}), "nobody is told of an edit");
    let relation = json!({ "rel_type": "m.replace", "event_id": shown[0]["event_id"] });
    assert_eq!(shown[2]["content"]["m.relates_to"], relation);
    room.happens(RemoteKind::Delete { id: id("one"), is_tombstone: false }).await;
    let shown = room.shown().await;
    let redaction = shown.last().unwrap();
    assert_eq!(shown.len(), 4, "{shown:#?}");
    assert_eq!(redaction["type"], "m.room.redaction");
    assert_eq!(redaction["content"]["redacts"], shown[0]["event_id"]);
    assert!(room.stage.bridge.store.message_pairs(&id("one")).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_edit_of_what_was_never_seen_is_shown() {
    let room = Room::new().await;
    room.happens(RemoteKind::Edit { id: id("x"), revision: "r".to_owned(), message: text("late") }).await;
    let shown = room.shown().await;
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0]["content"]["body"], "late");
}

#[tokio::test]
async fn a_message_that_got_shorter_loses_its_further_events() {
    let room = Room::new().await;
    let mut long = text("beginning");
    long.parts.push(Part::new(PartId::new("2"), PartBody::Text(RichText::plain("end"))));
    room.says("one", long).await;
    room.happens(RemoteKind::Edit { id: id("one"), revision: "r".to_owned(), message: text("all") }).await;
    let shown = room.shown().await;
    let kinds: Vec<&str> = shown.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["m.room.message", "m.room.message", "m.room.message", "m.room.redaction"]);
    assert_eq!(shown[3]["content"]["redacts"], shown[1]["event_id"]);
    assert_eq!(room.stage.bridge.store.message_pairs(&id("one")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_reaction_comes_once_and_goes() {
    let room = Room::new().await;
    room.says("one", text("hello")).await;
    let emoji = Emoji::Unicode("👍".to_owned());
    room.happens(RemoteKind::React { id: id("one"), emoji: emoji.clone() }).await;
    let shown = room.shown().await;
    assert_eq!(shown.len(), 2, "{shown:#?}");
    let relation = json!({ "rel_type": "m.annotation", "event_id": shown[0]["event_id"], "key": "👍" });
    assert_eq!(shown[1]["content"]["m.relates_to"], relation);
    room.happens(RemoteKind::Unreact { id: id("one"), emoji: emoji.clone() }).await;
    room.happens(RemoteKind::Unreact { id: id("one"), emoji: Emoji::Unicode("👎".to_owned()) }).await;
    let shown = room.shown().await;
    assert_eq!(shown.len(), 3, "{shown:#?}");
    assert_eq!(shown[2]["content"]["redacts"], shown[1]["event_id"]);
    room.happens(RemoteKind::React { id: id("never seen"), emoji }).await;
    assert_eq!(room.shown().await.len(), 3);
}

#[tokio::test]
async fn a_thread_whose_beginning_was_never_shown_begins_with_it() {
    let room = Room::new().await;
    let mut reply = text("reply");
    reply.thread_root = Some(id("root"));
    room.says("two", reply.clone()).await;
    reply.broadcast = true;
    room.says("three", reply).await;
    let shown = room.shown().await;
    let bodies: Vec<&str> = shown.iter().map(|event| event["content"]["body"].as_str().unwrap()).collect();
    assert_eq!(bodies, ["root", "reply", "reply", "reply"]);
    for event in &shown[1..3] {
        assert_eq!(event["content"]["m.relates_to"]["rel_type"], "m.thread");
        assert_eq!(event["content"]["m.relates_to"]["event_id"], shown[0]["event_id"]);
    }
    assert_eq!(
        shown[3]["content"]["m.relates_to"],
        json!({ "m.in_reply_to": { "event_id": shown[0]["event_id"] } })
    );
    let delete = RemoteKind::Delete { id: id("three"), is_tombstone: false };
    room.happens(delete).await;
    assert_eq!(room.shown().await.len(), 6, "both showings are redacted");
    room.happens(RemoteKind::Delete { id: id("root"), is_tombstone: true }).await;
    let mut later = text("later");
    later.thread_root = Some(id("root"));
    room.says("four", later).await;
    let last = room.shown().await.pop().unwrap();
    assert_eq!(
        last["content"]["m.relates_to"]["event_id"], shown[0]["event_id"],
        "a tombstone holds its thread"
    );
}

#[tokio::test]
async fn a_long_edit_fits_into_its_events_and_says_its_previews_once() {
    let room = Room::new().await;
    room.says("one", text("first")).await;
    let mut message = text(&"word ".repeat(11_000));
    message.parts.push(Part::new(PartId::new("1"), PartBody::Text(RichText::plain("second part"))));
    message
        .previews
        .push(LinkPreview { title: "A".repeat(400), ..LinkPreview::new("https://a.test", "https://a.test") });
    room.happens(RemoteKind::Edit { id: id("one"), revision: "r".to_owned(), message }).await;
    let shown = room.shown().await;
    let field = crate::event::to_matrix::PREVIEWS;
    assert_eq!(shown[1]["content"]["m.new_content"][field][0]["matched_url"], "https://a.test");
    assert!(shown.iter().all(|event| event["content"].get(field).is_none()), "said twice");
    assert!(shown.iter().all(|event| event.to_string().len() < 65_536));
    assert!(shown.len() >= 4 && shown[1]["content"].to_string().len() > 50_000, "{}", shown.len());
}

#[tokio::test]
async fn a_file_is_uploaded_and_its_caption_can_change() {
    let room = Room::new().await;
    room.says("one", with_file(Some("old"))).await;
    let shown = room.shown().await;
    let content = &shown[0]["content"];
    assert_eq!((content["msgtype"].as_str(), content["body"].as_str()), (Some("m.image"), Some("old")));
    let mxc = content["url"].as_str().unwrap();
    let bytes = room.stage.bridge.app.bot().download(mxc).await.unwrap().into_bytes(100).await.unwrap();
    assert_eq!(&bytes[..], b"bytes");
    let message = with_file(Some("new"));
    room.happens(RemoteKind::Edit { id: id("one"), revision: "r".to_owned(), message }).await;
    let shown = room.shown().await;
    let new = &shown[1]["content"]["m.new_content"];
    assert_eq!((new["body"].as_str(), new["url"].as_str()), (Some("new"), Some(mxc)), "the same upload");
}

#[tokio::test]
async fn a_long_new_caption_goes_on_behind_its_file() {
    let room = Room::new().await;
    room.says("one", with_file(Some("old"))).await;
    let words: Vec<String> = (0..6_000).map(|number| format!("word{number}")).collect();
    let edit = |caption: &str, revision: &str| RemoteKind::Edit {
        id: id("one"),
        revision: revision.to_owned(),
        message: with_file(Some(caption)),
    };
    room.happens(edit(&words.join(" "), "r1")).await;
    let shown = room.shown().await;
    assert!(shown.iter().all(|event| event.to_string().len() < 65_536));
    let said =
        |event: &Value| event["content"]["m.new_content"]["body"].as_str().unwrap_or_default().to_owned();
    let mut told = said(&shown[1]);
    for event in &shown[2..] {
        assert_eq!(event["content"]["msgtype"], "m.text");
        told = format!("{told} {}", event["content"]["body"].as_str().unwrap());
    }
    assert!(shown.len() > 2 && told.split_whitespace().eq(words.iter().map(String::as_str)));
    room.happens(edit("short again", "r2")).await;
    assert_eq!(room.stage.bridge.store.message_pairs(&id("one")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_reply_that_is_sent_to_the_channel_later_is_shown_there_once() {
    let room = Room::new().await;
    room.says("root", text("root")).await;
    let mut reply = text("reply");
    reply.thread_root = Some(id("root"));
    room.says("two", reply.clone()).await;
    reply.broadcast = true;
    room.says("two", reply.clone()).await;
    room.says("two", reply.clone()).await;
    let shown = room.shown().await;
    let bodies: Vec<&str> = shown.iter().map(|event| event["content"]["body"].as_str().unwrap()).collect();
    assert_eq!(bodies, ["root", "reply", "reply"]);
    let relation = json!({ "m.in_reply_to": { "event_id": shown[0]["event_id"] } });
    assert_eq!(shown[2]["content"]["m.relates_to"], relation);
    // Another text and the channel at once.
    let mut other = text("first");
    other.thread_root = Some(id("root"));
    room.says("three", other).await;
    let mut message = text("second");
    (message.thread_root, message.broadcast) = (Some(id("root")), true);
    room.happens(RemoteKind::Edit { id: id("three"), revision: "r".to_owned(), message }).await;
    let shown = room.shown().await;
    let outside = shown.last().unwrap();
    assert_eq!((shown.len(), outside["content"]["body"].as_str()), (6, Some("second")));
    assert_eq!(outside["content"]["m.relates_to"], relation);
}

#[tokio::test]
async fn a_file_that_cannot_be_had_is_named_with_the_reason() {
    let room = Room::new().await;
    let mut message = Message::default();
    let file = File::new(FileSource::new("gone"), "a.pdf");
    message.parts.push(Part::new(PartId::first(), PartBody::File(file)));
    room.says("one", message).await;
    assert_eq!(room.shown().await[0]["content"]["body"], "📎 a.pdf – it was deleted.");
}

#[tokio::test]
async fn pins_and_members_follow() {
    let room = Room::new().await;
    room.says("one", text("pinned")).await;
    room.happens(RemoteKind::Pins).await;
    let bot = room.stage.bridge.app.bot();
    let room_id = super::super::bridge::room_id(&room.id).unwrap();
    let pinned = bot.state(room_id, "m.room.pinned_events", "").await.unwrap().unwrap();
    assert_eq!(pinned, json!({ "pinned": [room.shown().await[0]["event_id"]] }));

    let user = RemoteUserId::new("U9");
    let ghost = room.stage.bridge.app.ghosts().user_id(&user);
    for (change, is_in) in [(MemberChange::Joined, true), (MemberChange::Left, false)] {
        room.happens(RemoteKind::Member { user_id: user.clone(), change }).await;
        let members = bot.joined_members(room_id).await.unwrap();
        assert_eq!(members.iter().any(|(user_id, _)| *user_id == ghost), is_in);
    }
}

#[tokio::test]
async fn what_the_room_may_not_pin_is_not_taken_for_pinned() {
    let room = Room::new().await;
    room.says("one", text("pinned over there")).await;
    let fake = room.stage.slot.homeserver.fake().unwrap();
    fake.fail_next("PUT */state/m.room.pinned_events*", Fault::Error(403, "M_FORBIDDEN"), 2);
    room.happens(RemoteKind::Pins).await;
    let room_id = super::super::bridge::room_id(&room.id).unwrap();
    let bridge = &room.stage.bridge;
    assert_eq!(bridge.pinned_on_both(room_id).await.unwrap(), Some(Vec::new()));
    room.happens(RemoteKind::Pins).await;
    assert_eq!(bridge.pinned_on_both(room_id).await.unwrap().unwrap().len(), 1);
}

#[tokio::test]
async fn a_message_without_an_event_is_neither_reacted_to_nor_pinned() {
    let room = Room::new().await;
    let note = MessageRow {
        message_id: id("one"),
        part_id: PartId::first(),
        event_id: note_key(&id("other")),
        chat: Stage::chat(),
        sender: "@ada:hs.test".to_owned(),
        sent_at: 5,
        thread_root: None,
    };
    room.stage.bridge.store.put_pairs(&[note]).await.unwrap();
    let emoji = Emoji::Unicode("👍".to_owned());
    room.happens(RemoteKind::React { id: id("one"), emoji }).await;
    assert!(room.shown().await.is_empty(), "there is nothing to react to");
    room.happens(RemoteKind::Pins).await;
    let room_id = super::super::bridge::room_id(&room.id).unwrap();
    let bot = room.stage.bridge.app.bot();
    assert_eq!(bot.state(room_id, "m.room.pinned_events", "").await.unwrap(), None);
}

#[tokio::test]
async fn files_that_were_carried_over_are_not_carried_again_for_another_ones_failure() {
    let network = Paper::silent();
    let opened = Arc::clone(&network.opened);
    let room = Room::with(network).await;
    let mut message = Message::default();
    for source in ["first", "broken"] {
        let file = File::new(FileSource::new(source), source);
        message.parts.push(Part::new(PartId::new(source), PartBody::File(file)));
    }
    let job = room.job(RemoteKind::Message { id: id("one"), message });
    let mut tries = 1;
    while room.stage.handle(&job).await.is_err() {
        tries += 1;
        assert!(tries <= 20, "it is tried for ever");
    }
    let first = opened.lock().unwrap().iter().filter(|source| *source == "first").count();
    assert_eq!(first, 1, "it was carried over with each of {tries} tries");
    let shown = room.shown().await;
    assert_eq!(shown.len(), 2);
    assert_eq!(shown[0]["content"]["filename"], "first");
    // Shared once more it is carried anew: it may have changed.
    room.says("two", with_file(None)).await;
    let again = opened.lock().unwrap().iter().filter(|source| *source == "bytes").count();
    assert_eq!(again, 2, "a repeat of what was shown already opens it again");
}

#[tokio::test]
async fn a_homeserver_that_is_down_keeps_nobody_in_the_room() {
    let room = Room::new().await;
    let user_id = RemoteUserId::new("U9");
    let change = |change| RemoteKind::Member { user_id: user_id.clone(), change };
    room.happens(change(MemberChange::Joined)).await;
    let fake = room.stage.slot.homeserver.fake().unwrap();
    fake.fail_next("POST */leave", Fault::Error(503, "M_UNKNOWN"), 1);
    let left = room.job(change(MemberChange::Left));
    assert!(room.stage.handle(&left).await.unwrap_err().is_tried_again());
    room.happens(change(MemberChange::Left)).await;
    let ghost = room.stage.bridge.app.ghosts().user_id(&user_id);
    assert!(room.stage.bridge.app.intent(&ghost).joined_rooms().await.unwrap().is_empty());
}

#[tokio::test]
async fn of_many_earlier_reactions_some_are_shown() {
    let room = Room::new().await;
    let users: Vec<_> = (0..30).map(|n| RemoteUserId::new(format!("R{n}"))).collect();
    let of = |emoji: &str, users: &[RemoteUserId]| Reacted {
        emoji: Emoji::Unicode(emoji.to_owned()),
        users: users.to_vec(),
        is_cut: false,
    };
    let mut message = text("popular");
    message.reactions = vec![of("👍", &users), of("🎉", &users[19..21])];
    room.says("one", message).await;
    let shown = room.shown().await;
    assert_eq!(shown.iter().filter(|event| event["type"] == "m.reaction").count(), 21);
}

#[tokio::test]
async fn a_file_that_keeps_failing_does_not_hold_up_its_message_for_ever() {
    let room = Room::new().await;
    let mut message = Message::default();
    let file = File::new(FileSource::new("broken"), "a.pdf");
    message.parts.push(Part::new(PartId::first(), PartBody::File(file)));
    let kind = RemoteKind::Message { id: id("one"), message };
    let job = room.job(kind);
    let mut tries = 1;
    while room.stage.handle(&job).await.is_err() {
        tries += 1;
        assert!(tries <= 20, "it is tried for ever");
    }
    assert!(tries > 5, "given up after {tries} tries");
    assert_eq!(room.shown().await[0]["content"]["body"], "📎 a.pdf – it could not be carried over.");
}
