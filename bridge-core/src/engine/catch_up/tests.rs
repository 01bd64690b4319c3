//! A chat's past as it is caught up on, told by a network of paper.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;
use testkit::{Fault, Kind};

use super::super::testing::{History, Paper, PaperSession, Said, Stage};
use super::*;
use crate::content::{Emoji, Message, Reacted, RichText};
use crate::error::NetworkError;
use crate::event::{RemoteEvent, RemoteKind, Scope, Sender};
use crate::id::{DedupKey, RemoteMessageId, RemoteUserId};
use crate::network::{PastEdit, PastMessage, Unreadable};
use crate::queue::Job;

#[test]
fn a_long_time_between_two_looks_was_slept_through() {
    assert!(!has_slept(0, ms(LOOKED_EVERY)) && !has_slept(ms(LOOKED_EVERY), 0));
    assert!(has_slept(0, ms(Duration::from_hours(8))));
}

/// A login that listens, and a chat with a room.
struct Scene {
    stage: Stage,
    live: Arc<Live<PaperSession>>,
    said: History,
    room: String,
}

impl Scene {
    async fn new(said: Said) -> Self {
        let network = Paper::silent();
        let history = Arc::clone(&network.said);
        *history.lock().unwrap() = Some(said);
        let stage = Stage::new(Kind::FakeSynapse, network).await;
        let room = stage.portal().await;
        let live = stage.bridge.start_login(stage.login()).unwrap();
        live.gap.begun().await;
        // Listening, but not so that a sweep begins by itself.
        live.context.report(ConnectionState::Degraded("Something needs attention.".to_owned()));
        notice_cut(&live);
        Self { stage, live, said: history, room }
    }

    fn change(&self, change: impl FnOnce(&mut Said)) {
        change(self.said.lock().unwrap().as_mut().unwrap());
    }

    /// Catches up on what was missed since a moment.
    async fn catch_up(&self, since: i64) {
        self.live.gap.open(since, 0);
        self.stage.bridge.catch_up(&self.live, &Stage::chat(), None).await.unwrap();
        assert!(self.live.gap.of_chat(&Stage::chat()).is_none());
        self.live.gap.close(self.live.gap.epoch());
        // What was noted in this gap says nothing of the next one.
        self.live.gap.whole(since);
    }

    /// An event that comes by itself.
    fn job(&self, event: &RemoteEvent) -> Job {
        let accepted_at = self.stage.bridge.store.clock().now_ms();
        Job { accepted_at, ..self.stage.remote_job(&serde_json::to_string(event).unwrap(), 0) }
    }

    /// What the room shows and nobody took back: texts and reactions, in order.
    async fn shown(&self) -> Vec<String> {
        let events = self.stage.timeline(&self.room).await;
        let gone: HashSet<&str> =
            events.iter().filter_map(|event| event["content"]["redacts"].as_str()).collect();
        let text = |event: &Value| match event["type"].as_str().unwrap() {
            "m.reaction" => event["content"]["m.relates_to"]["key"].as_str().map(str::to_owned),
            _ => event["content"]["body"].as_str().map(str::to_owned),
        };
        events
            .iter()
            .filter(|event| !gone.contains(event["event_id"].as_str().unwrap()))
            .filter_map(text)
            .collect()
    }
}

fn id(id: &str) -> RemoteMessageId {
    RemoteMessageId::new(id)
}

fn event(at: i64, kind: RemoteKind) -> RemoteEvent {
    let sender = Sender::user(RemoteUserId::new("U2"));
    RemoteEvent::new(Scope::Chat(Stage::chat()), sender, at, DedupKey::new(at.to_string()), kind)
}

/// A message whose id is its text.
fn said(text: &str, at: i64) -> PastMessage {
    let message = Message::text(RichText::plain(text));
    PastMessage {
        event: event(at, RemoteKind::Message { id: id(text), message }),
        position: at.to_string(),
        edit: None,
        answered_at: None,
        answers: 0,
    }
}

fn answer(root: &str, text: &str, at: i64) -> PastMessage {
    let mut past = said(text, at);
    if let RemoteKind::Message { message, .. } = &mut past.event.kind {
        message.thread_root = Some(id(root));
    }
    past
}

fn reacted(past: &mut PastMessage, users: &[&str]) {
    let RemoteKind::Message { message, .. } = &mut past.event.kind else { return };
    let users = users.iter().map(|user| RemoteUserId::new(*user)).collect();
    message.reactions = vec![Reacted { emoji: Emoji::Unicode("👍".to_owned()), users, is_cut: false }];
}

#[tokio::test]
async fn answers_in_a_thread_that_begins_behind_all_pages_are_found() {
    let scene = Scene::new(Said::default()).await;
    let week = 24 * 7 * 3_600_000;
    scene.change(|past| past.in_chat = vec![said("root", week), said("a", week + 1)]);
    scene.change(|past| drop(past.in_threads.insert(id("root"), vec![answer("root", "old", week + 2)])));
    scene.change(|past| past.in_chat[0].answered_at = Some(week + 2));
    scene.catch_up(0).await;
    scene.change(|past| past.in_chat.extend([said("b", week + 3), said("c", week + 4)]));
    scene.catch_up(week + 3).await;
    scene.change(|past| past.in_chat.push(said("d", week + 9)));
    scene.change(|past| past.in_threads.get_mut(&id("root")).unwrap().push(answer("root", "new", week + 8)));
    scene.change(|past| past.in_chat[0].answered_at = Some(week + 8));
    scene.catch_up(week + 5).await;
    assert_eq!(scene.shown().await, ["root", "a", "old", "b", "c", "new", "d"]);
}

#[tokio::test]
async fn what_was_said_while_a_thread_was_read_stands_before_its_answers() {
    let mut root = said("root", 10);
    root.answered_at = Some(13);
    let scene = Scene::new(Said { in_chat: vec![root], ..Said::default() }).await;
    scene.change(|past| drop(past.in_threads.insert(id("root"), vec![answer("root", "answer", 13)])));
    // The thread's page has to be waited for, and meanwhile somebody speaks.
    scene.change(|past| drop(past.failures.insert(1, NetworkError::RateLimited(Duration::from_secs(30)))));
    scene.live.gap.open(5, 0);
    let chat = Stage::chat();
    let waits = scene.stage.bridge.catch_up(&scene.live, &chat, None).await.unwrap_err();
    assert!(matches!(waits, JobError::RetryAfter(_)));
    scene.change(|past| past.in_chat.extend([said("before", 12), said("after", 14)]));
    scene.stage.bridge.catch_up(&scene.live, &chat, None).await.unwrap();
    assert_eq!(scene.shown().await, ["root", "before", "answer"]);
}

#[tokio::test]
async fn being_told_to_wait_loses_no_page() {
    let scene = Scene::new(Said::default()).await;
    let texts: Vec<String> = (0..8).map(|number| format!("text {number}")).collect();
    scene.change(|past| past.in_chat = texts.iter().zip(10..).map(|(text, at)| said(text, at)).collect());
    let wait = || NetworkError::RateLimited(Duration::from_secs(30));
    scene.change(|past| past.failures.extend([(1, wait()), (3, wait()), (4, wait())]));
    scene.live.gap.open(0, 0);
    let mut tries = 1;
    while scene.stage.bridge.catch_up(&scene.live, &Stage::chat(), None).await.is_err() {
        tries += 1;
    }
    assert_eq!((tries, scene.shown().await), (4, texts));
    let asked = scene.said.lock().unwrap().as_ref().unwrap().asked.len();
    assert_eq!(asked, 4 + 3, "each page once, and again what was refused");
}

#[tokio::test]
async fn a_process_that_was_killed_is_gone_on_for_where_it_was() {
    let scene = Scene::new(Said::default()).await;
    let texts: Vec<String> = (0..8).map(|number| format!("text {number}")).collect();
    scene.change(|past| past.in_chat = texts.iter().zip(10..).map(|(text, at)| said(text, at)).collect());
    let asked = || scene.said.lock().unwrap().as_ref().unwrap().asked.len();
    scene.catch_up(0).await;
    assert_eq!(asked(), 4, "each page once");
    let bridge = &scene.stage.bridge;
    let second = bridge.start_login(scene.stage.login()).unwrap();
    second.gap.begun().await;
    second.gap.open(0, 0);
    let read_until = bridge.read_earlier(&second, &Stage::chat()).await.unwrap().unwrap();
    assert!(second.gap.before(&Stage::chat(), read_until).is_none());
    assert!(second.gap.before(&Stage::chat(), read_until + 1).is_some());
    bridge.catch_up(&second, &Stage::chat(), None).await.unwrap();
    assert_eq!(asked(), 4 + 1, "what the first one had read is read again");
    assert_eq!(scene.shown().await, texts);
}

#[tokio::test]
async fn what_cannot_be_read_or_shown_is_kept_and_the_rest_is_shown() {
    let unreadable = vec![
        Unreadable { payload: "{\"missed\":1}".to_owned(), at: Some(20) },
        Unreadable { payload: "{\"earlier\":1}".to_owned(), at: Some(4) },
    ];
    let scene = Scene::new(Said { unreadable, ..Said::default() }).await;
    scene.change(|past| past.in_chat = vec![said("refused", 10), said("shown", 11)]);
    let fake = scene.stage.slot.homeserver.fake().unwrap();
    fake.fail_next_of_ghosts("PUT */send/*", Fault::Error(400, "M_BAD_JSON"), 1);
    let (kept, ()) = tokio::join!(
        async { [scene.stage.commit_next().await, scene.stage.commit_next().await].concat() },
        scene.catch_up(5),
    );
    assert_eq!(kept[0], "{\"missed\":1}");
    assert!(kept.len() == 2 && kept[1].contains("refused"), "{kept:?}");
    assert_eq!(scene.shown().await, ["shown"]);
    // The job does what could not be done.
    scene.stage.carry(&scene.stage.remote_job(&kept[1], 0)).await;
    assert_eq!(scene.shown().await, ["shown", "refused"]);
}

#[tokio::test]
async fn what_was_taken_back_goes_wherever_it_stood() {
    let scene = Scene::new(Said::default()).await;
    let mut root = said("root", 12);
    (root.answered_at, root.answers) = (Some(16), 3);
    scene.change(|past| past.in_chat = vec![said("oldest", 11), root, said("newest", 17)]);
    let answers = [("first", 13), ("second", 14), ("third", 16)].map(|(text, at)| answer("root", text, at));
    scene.change(|past| drop(past.in_threads.insert(id("root"), answers.to_vec())));
    scene.catch_up(5).await;
    assert_eq!(scene.shown().await, ["oldest", "root", "first", "second", "third", "newest"]);
    // The oldest is behind the first day of which the network may have forgotten.
    scene.change(|past| drop(past.in_chat.remove(2)));
    scene.change(|past| past.in_chat[1].answers = 1);
    scene.change(|past| past.in_threads.get_mut(&id("root")).unwrap().retain(|past| past.event.at == 16));
    // One of them stood before the gap, and one is told by what is read of the thread.
    scene.catch_up(14).await;
    assert_eq!(scene.shown().await, ["oldest", "root", "third"]);
}

#[tokio::test]
async fn an_emptied_chat_is_emptied_as_far_as_the_network_would_remember() {
    let scene = Scene::new(Said::default()).await;
    let now = scene.stage.bridge.store.clock().now_ms();
    let forgotten = now - ms(Duration::from_hours(24 * 3));
    scene.change(|past| past.in_chat = vec![said("forgotten", forgotten), said("taken back", now - 1_000)]);
    scene.catch_up(5).await;
    scene.change(|past| past.in_chat.clear());
    scene.catch_up(now - 500).await;
    assert_eq!(scene.shown().await, ["forgotten"]);
}

#[tokio::test]
async fn a_reaction_that_came_and_went_can_come_again() {
    let scene = Scene::new(Said::default()).await;
    scene.change(|past| past.in_chat = vec![said("one", 10)]);
    scene.catch_up(5).await;
    for (since, users) in [(20, &["U7"][..]), (30, &[]), (40, &["U7"])] {
        scene.change(|past| reacted(&mut past.in_chat[0], users));
        scene.catch_up(since).await;
        assert_eq!(scene.shown().await.len(), 1 + users.len(), "since {since}");
    }
}

#[tokio::test]
async fn what_comes_late_is_asked_for() {
    let scene = Scene::new(Said::default()).await;
    scene.change(|past| past.in_chat = vec![said("one", 10), said("two", 20)]);
    scene.catch_up(5).await;
    let user = RemoteUserId::new("U7");
    let emoji = Emoji::Unicode("👍".to_owned());
    let by = |at, kind| RemoteEvent { sender: Sender::user(user.clone()), ..event(at, kind) };
    // Set and taken back meanwhile, told of in the wrong order, and not comparable with our clock.
    let now = scene.stage.bridge.store.clock().now_ms();
    let late = [
        by(now - 10, RemoteKind::Unreact { id: id("one"), emoji: emoji.clone() }),
        by(now - 20, RemoteKind::React { id: id("one"), emoji: emoji.clone() }),
        event(15, RemoteKind::Message { id: id("gone"), message: Message::text(RichText::plain("gone")) }),
        event(
            16,
            RemoteKind::Edit {
                id: id("gone"),
                revision: "16".to_owned(),
                message: Message::text(RichText::plain("gone")),
            },
        ),
    ];
    scene.live.gap.looked(&Stage::chat(), Look { at: now, newest: 20, of: None });
    for event in &late {
        scene.stage.carry(&scene.job(event)).await;
    }
    assert_eq!(scene.shown().await, ["one", "two"]);
    // Without a gap the later one of two counts.
    for (at, is_set) in [(now + 20, false), (now + 10, true)] {
        let kind = if is_set {
            RemoteKind::React { id: id("two"), emoji: emoji.clone() }
        } else {
            RemoteKind::Unreact { id: id("two"), emoji: emoji.clone() }
        };
        scene.stage.carry(&scene.job(&by(at, kind))).await;
    }
    assert_eq!(scene.shown().await, ["one", "two"]);
}

#[tokio::test]
async fn an_earlier_change_that_comes_late_changes_nothing() {
    let scene = Scene::new(Said::default()).await;
    let mut changed = said("now", 10);
    changed.edit = Some(PastEdit { revision: "r2".to_owned(), at: 30 });
    scene.change(|past| past.in_chat = vec![changed]);
    scene.catch_up(5).await;
    let before = scene.shown().await;
    let message = Message::text(RichText::plain("in between"));
    let late = event(20, RemoteKind::Edit { id: id("now"), revision: "r1".to_owned(), message });
    scene.stage.carry(&scene.job(&late)).await;
    assert_eq!(scene.shown().await, before);
    // After a crash nobody remembers, and the network is asked.
    scene.stage.bridge.changed_at.remove(&id("now"));
    scene.stage.carry(&scene.job(&late)).await;
    assert!(scene.shown().await.iter().all(|text| !text.contains("in between")));
}

#[tokio::test]
async fn an_answer_that_was_sent_to_the_chat_meanwhile_is_shown_there() {
    let mut root = said("root", 10);
    root.answered_at = Some(11);
    let scene = Scene::new(Said { in_chat: vec![root], ..Said::default() }).await;
    scene.change(|past| drop(past.in_threads.insert(id("root"), vec![answer("root", "answer", 11)])));
    scene.catch_up(5).await;
    let mut outside = answer("root", "answer", 11);
    if let RemoteKind::Message { message, .. } = &mut outside.event.kind {
        message.broadcast = true;
    }
    scene.change(|past| past.in_chat.push(outside));
    scene.catch_up(20).await;
    assert_eq!(scene.shown().await, ["root", "answer", "answer"]);
}

#[tokio::test]
async fn a_turn_that_is_given_up_does_not_hold_the_gap_open() {
    let scene = Scene::new(Said::default()).await;
    let chat = Stage::chat();
    scene.live.gap.open(5, i64::MAX);
    // The clock was set back since: the chat's own turn does not look at it.
    assert!(scene.live.gap.before(&chat, 7).is_none());
    scene.change(|past| drop(past.failures.insert(0, NetworkError::Transient("down".to_owned()))));
    assert!(scene.stage.bridge.catch_up(&scene.live, &chat, None).await.is_err());
    assert!(scene.live.gap.order(&chat));
    Bridge::<Paper>::end_turn(&scene.live, &chat, Err(&JobError::Retry("down".to_owned())));
    assert!(scene.live.gap.of_chat(&chat).is_some() && !scene.live.gap.order(&chat));
    Bridge::<Paper>::end_turn(&scene.live, &chat, Err(&JobError::Park("gone".to_owned())));
    assert!(scene.live.gap.of_chat(&chat).is_none() && scene.live.gap.order(&chat));
}

mod rebuilt;
