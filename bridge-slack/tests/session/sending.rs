//! Posts: part by part, once each, found again.

use std::time::Duration;

use bridge_core::error::NetworkError;
use bridge_core::event::{MatrixEvent, MatrixKind, Sender, Speaker};
use bridge_core::id::{LoginId, RemoteMessageId};
use bridge_core::network::{Network, Session};
use bridge_slack::config::RateLimits;
use fake_slack::{Fault, Mode, Options};

use super::world::{SOON, World, long_text, next, pass, says};

const POST: &str = "chat.postMessage";

impl World {
    fn event(&self, text: &str) -> MatrixEvent {
        self.event_in("c0general1", text)
    }

    fn event_in(&self, channel: &str, text: &str) -> MatrixEvent {
        let mary = Speaker::Relayed { name: "Mary".to_owned(), avatar_url: None };
        self.does(mary, channel, says(text))
    }
}

#[tokio::test]
async fn a_message_is_posted_in_the_persons_name_and_told_back() {
    let world = World::new().await;
    let event = world.event("hello Slack");
    let sent = world.session.send(&event, Vec::new()).await.unwrap();
    let message = world.slack.messages("general").remove(0);
    let ts = message["ts"].as_str().unwrap();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].id.as_str(), format!("{}-{ts}", event.chat.chat_id));
    assert_eq!((message["text"].as_str(), message["username"].as_str()), (Some("hello Slack"), Some("Mary")));
}

#[tokio::test]
async fn the_echo_is_recognized_as_our_own_with_its_marker() {
    let mut world = World::new().await;
    let mut deliveries = world.listen().await;
    let event = world.event("hello");
    world.session.send(&event, Vec::new()).await.unwrap();
    let echo = next(&mut deliveries).await;
    let decoded = world.network.decode(world.context.login_id(), &echo.jobs[0].payload).unwrap();
    let Sender::Own { marker: Some(marker), .. } = decoded.sender else { panic!("{:?}", decoded.sender) };
    assert!(marker.starts_with(event.marker.as_str()), "{marker}");
    let gone = LoginId::new("a-login-that-is-gone");
    let decoded = world.network.decode(&gone, &echo.jobs[0].payload).unwrap();
    assert!(matches!(decoded.sender, Sender::Own { .. }), "{:?}", decoded.sender);
}

#[tokio::test]
async fn a_long_message_goes_in_parts_and_each_is_told_back() {
    let world = World::new().await;
    let sent = world.session.send(&world.event(&long_text()), Vec::new()).await.unwrap();
    let texts = world.texts();
    assert!(sent.len() >= 3 && sent.len() == texts.len(), "{} parts, {} posts", sent.len(), texts.len());
    assert!(texts.iter().all(|text| text.chars().count() <= 4_000));
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&texts.join(" ")), words(&long_text()));
}

#[tokio::test]
async fn a_message_broken_off_in_the_middle_is_found_and_finished() {
    for (fault, broken_off_after) in [(Fault::DropBefore, 1), (Fault::DropAfter, 2)] {
        // So slow that the fault is ordered before the second post comes to be looked at.
        let world = World::with(Options { latency: Duration::from_millis(150), ..Options::default() }).await;
        let event = world.event(&long_text());
        let whole = world.session.send(&world.event(&long_text()), Vec::new()).await.unwrap().len();
        // The first part goes through; while its answer is on the way, the second is made to break.
        let breaking = async {
            let one_more = |slack: &fake_slack::Workspace| slack.messages("general").len() > whole;
            world.slack.wait_until(SOON, |slack| one_more(slack).then_some(())).await.unwrap();
            world.slack.fail_next(POST, fault.clone(), 1);
        };
        let (sent, ()) = tokio::join!(world.session.send(&event, Vec::new()), breaking);
        let error = sent.unwrap_err();
        assert!(matches!(error, NetworkError::Uncertain(_)), "{error:?}");
        let found = world.session.find_sent(&event).await.unwrap();
        assert_eq!(found.len(), broken_off_after);
        let sent = world.session.send(&event, found.clone()).await.unwrap();
        assert_eq!((sent.len(), &sent[..found.len()]), (whole, &found[..]));
        assert_eq!(world.slack.messages("general").len(), 2 * whole, "a part is missing or double");
    }
}

#[tokio::test]
async fn a_post_of_unknown_fate_is_uncertain_and_is_found_if_it_is_there() {
    let world = World::new().await;
    for (fault, is_there) in
        [(Fault::DropAfter, true), (Fault::DropBefore, false), (Fault::Status(500), false)]
    {
        let event = world.event("maybe");
        world.slack.fail_next(POST, fault.clone(), 1);
        let error = world.session.send(&event, Vec::new()).await.unwrap_err();
        assert!(matches!(error, NetworkError::Uncertain(_)), "{fault:?}: {error:?}");
        let found = world.session.find_sent(&event).await.unwrap();
        assert_eq!(!found.is_empty(), is_there, "{fault:?}");
        let sent = world.session.send(&event, found).await.unwrap();
        assert_eq!(sent.len(), 1);
    }
    assert_eq!(world.slack.messages("general").len(), 3);
}

#[tokio::test]
async fn a_post_that_did_not_leave_is_transient() {
    let world = World::new().await;
    world.slack.set_down(true).await;
    let error = world.session.send(&world.event("nobody there"), Vec::new()).await.unwrap_err();
    assert!(matches!(error, NetworkError::Transient(_)), "{error:?}");
}

#[tokio::test]
async fn a_marker_copied_by_somebody_else_is_not_taken_for_ours() {
    let world = World::new().await;
    let event = world.event("mine");
    world.session.send(&world.event("mine"), Vec::new()).await.unwrap();
    world.session.send(&event, Vec::new()).await.unwrap();
    let metadata = world.slack.messages("general")[1]["metadata"].clone();
    assert!(metadata.is_object());
    let other = world.event("other");
    let copied = serde_json::json!({ "metadata": metadata });
    world.slack.post_with("alice", "general", "copied", copied).unwrap();
    assert_eq!(world.session.find_sent(&event).await.unwrap().len(), 1);
    assert!(world.session.find_sent(&other).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_reply_is_posted_and_found_in_its_thread() {
    let world = World::new().await;
    let root = world.slack.post_as("alice", "general", "root").unwrap();
    let mut event = world.event("reply");
    let root_id = RemoteMessageId::new(format!("{}-{root}", event.chat.chat_id));
    if let MatrixKind::Message(message) = &mut event.kind {
        message.thread_root = Some(root_id);
    }
    assert!(world.session.find_sent(&event).await.unwrap().is_empty());
    let sent = world.session.send(&event, Vec::new()).await.unwrap();
    assert_eq!(world.slack.messages("general")[1]["thread_ts"].as_str(), Some(root.as_str()));
    assert_eq!(world.session.find_sent(&event).await.unwrap(), sent);
}

#[tokio::test]
async fn a_post_is_found_behind_many_others() {
    let world = World::new().await;
    let event = world.event("needle");
    let sent = world.session.send(&event, Vec::new()).await.unwrap();
    for n in 0..450 {
        world.slack.post_as("alice", "general", &format!("hay {n}")).unwrap();
    }
    assert_eq!(world.session.find_sent(&event).await.unwrap(), sent);
    assert!(world.slack.call_count("conversations.history") >= 3);
}

#[tokio::test]
async fn a_429_never_fails_a_post_and_is_kept_exactly() {
    let world = World::new().await;
    world.slack.rate_limit_next(POST, 1, 1);
    let started_at = tokio::time::Instant::now();
    world.session.send(&world.event("a moment"), Vec::new()).await.unwrap();
    let took = started_at.elapsed();
    assert!(took >= Duration::from_secs(1) && took < SOON, "{took:?}");
    world.slack.rate_limit_next(POST, 30, 1);
    let event = world.event("patience");
    for _ in 0..2 {
        let error = world.session.send(&event, Vec::new()).await.unwrap_err();
        let NetworkError::RateLimited(wait) = error else { panic!("{error:?}") };
        assert!(wait > Duration::from_secs(10) && wait <= Duration::from_secs(30), "{wait:?}");
    }
    assert_eq!(world.slack.call_count(POST), 3, "Slack was asked before the time was over");
    pass(Duration::from_secs(30)).await;
    world.session.send(&event, Vec::new()).await.unwrap();
    assert_eq!(world.texts(), ["a moment", "patience"]);
}

#[tokio::test]
async fn a_message_interrupted_by_a_long_wait_is_found_and_finished() {
    // So slow that the fault is ordered before the second post comes to be looked at.
    let world = World::with(Options { latency: Duration::from_millis(150), ..Options::default() }).await;
    let event = world.event(&long_text());
    let interrupting = async {
        let one_is_there = |slack: &fake_slack::Workspace| !slack.messages("general").is_empty();
        world.slack.wait_until(SOON, |slack| one_is_there(slack).then_some(())).await.unwrap();
        world.slack.rate_limit_next(POST, 30, 1);
    };
    let (sent, ()) = tokio::join!(world.session.send(&event, Vec::new()), interrupting);
    let error = sent.unwrap_err();
    let NetworkError::Interrupted(wait) = error else { panic!("{error:?}") };
    assert!(wait > Duration::from_secs(10) && wait <= Duration::from_secs(30), "{wait:?}");
    let found = world.session.find_sent(&event).await.unwrap();
    assert_eq!(found.len(), 1);
    // Asked too early, it has not begun anew: the rest is still to come, and nothing more is to be looked for.
    let error = world.session.send(&event, found.clone()).await.unwrap_err();
    assert!(matches!(error, NetworkError::RateLimited(_)), "{error:?}");
    pass(Duration::from_secs(30)).await;
    let sent = world.session.send(&event, found.clone()).await.unwrap();
    assert!(sent.len() >= 3 && sent[0] == found[0]);
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&world.texts().join(" ")), words(&long_text()), "a part is missing or double");
}

#[tokio::test]
async fn refusals_are_told_in_words_for_people() {
    let world = World::new().await;
    let bot = world.slack.app().bot_user_id;
    let refusal = |channel| {
        let event = world.event_in(channel, "x");
        let session = std::sync::Arc::clone(&world.session);
        async move { session.send(&event, Vec::new()).await.unwrap_err() }
    };
    world.slack.kick("alice", &bot, "random").unwrap();
    let error = refusal("c0random01").await;
    assert!(matches!(&error, NetworkError::Rejected(why) if why.contains("/invite")), "{error:?}");
    world.slack.archive("alice", "secret-plans", true).unwrap();
    let error = refusal("c0secret01").await;
    assert!(matches!(&error, NetworkError::Rejected(why) if why.contains("archived")), "{error:?}");
    world.slack.revoke_token(&world.slack.app().bot_token).unwrap();
    let error = refusal("c0general1").await;
    assert!(matches!(error, NetworkError::BadCredentials(_)), "{error:?}");
}

#[tokio::test]
async fn a_burst_of_posts_drains_at_quota_pace_without_one_refusal() {
    let options = Options { mode: Mode::Quota, ..Options::default() };
    let world = World::with_limits(options, RateLimits::Quota).await;
    let started_at = tokio::time::Instant::now();
    let posts = |channel| {
        let events: Vec<_> = (0..6).map(|n| world.event_in(channel, &n.to_string())).collect();
        let session = std::sync::Arc::clone(&world.session);
        async move {
            for event in events {
                session.send(&event, Vec::new()).await.unwrap();
            }
        }
    };
    tokio::join!(posts("c0general1"), posts("c0random01"));
    let took = started_at.elapsed();
    assert!(took >= Duration::from_millis(2_900) && took < SOON, "{took:?}");
    assert_eq!(world.texts(), ["0", "1", "2", "3", "4", "5"]);
    assert!(world.slack.calls().iter().all(|call| call.status == 200), "Slack had to refuse a call");
}

#[tokio::test]
async fn a_post_without_an_answer_is_given_up_in_time_and_found() {
    let world = World::new().await;
    let event = world.event("silence");
    world.slack.fail_next(POST, Fault::HangAfter, 1);
    let error = world.session.send(&event, Vec::new()).await.unwrap_err();
    assert!(matches!(error, NetworkError::Uncertain(_)), "{error:?}");
    assert_eq!(world.session.find_sent(&event).await.unwrap().len(), 1);
}
