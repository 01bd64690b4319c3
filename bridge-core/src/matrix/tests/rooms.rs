//! What intents do when all goes well.

use std::time::Duration;

use bytes::Bytes;
use ruma::UserId;
use ruma::api::Direction;

use super::*;
use crate::matrix::{CreateRoom, Family};

#[tokio::test]
async fn the_homeserver_is_found_out() {
    for kind in BOTH {
        let world = World::new(kind.clone()).await;
        let features = world.app.probe().await.unwrap();
        let is_synapse = kind == Kind::FakeSynapse;
        let family = if is_synapse { Family::Synapse } else { Family::Conduwuit };
        assert_eq!(features.family, family);
        assert!(features.device_route);
        assert_eq!(features.needs_device, is_synapse);
        assert_eq!(features.async_uploads, world.fake().profile().has_async_uploads);
        assert_eq!(features.media_limit, Some(world.fake().profile().max_upload as u64));
        assert_eq!(features.default_room_version, "12");
    }
}

#[tokio::test]
async fn a_ghost_comes_into_being_joins_and_says_things_once() {
    for kind in BOTH {
        let world = World::new(kind).await;
        let room = world.room().await;
        let (alice, bob) = (world.ghost("U0ALICE"), world.ghost("U0BOB"));
        for ghost in [&alice, &bob] {
            let id = txn("1.0", ghost);
            let at = Some(1_700_000_000_000);
            let first = ghost.send_joined(&room, "m.room.message", &text("hi"), &id, at).await.unwrap();
            let again = ghost.send_joined(&room, "m.room.message", &text("hi"), &id, at).await.unwrap();
            assert_eq!(first, again);
        }
        let messages = world.messages(&room);
        assert_eq!(messages.len(), 2);
        assert_eq!(messages[0]["sender"], alice.user_id().as_str());
        assert_eq!(messages[0]["origin_server_ts"], 1_700_000_000_000_i64);
        let devices = world.fake().sent_txn_ids().into_iter().filter(|sent| sent.device_id.is_some()).count();
        assert_eq!(devices, if world.app.features().unwrap().needs_device { 4 } else { 0 });
        // Registered by somebody else meanwhile: nothing to complain about.
        world.twin().intent(alice.user_id()).ensure_registered().await.unwrap();
    }
}

#[tokio::test]
async fn many_at_once_make_one_account_and_one_join() {
    let world = World::new(Kind::FakeSynapse).await;
    let room = world.room().await;
    let ghost = world.ghost("U0");
    let joins = (0..20).map(|_| ghost.ensure_joined(&room));
    futures_util::future::try_join_all(joins).await.unwrap();
    let calls = world.fake().call_log();
    let count = |part: &str| calls.iter().filter(|call| call.path.contains(part)).count();
    assert_eq!((count("/register"), count("/join"), count("/invite")), (1, 2, 1));
}

#[tokio::test]
async fn state_is_sent_only_when_it_differs() {
    for kind in BOTH {
        let world = World::new(kind).await;
        let (room, bot) = (world.room().await, world.app.bot());
        let set = async |name: &str| {
            bot.send_state(&room, "m.room.name", "", &json!({ "name": name })).await.unwrap()
        };
        assert!(set("one").await.is_some());
        assert!(set("one").await.is_none());
        assert!(set("two").await.is_some());
        assert_eq!(bot.state(&room, "m.room.name", "").await.unwrap(), Some(json!({ "name": "two" })));
        assert_eq!(bot.state(&room, "m.room.topic", "").await.unwrap(), None);
        assert!(bot.put_state(&room, "dev.test", "a/b key", &json!({ "x": 1 }), Some(5)).await.is_ok());
        assert_eq!(bot.state(&room, "dev.test", "a/b key").await.unwrap(), Some(json!({ "x": 1 })));
        assert!(bot.full_state(&room, 100_000).await.unwrap().unwrap().len() > 3);
        assert!(bot.full_state(&room, 100).await.unwrap().is_none(), "longer than it may be");
    }
}

#[tokio::test]
async fn a_redaction_removes_once() {
    for kind in BOTH {
        let world = World::new(kind).await;
        let (room, ghost) = (world.room().await, world.ghost("U0"));
        let id = txn("1.0", &ghost);
        let event = ghost.send_joined(&room, "m.room.message", &text("oops"), &id, None).await.unwrap();
        let id = txn("1.1", &ghost);
        let first = ghost.redact(&room, &event, Some("removed"), &id, None).await.unwrap();
        assert_eq!(ghost.redact(&room, &event, Some("removed"), &id, None).await.unwrap(), first);
        assert_eq!(world.messages(&room)[0]["content"], json!({}));
    }
}

#[tokio::test]
async fn a_room_is_as_ordered() {
    for kind in BOTH {
        let world = World::new(kind).await;
        let bot = world.app.bot();
        let human = world.slot.homeserver.user("alice").await.unwrap();
        let human_id = UserId::parse(human.user_id()).unwrap();
        let levels =
            json!({ "users": { bot.user_id().as_str(): 100, human.user_id(): 50 }, "events_default": 0 });
        let room = CreateRoom {
            name: Some("general".into()),
            topic: Some("all of it".into()),
            invite: vec![human_id.clone()],
            initial_state: vec![("dev.test".into(), "k".into(), json!({ "v": 1 }))],
            power_levels: Some(levels),
            ..CreateRoom::default()
        };
        let room = bot.create_room(room).await.unwrap();
        human.join(room.as_str()).await.unwrap();
        assert_eq!(bot.state(&room, "dev.test", "k").await.unwrap(), Some(json!({ "v": 1 })));
        let levels = bot.state(&room, "m.room.power_levels", "").await.unwrap().unwrap();
        assert_eq!(levels["users"][human.user_id()], 50);
        let members = bot.joined_members(&room).await.unwrap();
        assert!(members.contains_key(bot.user_id()) && members.contains_key(&human_id));
        assert!(bot.joined_rooms().await.unwrap().contains(&room));
        bot.kick(&room, &human_id, Some("test")).await.unwrap();
        assert_eq!(bot.joined_members(&room).await.unwrap().len(), 1);
        bot.leave(&room).await.unwrap();
        assert!(!bot.joined_rooms().await.unwrap().contains(&room));
    }
}

#[tokio::test]
async fn history_is_read() {
    for kind in BOTH {
        let world = World::new(kind).await;
        let (room, ghost) = (world.room().await, world.ghost("U0"));
        let mut events = Vec::new();
        for name in ["1", "2", "3"] {
            let id = txn(name, &ghost);
            events.push(ghost.send_joined(&room, "m.room.message", &text(name), &id, None).await.unwrap());
        }
        let page = world.app.bot().messages(&room, Direction::Backward, None, 2).await.unwrap();
        let newest: Value = serde_json::from_str(page.events[0].get()).unwrap();
        assert_eq!((page.events.len(), &newest["content"]["body"]), (2, &json!("3")));
        let from = page.next.as_deref();
        let next = world.app.bot().messages(&room, Direction::Backward, from, 1).await.unwrap();
        assert!(next.events[0].get().contains(r#""1""#));
        assert!(ghost.event(&room, &events[1]).await.unwrap().unwrap().get().contains(r#""2""#));
        let unknown = ruma::EventId::parse("$unknown").unwrap();
        assert!(ghost.event(&room, &unknown).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn profile_account_data_typing_and_receipts() {
    for kind in BOTH {
        let world = World::new(kind).await;
        let (room, ghost) = (world.room().await, world.ghost("U0"));
        ghost.set_displayname("Ann O'Nym").await.unwrap();
        ghost.set_avatar_url(Some("mxc://hs.test/abc")).await.unwrap();
        let profile = world.app.bot().profile(ghost.user_id()).await.unwrap();
        assert_eq!(profile.displayname.as_deref(), Some("Ann O'Nym"));
        assert_eq!(profile.avatar_url.as_deref(), Some("mxc://hs.test/abc"));
        ghost.set_avatar_url(None).await.unwrap();
        assert_eq!(world.app.bot().profile(ghost.user_id()).await.unwrap().avatar_url, None);
        let nobody = UserId::parse("@nobody:hs.test").unwrap();
        assert_eq!(ghost.profile(&nobody).await.unwrap(), crate::matrix::Profile::default());

        assert_eq!(ghost.account_data("dev.test").await.unwrap(), None);
        ghost.set_account_data("dev.test", &json!({ "a": 1 })).await.unwrap();
        assert_eq!(ghost.account_data("dev.test").await.unwrap(), Some(json!({ "a": 1 })));

        let id = txn("1", &ghost);
        let event = ghost.send_joined(&room, "m.room.message", &text("hi"), &id, None).await.unwrap();
        ghost.typing(&room, Some(Duration::from_secs(5))).await.unwrap();
        ghost.typing(&room, None).await.unwrap();
        ghost.read(&room, &event).await.unwrap();
        assert_eq!(ghost.whoami().await.unwrap(), ghost.user_id());
    }
}

#[tokio::test]
async fn files_go_up_and_come_down() {
    for kind in BOTH {
        let world = World::new(kind).await;
        let ghost = world.ghost("U0");
        let whole = ghost.upload(vec![7; 1000], "image/png", Some("päth.png")).await.unwrap();
        let pieces = (0..10).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![7; 100])));
        let pieces = futures_util::stream::iter(pieces.collect::<Vec<_>>());
        let streamed = ghost.upload_stream(pieces, 1000, "image/png", None).await.unwrap();
        for mxc in [whole, streamed] {
            let file = ghost.download(&mxc).await.unwrap();
            assert_eq!(file.content_type.as_deref(), Some("image/png"));
            assert_eq!(file.into_bytes(1000).await.unwrap(), vec![7; 1000]);
            assert!(ghost.download(&mxc).await.unwrap().into_bytes(999).await.is_err());
        }
        assert!(ghost.download("https://hs.test/x").await.is_err());
    }
}
