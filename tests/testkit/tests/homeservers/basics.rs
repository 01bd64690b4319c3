//! People, rooms, messages, as a person's client sees them.
use serde_json::json;
use testkit::user::ApiError;
use testkit::{Slot, User};

use crate::bridge::Bridge;
use crate::on_both;

on_both!(
    a_conversation,
    invitations_and_departures,
    edits_reactions_redactions,
    history_reads_back_in_order,
    typing_and_receipts_reach_people,
    files_come_back,
    state_and_profiles,
    names_follow_into_rooms,
);

/// People whose names no other test uses.
async fn people(slot: &Slot) -> (User, User) {
    let tag = &slot.appservice.id;
    let alice = slot.homeserver.user(&format!("alice-{tag}")).await.unwrap();
    let bob = slot.homeserver.user(&format!("bob-{tag}")).await.unwrap();
    (alice, bob)
}

fn errcode(error: &anyhow::Error) -> (u16, &str) {
    let refusal = error.downcast_ref::<ApiError>().unwrap_or_else(|| panic!("no refusal: {error:#}"));
    (refusal.status, &refusal.errcode)
}

async fn a_conversation(slot: Slot) {
    let bridge = Bridge::start(&slot);
    let (alice, _) = people(&slot).await;
    let bot = bridge.appservice.bot_id();
    let room = alice.create_dm(&bot).await.unwrap();
    bridge.wait_event("the bot's invitation", |event| event["state_key"] == bot.as_str()).await;
    bridge.join(&bot, &room).await;
    let sent = alice.send_text(&room, "hello").await.unwrap();
    bridge.wait_event("alice's message", |event| event["event_id"] == sent.as_str()).await;
    let (status, answer) = bridge.send(&bot, &room, "txn1", "hi").await;
    assert_eq!(status, 200, "{answer}");
    let seen = alice.wait_for_text(&room, "hi").await.unwrap();
    assert_eq!(seen.event_id, answer["event_id"]);
    assert_eq!(seen.content, json!({ "msgtype": "m.text", "body": "hi" }));
    assert_eq!(alice.texts(&room).await.unwrap(), ["hello", "hi"]);
}

async fn invitations_and_departures(slot: Slot) {
    let (alice, bob) = people(&slot).await;
    let room = alice.create_room("Tea").await.unwrap();
    assert_eq!(errcode(&bob.join(&room).await.unwrap_err()), (403, "M_FORBIDDEN"));
    alice.invite(&room, bob.user_id()).await.unwrap();
    let invite = bob.wait_for_invite(|invite| invite.room_id == room).await.unwrap();
    assert_eq!((invite.name.as_deref(), invite.sender.as_str()), (Some("Tea"), alice.user_id()));
    bob.join(&room).await.unwrap();
    alice.wait_for_membership(&room, bob.user_id(), "join").await.unwrap();
    assert_eq!(errcode(&bob.kick(&room, alice.user_id()).await.unwrap_err()), (403, "M_FORBIDDEN"));
    alice.kick(&room, bob.user_id()).await.unwrap();
    bob.wait_for_membership(&room, bob.user_id(), "leave").await.unwrap();
    assert_eq!(errcode(&bob.send_text(&room, "but").await.unwrap_err()), (403, "M_FORBIDDEN"));
    alice.ban(&room, bob.user_id()).await.unwrap();
    assert_eq!(errcode(&alice.invite(&room, bob.user_id()).await.unwrap_err()), (403, "M_BAD_STATE"));
    assert_eq!(alice.members(&room).await.unwrap(), [alice.user_id()]);
    assert!(!bob.rooms().await.unwrap().contains(&room));
}

async fn edits_reactions_redactions(slot: Slot) {
    let (alice, bob) = people(&slot).await;
    let room = alice.create_dm(bob.user_id()).await.unwrap();
    assert_eq!(bob.join_invite_of(alice.user_id()).await.unwrap(), room);
    let first = alice.send_text(&room, "frist").await.unwrap();
    alice.edit(&room, &first, "first").await.unwrap();
    let edit = bob.wait_for_edit(&room, &first).await.unwrap();
    assert_eq!(edit.content["m.new_content"]["body"], "first");
    let reaction = bob.react(&room, &first, "👍").await.unwrap();
    let twice = bob.react(&room, &first, "👍").await.unwrap_err();
    assert_eq!(errcode(&twice), (400, "M_DUPLICATE_ANNOTATION"));
    assert_eq!(alice.wait_for_reaction(&room, &first, "👍").await.unwrap().event_id, reaction);
    bob.redact(&room, &reaction).await.unwrap();
    alice.wait_for_redaction(&room, &reaction).await.unwrap();
    bob.react(&room, &first, "👍").await.unwrap();
    let gone = alice.event(&room, &reaction).await.unwrap();
    assert!(gone.is_redacted() && gone.content == json!({}), "{gone:?}");
    let reply = bob.send_in_thread(&room, &first, "aside").await.unwrap();
    let seen = alice.wait_for_text(&room, "aside").await.unwrap();
    assert_eq!((&seen.event_id, seen.thread()), (&reply, Some(first.as_str())));
}

async fn history_reads_back_in_order(slot: Slot) {
    let (alice, bob) = people(&slot).await;
    let room = alice.create_room("Long").await.unwrap();
    let texts: Vec<String> = (0..30).map(|number| format!("message {number}")).collect();
    for text in &texts {
        alice.send_text(&room, text).await.unwrap();
    }
    assert_eq!(alice.texts(&room).await.unwrap(), texts);
    alice.invite(&room, bob.user_id()).await.unwrap();
    bob.join(&room).await.unwrap();
    bob.wait_for_text(&room, "message 0").await.unwrap();
    let middle = bob.wait_for_text(&room, "message 15").await.unwrap();
    let path = format!("/_matrix/client/v3/rooms/{room}/context/{}?limit=4", middle.event_id);
    let context = bob.request(reqwest::Method::GET, &path, None).await.unwrap();
    let bodies = |key: &str| -> Vec<&str> {
        context[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["content"]["body"].as_str().unwrap())
            .collect()
    };
    assert_eq!(bodies("events_before"), ["message 14", "message 13"]);
    assert_eq!(bodies("events_after"), ["message 16", "message 17"]);
    let start = context["start"].as_str().unwrap();
    let path = format!("/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=1&from={start}");
    let page = bob.request(reqwest::Method::GET, &path, None).await.unwrap();
    assert_eq!(page["chunk"][0]["content"]["body"], "message 12");
}

async fn typing_and_receipts_reach_people(slot: Slot) {
    let (alice, bob) = people(&slot).await;
    let room = alice.create_dm(bob.user_id()).await.unwrap();
    bob.join(&room).await.unwrap();
    let sent = alice.send_text(&room, "read me").await.unwrap();
    bob.wait_for_text(&room, "read me").await.unwrap();
    bob.typing(&room, true).await.unwrap();
    alice.wait_for_typing(&room, bob.user_id()).await.unwrap();
    bob.mark_read(&room, &sent).await.unwrap();
    alice.wait_for_receipt(&room, bob.user_id(), &sent).await.unwrap();
}

async fn files_come_back(slot: Slot) {
    let (alice, bob) = people(&slot).await;
    let bytes: Vec<u8> = (0..100_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let mxc = alice.upload("übung.bin", "application/x-test", bytes.clone()).await.unwrap();
    let (content_type, back) = bob.download(&mxc).await.unwrap();
    assert_eq!((content_type.as_str(), back), ("application/x-test", bytes));
    assert!(bob.download(&format!("{mxc}x")).await.is_err());
}

async fn state_and_profiles(slot: Slot) {
    let (alice, bob) = people(&slot).await;
    let room = alice.create_dm(bob.user_id()).await.unwrap();
    let missing = alice.state(&room, "m.room.topic", "").await.unwrap_err();
    assert_eq!(errcode(&missing), (404, "M_NOT_FOUND"));
    let topic = json!({ "topic": "tests" });
    let first = alice.set_state(&room, "m.room.topic", "", &topic).await.unwrap();
    let again = alice.set_state(&room, "m.room.topic", "", &topic).await.unwrap();
    assert_eq!(first, again, "an equal state event is not sent again");
    assert_eq!(alice.state(&room, "m.room.topic", "").await.unwrap(), topic);
    let create = alice
        .all_state(&room)
        .await
        .unwrap()
        .into_iter()
        .find(|event| event.kind == "m.room.create")
        .unwrap();
    assert_eq!(create.content["additional_creators"], json!([bob.user_id()]));
    assert_eq!(create.event_id[1..], room[1..]);
    let localpart = alice.user_id().trim_start_matches('@').split(':').next().unwrap().to_owned();
    assert_eq!(bob.profile(alice.user_id()).await.unwrap(), json!({ "displayname": localpart }));
}

async fn names_follow_into_rooms(slot: Slot) {
    let (alice, bob) = people(&slot).await;
    let room = alice.create_dm(bob.user_id()).await.unwrap();
    bob.join(&room).await.unwrap();
    bob.set_display_name("Robert").await.unwrap();
    let renamed = |event: &testkit::user::Event| {
        event.state_key.as_deref() == Some(bob.user_id()) && event.content["displayname"] == "Robert"
    };
    alice.wait_for_event(&room, "bob's new name", renamed).await.unwrap();
}
