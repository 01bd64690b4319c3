//! Tests of what people on Matrix do besides writing: what reaches the network.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use serde_json::{Value, json};
use testkit::Kind;

use super::super::testing::{Paper, Sent, Stage};
use crate::content::{Emoji, PartBody};
use crate::error::JobError;
use crate::event::MatrixKind;
use crate::id::RemoteMessageId;
use crate::queue::{Closing, Job};

struct Room {
    stage: Stage,
    id: String,
    sent: Sent,
}

impl Room {
    async fn new() -> Self {
        let network = Paper::silent();
        let sent = Sent::clone(&network.sent);
        let stage = Stage::new(Kind::FakeSynapse, network).await;
        let id = stage.portal().await;
        stage.bridge.start_login(stage.login()).unwrap();
        Self { stage, id, sent }
    }

    fn job(&self, event_id: &str, sender: &str, kind: &str, content: &Value) -> Job {
        Stage::matrix_job(&json!({
            "event_id": event_id, "room_id": self.id, "sender": sender, "type": kind, "content": content,
            "origin_server_ts": 5,
        }))
    }

    /// `@ada` sends an event; gives what the network was asked to do.
    async fn sends(&self, event_id: &str, kind: &str, content: Value) -> Vec<MatrixKind> {
        self.sends_as("@ada:hs.test", event_id, kind, content).await
    }

    async fn sends_as(&self, sender: &str, event_id: &str, kind: &str, content: Value) -> Vec<MatrixKind> {
        self.sent.lock().unwrap().clear();
        self.stage.carry(&self.job(event_id, sender, kind, &content)).await;
        self.sent.lock().unwrap().iter().map(|event| event.kind.clone()).collect()
    }

    async fn refused(&self, event_id: &str, kind: &str, content: Value) -> Result<Closing, JobError> {
        let job = self.job(event_id, "@ada:hs.test", kind, &content);
        self.stage.handle(&job).await
    }
}

fn text(body: &str) -> Value {
    json!({ "msgtype": "m.text", "body": body })
}

#[tokio::test]
async fn an_edit_and_a_redaction_name_what_they_are_about() {
    let room = Room::new().await;
    room.sends("$1", "m.room.message", text("one")).await;
    let mut edit = text("* two");
    edit["m.new_content"] = text("two");
    edit["m.relates_to"] = json!({ "rel_type": "m.replace", "event_id": "$1" });
    let sent = room.sends("$2", "m.room.message", edit.clone()).await;
    let [MatrixKind::Edit { sent, message }] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!((sent[0].id.as_str(), message.plain().as_str()), ("$1", "two"));
    let closing = room.refused("$2", "m.room.message", edit.clone()).await.unwrap();
    assert!(!closing.sent, "a repeated edit says nothing of the messages behind it");
    assert!(room.sends_as("@eve:hs.test", "$3", "m.room.message", edit.clone()).await.is_empty());
    edit["m.relates_to"]["event_id"] = "$never".into();
    assert!(matches!(room.refused("$4", "m.room.message", edit).await, Err(JobError::Reject(_))));

    let sent = room.sends("$5", "m.room.redaction", json!({ "redacts": "$1" })).await;
    let [MatrixKind::Delete { sent }] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(sent[0].id.as_str(), "$1");
    assert!(room.sends("$6", "m.room.redaction", json!({ "redacts": "$1" })).await.is_empty(), "it is gone");
}

#[tokio::test]
async fn threads_and_answers_are_told() {
    let room = Room::new().await;
    room.sends("$1", "m.room.message", text("one")).await;
    let mut reply = text("two");
    reply["m.relates_to"] = json!({
        "rel_type": "m.thread", "event_id": "$1", "is_falling_back": true, "m.in_reply_to": { "event_id": "$1" },
    });
    let sent = room.sends("$2", "m.room.message", reply).await;
    let [MatrixKind::Message(message)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(message.thread_root, Some(RemoteMessageId::new("$1")));
    assert_eq!(message.reply_to, None);
    let mut answer = text("three");
    answer["m.relates_to"] = json!({ "m.in_reply_to": { "event_id": "$2" } });
    let sent = room.sends("$3", "m.room.message", answer).await;
    let [MatrixKind::Message(message)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(message.reply_to, Some(RemoteMessageId::new("$2")));
    assert_eq!(message.thread_root, Some(RemoteMessageId::new("$1")), "an answer stays in its thread");
}

fn reaction(key: &str) -> Value {
    json!({ "m.relates_to": { "rel_type": "m.annotation", "event_id": "$1", "key": key } })
}

#[tokio::test]
async fn an_account_has_a_reaction_while_anybody_has_it() {
    let room = Room::new().await;
    room.sends("$1", "m.room.message", text("one")).await;
    let states = async |sent: Vec<MatrixKind>| {
        let [MatrixKind::React(reaction)] = &sent[..] else { panic!("{sent:?}") };
        assert_eq!(reaction.message.as_str(), "$1");
        (reaction.is_set, reaction.relayed.iter().map(|(_, names)| names.len()).sum::<usize>())
    };
    assert_eq!(states(room.sends("$a", "m.reaction", reaction("👍")).await).await, (true, 1));
    let bob = "@bob:hs.test";
    let sent = room.sends_as(bob, "$b", "m.reaction", reaction("👍")).await;
    let [MatrixKind::React(both)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(both.relayed, [(Emoji::Unicode("👍".to_owned()), vec!["ada".to_owned(), "bob".to_owned()])]);
    assert_eq!(both.note, Some(RemoteMessageId::new("note")));
    assert_eq!(
        states(room.sends("$c", "m.room.redaction", json!({ "redacts": "$a" })).await).await,
        (true, 1)
    );
    let last = room.sends_as(bob, "$d", "m.room.redaction", json!({ "redacts": "$b" })).await;
    assert_eq!(states(last).await, (false, 0));
    let note = room.stage.bridge.store.message_pairs(&RemoteMessageId::new("note")).await.unwrap();
    assert!(note.is_empty(), "the note is gone with the last reaction");
    assert!(room.sends("$e", "m.room.redaction", json!({ "redacts": "$b" })).await.is_empty());
}

#[tokio::test]
async fn a_file_is_offered_with_its_caption_unless_it_is_too_large() {
    let room = Room::new().await;
    let mut file = json!({
        "msgtype": "m.file", "body": "look", "filename": "a.pdf", "url": "mxc://hs.test/a", "info": { "size": 10 },
    });
    let sent = room.sends("$1", "m.room.message", file.clone()).await;
    let [MatrixKind::Message(message)] = &sent[..] else { panic!("{sent:?}") };
    let PartBody::File(offered) = &message.parts[0].body else { panic!("{message:?}") };
    assert_eq!((offered.name.as_str(), offered.size), ("a.pdf", Some(10)));
    file["info"]["size"] = 5_000_000.into();
    let Err(JobError::Reject(why)) = room.refused("$2", "m.room.message", file).await else { panic!() };
    assert!(why.contains("5.0 MB"), "{why}");
    let sticker = json!({ "body": "party", "url": "mxc://hs.test/s", "info": {} });
    let sent = room.sends("$3", "m.sticker", sticker).await;
    assert!(matches!(&sent[..], [MatrixKind::Message(message)] if message.plain() == "[party]"));
}

#[tokio::test]
async fn a_refused_topic_is_set_back_and_a_name_is_kept() {
    let room = Room::new().await;
    let set = |kind: &'static str, content: Value| {
        let mut job = room.job("$t", "@ada:hs.test", kind, &content);
        let mut event: Value = serde_json::from_str(&job.payload).unwrap();
        event["state_key"] = "".into();
        job.payload = event.to_string();
        job
    };
    room.stage.carry(&set("m.room.topic", json!({ "topic": "mine" }))).await;
    let shown = room.stage.timeline(&room.id).await;
    let notice = shown.last().unwrap()["content"]["body"].as_str().unwrap();
    assert_eq!(notice, "The room's topic was set back to what it was. Topics are fixed.");
    room.stage.carry(&set("m.room.name", json!({ "name": "lounge" }))).await;
    let kinds = room.sent.lock().unwrap().clone();
    assert!(matches!(&kinds[1].kind, MatrixKind::Name(Some(name)) if name == "lounge"));
    let portal = room.stage.bridge.store.portal(&Stage::chat()).await.unwrap().unwrap();
    assert_eq!(portal.info.name.as_deref(), Some("lounge"));
    room.stage.carry(&set("m.room.name", json!({ "name": "lounge" }))).await;
    assert_eq!(room.sent.lock().unwrap().len(), 2, "the same name is no change");
}

#[tokio::test]
async fn what_was_never_carried_over_is_not_reacted_to() {
    let room = Room::new().await;
    assert!(room.sends("$a", "m.reaction", reaction("👍")).await.is_empty());
    assert!(room.sends("$b", "m.reaction", json!({ "m.relates_to": 7 })).await.is_empty());
    assert!(room.sends("$c", "m.room.redaction", json!({})).await.is_empty());
}
