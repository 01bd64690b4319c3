//! What is in a channel, and changes of the channel itself.

use bridge_core::content::RichText;
use bridge_core::error::NetworkError;
use bridge_core::event::{MatrixKind, RemoteKind, Sender};
use bridge_core::id::RemoteUserId;
use bridge_core::network::{ChatKind, FEW_MEMBERS, Session};
use fake_slack::Fault;
use serde_json::json;

use super::world::{World, commit, next, refusal, says};

#[tokio::test]
async fn a_message_is_read_wherever_it_stands() {
    let world = World::new().await;
    let root = world.slack.post_as("alice", "general", "root").unwrap();
    let reply = world.slack.reply_as("bob", "general", &root, "reply").unwrap();
    let own = world.send(&world.mary(says("ours"))).await.unwrap();
    let chat = world.chat("c0general1");
    for (ts, text, user) in [(&root, "root", "U0ALICE001"), (&reply, "reply", "U0BOB00001")] {
        let event = world.session.message(&chat, &world.id_of(ts)).await.unwrap().unwrap();
        let RemoteKind::Message { id, message } = &event.kind else { panic!("{:?}", event.kind) };
        assert_eq!((id, message.plain().as_str()), (&world.id_of(ts), text));
        assert_eq!(event.sender.user_id(), Some(&world.user(user)));
        assert_eq!(message.thread_root.is_some(), ts == &reply);
    }
    let event = world.session.message(&chat, &own[0].id).await.unwrap().unwrap();
    assert!(matches!(&event.sender, Sender::Own { marker: Some(_), .. }), "{:?}", event.sender);
    world.slack.delete("general", own[0].id.as_str().rsplit_once('-').unwrap().1).unwrap();
    assert!(world.session.message(&chat, &own[0].id).await.unwrap().is_none());
    assert!(world.session.message(&chat, &world.id_of("1700000000.000100")).await.unwrap().is_none());
}

#[tokio::test]
async fn pins_are_listed_the_first_first() {
    let world = World::new().await;
    let chat = world.chat("c0general1");
    assert!(world.session.pins(&chat).await.unwrap().is_empty());
    let pinned: Vec<_> = ["one", "two"]
        .map(|text| {
            let ts = world.slack.post_as("alice", "general", text).unwrap();
            world.slack.pin_as("alice", "general", &ts).unwrap();
            world.id_of(&ts)
        })
        .into();
    assert_eq!(world.session.pins(&chat).await.unwrap(), pinned);
}

#[tokio::test]
async fn members_are_listed_without_the_app_up_to_a_number() {
    let world = World::new().await;
    for n in 0..250 {
        let user = world.slack.add_user(&format!("user{n}"), "Somebody");
        world.slack.join(&user, "general").unwrap();
    }
    let chat = world.chat("c0general1");
    let all = world.session.members(&chat, 1_000).await.unwrap();
    assert_eq!(all.len(), 253);
    assert!(!all.contains(&world.user(&world.slack.app().bot_user_id)));
    assert_eq!(world.session.members(&chat, 3).await.unwrap().len(), 3);
    world.slack.rate_limit_next("conversations.members", 30, 1);
    let few = world.session.members(&chat, FEW_MEMBERS).await;
    assert!(matches!(few, Err(NetworkError::RateLimited(_))), "a job asks: {few:?}");
}

#[tokio::test]
async fn direct_chats_and_groups_are_opened() {
    let world = World::new().await;
    let (alice, bob) = (world.user("U0ALICE001"), world.user("U0BOB00001"));
    let direct = world.session.open_chat(std::slice::from_ref(&alice)).await.unwrap();
    assert_eq!((direct.kind, direct.peer.as_ref()), (ChatKind::Direct, Some(&alice)));
    let group = world.session.open_chat(&[alice.clone(), bob]).await.unwrap();
    assert_eq!(group.kind, ChatKind::Group);
    let why = refusal(world.session.open_chat(&[RemoteUserId::new("t1-b1-72fcd1bd1df7264f")]).await);
    assert!(why.contains("account in this Slack"), "{why}");
    let why = refusal(world.session.open_chat(&[world.user("U0NOBODY00")]).await);
    assert!(why.contains("no such person"), "{why}");
}

#[tokio::test]
async fn emoji_are_looked_up_once_and_anew_after_a_change() {
    let mut world = World::new().await;
    let mut deliveries = world.listen().await;
    world.slack.add_emoji("parrot", "https://e.test/parrot.png");
    commit(next(&mut deliveries).await);
    let url = |name: &'static str| world.session.emoji_url(name);
    assert_eq!(url("parrot").await.unwrap().as_deref(), Some("https://e.test/parrot.png"));
    assert_eq!(url("hare").await.unwrap(), None);
    assert_eq!(world.slack.call_count("emoji.list"), 1);
    world.slack.add_emoji("hare", "alias:parrot");
    commit(next(&mut deliveries).await);
    assert_eq!(url("hare").await.unwrap().as_deref(), Some("https://e.test/parrot.png"));
}

#[tokio::test]
async fn a_topic_and_members_are_carried_over_also_again() {
    let world = World::new().await;
    let bob = world.user("U0BOB00001");
    for _ in 0..2 {
        world.send(&world.mary(MatrixKind::Topic(Some("Lunch".to_owned())))).await.unwrap();
    }
    assert_eq!(world.slack.channel("general", "alice").unwrap()["topic"]["value"], "Lunch");
    world.send(&world.mary(MatrixKind::Topic(None))).await.unwrap();
    assert_eq!(world.slack.channel("general", "alice").unwrap()["topic"]["value"], "");
    world.slack.add_scope(&world.slack.app().bot_token, "channels:manage").unwrap();
    world.slack.add_scope(&world.slack.app().bot_token, "channels:write.invites").unwrap();
    world.slack.kick("alice", "bob", "random").unwrap();
    let random = |is_in| {
        let kind = MatrixKind::Member { user_id: bob.clone(), is_in };
        world.does(bridge_core::event::Speaker::Login, "c0random01", kind)
    };
    for is_in in [true, true, false, false] {
        world.send(&random(is_in)).await.unwrap();
        let members = world.session.members(&world.chat("c0random01"), 100).await.unwrap();
        assert_eq!(members.contains(&bob), is_in);
    }
}

#[tokio::test]
async fn refused_changes_are_told_in_words() {
    let world = World::new().await;
    let name = |name: Option<&str>| world.mary(MatrixKind::Name(name.map(str::to_owned)));
    let member =
        |user: &str, is_in| world.mary(MatrixKind::Member { user_id: RemoteUserId::new(user), is_in });
    assert!(refusal(world.send(&name(None)).await).contains("without a name"));
    assert!(refusal(world.send(&member("t1-b1-72fcd1bd1df7264f", true)).await).contains("no account"));
    for (method, code, event, word) in [
        ("conversations.rename", "name_taken", name(Some("Random")), "this name already"),
        ("conversations.rename", "not_authorized", name(Some("x")), "does not let the bridge's app"),
        ("conversations.kick", "cant_kick_from_general", member("t1-u1", false), "general channel"),
        ("conversations.invite", "ura_max_channels", member("t1-u1", true), "guest"),
        (
            "conversations.setTopic",
            "too_long",
            world.mary(MatrixKind::Topic(Some("x".repeat(300)))),
            "250 characters",
        ),
    ] {
        world.slack.fail_next(method, Fault::Error(code.to_owned()), 1);
        let why = refusal(world.send(&event).await);
        assert!(why.contains(word), "{code}: {why}");
    }
    // The scope for it is not among those that the manifest asks for.
    let why = refusal(world.send(&name(Some("New Plans"))).await);
    assert!(why.contains("lacks the scope"), "{why}");
}

#[tokio::test]
async fn an_answer_to_a_command_goes_where_slack_said() {
    let world = World::new().await;
    let place = format!("{}respond", world.slack.api_url());
    world.slack.fail_next("respond", Fault::Body("ok".to_owned()), 1);
    world.session.answer(&place, &RichText::plain("Nobody <@U1> & *you*")).await.unwrap();
    let call = world.slack.calls_of("respond").remove(0);
    assert_eq!(call.arguments["response_type"], "ephemeral");
    assert_eq!(call.arguments["text"], "Nobody &lt;@U1&gt; &amp; *you*");
    assert_eq!(call.arguments["blocks"][0]["type"], json!("rich_text"));
    for elsewhere in ["https://example.org/", "", "http://169.254.169.254/"] {
        refusal(world.session.answer(elsewhere, &RichText::plain("x")).await);
    }
}
