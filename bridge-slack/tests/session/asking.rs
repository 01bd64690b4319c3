//! Questions to Slack: chats, people, pictures, and how limits and failures are met.

use std::time::Duration;

use bridge_core::error::NetworkError;
use bridge_core::network::{ChatKind, Session};
use fake_slack::Fault;
use serde_json::json;

use super::world::{SOON, World, commit, next, pass};

#[tokio::test]
async fn chats_are_described_and_found() {
    let world = World::new().await;
    world.slack.set_topic("alice", "general", "All of it").unwrap();
    let general = world.session.chat_info(&world.chat("C0GENERAL1")).await.unwrap();
    assert_eq!((general.name.as_deref(), general.kind), (Some("general"), ChatKind::Channel));
    assert_eq!(general.topic.as_deref(), Some("All of it"));
    for name in ["#secret-plans", "secret-plans", "C0SECRET01", "<#C0SECRET01|x>"] {
        let found = world.session.find_chat(name).await.unwrap().expect(name);
        assert_eq!((found.name.as_deref(), found.kind), (Some("secret-plans"), ChatKind::Private));
    }
    assert_eq!(world.session.find_chat("#nowhere").await.unwrap(), None);
    assert_eq!(world.session.find_chat("C0NOWHERE1").await.unwrap(), None);
    let mut names: Vec<_> =
        world.session.chats().await.unwrap().into_iter().filter_map(|chat| chat.name).collect();
    names.sort();
    assert_eq!(names, ["general", "random", "secret-plans"]);
}

#[tokio::test]
async fn people_and_bots_are_described_once_and_anew_after_a_change() {
    let mut world = World::new().await;
    let mut deliveries = world.listen().await;
    let alice = world.user("U0ALICE001");
    let before = world.session.user_info(&alice).await.unwrap();
    assert!(before.name.is_some() && before.avatar_url.is_some() && !before.is_bot);
    world.session.user_info(&alice).await.unwrap();
    assert_eq!(world.slack.call_count("users.info"), 1);
    world.slack.change_user("alice", &json!({ "display_name": "alicia" })).unwrap();
    commit(next(&mut deliveries).await);
    assert!(world.slack.wait_until_acknowledged(SOON).await);
    assert_eq!(world.session.user_info(&alice).await.unwrap().name.as_deref(), Some("alicia"));
    let bot = world.session.user_info(&world.user(&world.slack.app().bot_id)).await.unwrap();
    assert_eq!((bot.name.as_deref(), bot.is_bot), (Some("Matrix Bridge"), true));
    let unknown = world.session.user_info(&world.user("U0NOBODY00")).await.unwrap_err();
    assert!(matches!(unknown, NetworkError::Rejected(_)));
}

#[tokio::test]
async fn pictures_are_fetched_up_to_their_limit() {
    let world = World::new().await;
    let alice = world.session.user_info(&world.user("U0ALICE001")).await.unwrap();
    let url = alice.avatar_url.unwrap();
    let picture = world.session.download(&url, 1 << 20).await.unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
    assert_eq!(world.session.download(&url, picture.len()).await.unwrap(), picture);
    let too_long = world.session.download(&url, picture.len() - 1).await.unwrap_err();
    assert!(matches!(too_long, NetworkError::Rejected(_)), "{too_long:?}");
}

#[tokio::test]
async fn a_channel_the_app_is_not_in_is_refused_with_what_to_do() {
    let world = World::new().await;
    let id = world.slack.create_channel("alice", "outside", false).unwrap();
    for name in ["#outside", &id, &format!("<#{id}|outside>")] {
        let error = world.session.find_chat(name).await.unwrap_err();
        let NetworkError::Rejected(why) = &error else { panic!("{error:?}") };
        assert!(why.contains("not in #outside") && why.contains("`/invite @matrix-bridge`"), "{why}");
    }
    world.slack.invite("alice", &world.slack.app().bot_user_id, "outside").unwrap();
    for name in ["#outside", &id] {
        let found = world.session.find_chat(name).await.unwrap().expect(name);
        assert_eq!(found.name.as_deref(), Some("outside"));
    }
}

#[tokio::test]
async fn a_direct_message_can_be_named() {
    let world = World::new().await;
    let id = world.slack.open_conversation(&["alice", &world.slack.app().bot_user_id]).unwrap();
    let found = world.session.find_chat(&id).await.unwrap().expect("the app is in it");
    assert_eq!(found.kind, ChatKind::Direct);
}

#[tokio::test]
async fn a_long_wait_is_the_lanes_and_holds_up_no_other_method() {
    let world = World::new().await;
    world.slack.rate_limit_next("users.info", 30, 1);
    let (alice, general) = (world.user("U0ALICE001"), world.chat("C0GENERAL1"));
    for _ in 0..2 {
        let started_at = tokio::time::Instant::now();
        let error = world.session.user_info(&alice).await.unwrap_err();
        let NetworkError::RateLimited(wait) = error else { panic!("{error:?}") };
        assert!(wait > Duration::from_secs(10) && wait <= Duration::from_secs(30), "{wait:?}");
        assert!(started_at.elapsed() < SOON, "it waited");
    }
    // The second time Slack was not asked.
    assert_eq!(world.slack.call_count("users.info"), 1);
    world.session.chat_info(&general).await.unwrap();
    pass(Duration::from_secs(30)).await;
    world.session.user_info(&alice).await.unwrap();
    assert_eq!(world.slack.call_count("users.info"), 2);
}

#[tokio::test]
async fn what_a_person_asks_for_waits_as_long_as_slack_says() {
    let world = World::new().await;
    world.slack.rate_limit_next("users.conversations", 2, 1);
    world.slack.rate_limit_next("conversations.list", 2, 1);
    let started_at = tokio::time::Instant::now();
    let (chats, found) = tokio::join!(world.session.chats(), world.session.find_chat("general"));
    assert_eq!(chats.unwrap().len(), 3);
    assert!(found.unwrap().is_some());
    let took = started_at.elapsed();
    assert!(took >= Duration::from_secs(2) && took < SOON, "{took:?}");
}

#[tokio::test]
async fn credentials_are_proved_again_when_asked() {
    let world = World::new().await;
    world.session.check().await.unwrap();
    world.slack.fail_next("auth.test", Fault::Status(502), 1);
    assert!(matches!(world.session.check().await, Err(NetworkError::Transient(_))));
    world.slack.revoke_token(&world.slack.app().bot_token).unwrap();
    let error = world.session.check().await.unwrap_err();
    assert!(matches!(&error, NetworkError::BadCredentials(why) if why.contains("revoked")), "{error:?}");
}

#[tokio::test]
async fn failures_have_their_class_and_no_body_in_their_text() {
    let world = World::new().await;
    let general = world.chat("C0GENERAL1");
    let method = "conversations.info";
    let body = r#"{"ok":false,"error":"internal_error","secret":"s3cr3t"}"#;
    for (fault, is_expected) in [
        (Fault::Status(502), (|e| matches!(e, NetworkError::Transient(_))) as fn(&NetworkError) -> bool),
        (Fault::DropBefore, |e| matches!(e, NetworkError::Transient(_))),
        (Fault::Body(body.to_owned()), |e| matches!(e, NetworkError::Transient(_))),
        (Fault::Body("s3cr3t".to_owned()), |e| matches!(e, NetworkError::Malformed(_))),
        (Fault::Error("token_revoked".to_owned()), |e| matches!(e, NetworkError::BadCredentials(_))),
        (Fault::Error("channel_not_found".to_owned()), |e| matches!(e, NetworkError::Rejected(_))),
    ] {
        world.slack.fail_next(method, fault.clone(), 1);
        let error = world.session.chat_info(&general).await.unwrap_err();
        assert!(is_expected(&error), "{fault:?} gave {error:?}");
        assert!(!error.to_string().contains("s3cr3t"), "{error}");
    }
    assert!(world.session.chat_info(&general).await.is_ok());
    world.slack.set_scopes(&world.slack.app().bot_token, &["chat:write"]).unwrap();
    let error = world.session.chat_info(&general).await.unwrap_err();
    assert!(matches!(&error, NetworkError::Rejected(why) if why.contains("channels:read")), "{error:?}");
}
