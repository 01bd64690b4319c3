//! A message that the network tells of again, at a later time.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use testkit::Kind;

use super::super::testing::{Paper, Stage};
use crate::content::{Message, RichText};
use crate::event::{RemoteEvent, RemoteKind, Scope, Sender};
use crate::id::{DedupKey, RemoteMessageId, RemoteUserId};

/// Tells of a message at a moment, and counts the events that are sent for it.
async fn sent_for(stage: &Stage, id: &str, at: i64, message: Message) -> usize {
    let kind = RemoteKind::Message { id: RemoteMessageId::new(id), message };
    let (chat, sender) = (Scope::Chat(Stage::chat()), Sender::user(RemoteUserId::new("U2")));
    let event = RemoteEvent::new(chat, sender, at, DedupKey::new("d"), kind);
    let fake = stage.slot.homeserver.fake().unwrap();
    fake.forget_calls();
    stage.carry(&stage.remote_job(&serde_json::to_string(&event).unwrap(), 0)).await;
    let calls = fake.call_log();
    calls
        .iter()
        .filter(|call| call.route.starts_with("PUT ") && call.path.contains("/send/m.room.message/"))
        .count()
}

#[tokio::test]
async fn it_is_not_sent_again() {
    let stage = Stage::new(Kind::FakeSynapse, Paper::silent()).await;
    stage.portal().await;
    stage.bridge.start_login(stage.login()).unwrap();
    let said = || Message::text(RichText::plain("said once"));
    assert_eq!(sent_for(&stage, "at 1000", 1_000, said()).await, 1);
    assert_eq!(sent_for(&stage, "at 1000", 5_000, said()).await, 0, "its id tells when it was said");
    // Nothing is newer than this, and it is looked for all the same.
    assert_eq!(sent_for(&stage, "no time", 9_000, said()).await, 1);
    assert_eq!(sent_for(&stage, "no time", 9_500, said()).await, 0);
    assert_eq!(sent_for(&stage, "at 10000", 10_000, said()).await, 1);
}

#[tokio::test]
async fn an_answer_that_goes_to_the_chat_later_is_sent_there_only() {
    let stage = Stage::new(Kind::FakeSynapse, Paper::silent()).await;
    stage.portal().await;
    stage.bridge.start_login(stage.login()).unwrap();
    let answer = |broadcast| {
        let mut answer = Message::text(RichText::plain("an answer"));
        answer.thread_root = Some(RemoteMessageId::new("at 10"));
        answer.broadcast = broadcast;
        answer
    };
    let begun = sent_for(&stage, "at 1000", 1_000, answer(false)).await;
    assert_eq!(begun, 2, "with the beginning of its thread");
    assert_eq!(sent_for(&stage, "at 1000", 7_000, answer(true)).await, 1, "the copy in the chat");
    assert_eq!(sent_for(&stage, "at 1000", 8_000, answer(true)).await, 0);
}
