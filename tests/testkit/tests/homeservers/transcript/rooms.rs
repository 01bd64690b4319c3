//! Making rooms, entering them, power, aliases.
use serde_json::{Value, json};

use super::Transcript;

const CREATE: &str = "/_matrix/client/v3/createRoom";

pub(super) async fn perform(t: &mut Transcript) {
    creation(t).await;
    first_state(t).await;
    membership(t).await;
    power(t).await;
    aliases(t).await;
    spaces(t).await;
}

fn room_id(answer: &Value) -> String {
    answer["room_id"].as_str().unwrap_or("!none").to_owned()
}

async fn creation(t: &mut Transcript) {
    let bot = t.bridge.appservice.bot_id();
    t.bot("plain", "POST", CREATE, json!({})).await;
    t.bot("unknown version", "POST", CREATE, json!({ "room_version": "99" })).await;
    t.bot("version as number", "POST", CREATE, json!({ "room_version": 11 })).await;
    let users = json!({ "users": { &bot: 100 } });
    t.bot("creator in power levels", "POST", CREATE, json!({ "power_level_content_override": users })).await;
    let body = json!({ "power_level_content_override": users, "room_version": "11" });
    t.bot("the same in version 11", "POST", CREATE, body).await;
    let body =
        json!({ "power_level_content_override": { "users": { "@a:hs.test": 50 } }, "room_version": "11" });
    t.bot("without the creator in version 11", "POST", CREATE, body).await;
    t.bot("not JSON", "POST", CREATE, json!([1])).await;
    let event = json!({ "type": "org.test", "state_key": "k", "content": { "x": 1 } });
    t.bot("initial state", "POST", CREATE, json!({ "initial_state": [event], "name": "N", "topic": "T" }))
        .await;
    t.bot("own room id", "POST", CREATE, json!({ "room_id": "!mine:hs.test", "room_version": "11" })).await;
    t.bot("odd invitee", "POST", CREATE, json!({ "invite": ["nobody"] })).await;
    t.bot("unknown preset", "POST", CREATE, json!({ "preset": "nice_chat" })).await;
}

async fn first_state(t: &mut Transcript) {
    let ghost = t.bridge.ghost("fs").await;
    let bodies = [
        ("private", json!({ "preset": "private_chat" })),
        ("public", json!({ "preset": "public_chat" })),
        ("trusted", json!({ "preset": "trusted_private_chat", "invite": [ghost], "is_direct": true })),
        ("trusted 11", json!({ "preset": "trusted_private_chat", "invite": [ghost], "room_version": "11" })),
        (
            "version 10",
            json!({ "room_version": "10", "name": "N", "topic": "T", "creation_content": { "type": "m.space" } }),
        ),
        ("published", json!({ "visibility": "public" })),
        (
            "levels",
            json!({ "power_level_content_override": { "events_default": 5, "events": { "m.reaction": 7 } } }),
        ),
    ];
    for (what, body) in bodies {
        let room = room_id(&t.bot(what, "POST", CREATE, body).await);
        let mut state =
            t.bridge.call("GET", &format!("/_matrix/client/v3/rooms/{room}/state"), json!({})).await.1;
        state.as_array_mut().unwrap().sort_by_key(|event| {
            let key = event["state_key"].as_str().unwrap().to_owned();
            format!("{} {}", event["type"], key.contains("fs"))
        });
        for event in state.as_array().unwrap() {
            let kind = event["type"].as_str().unwrap();
            t.note(&format!("{what} {kind}"), 200, &event["content"]);
        }
        let levels = t
            .bridge
            .call("GET", &format!("/_matrix/client/v3/rooms/{room}/state/m.room.power_levels"), json!({}))
            .await
            .1;
        t.lines.push(format!("{what} users {}", levels["users"].to_string().contains("fs")));
    }
}

async fn membership(t: &mut Transcript) {
    let (one, two) = (t.bridge.ghost("one").await, t.bridge.ghost("two").await);
    let room = t.bridge.room(&[]).await;
    let at = |act: &str| format!("/_matrix/client/v3/rooms/{room}/{act}");
    let (to_one, to_two) = (json!({ "user_id": one }), json!({ "user_id": two }));
    t.as_user(&one, "join uninvited", "POST", &at("join"), json!({})).await;
    t.as_user(&one, "leave without being in", "POST", &at("leave"), json!({})).await;
    t.as_user(&one, "invite from outside", "POST", &at("invite"), to_two.clone()).await;
    t.bot("invite", "POST", &at("invite"), to_one.clone()).await;
    t.bot("invite again", "POST", &at("invite"), to_one.clone()).await;
    t.bot("invite nobody", "POST", &at("invite"), json!({})).await;
    t.as_user(&one, "join", "POST", &at("join"), json!({})).await;
    t.as_user(&one, "join again", "POST", &at("join"), json!({})).await;
    t.bot("invite who is in", "POST", &at("invite"), to_one.clone()).await;
    t.as_user(&one, "invite as a member", "POST", &at("invite"), to_two.clone()).await;
    t.as_user(&two, "refuse", "POST", &at("leave"), json!({})).await;
    t.as_user(&one, "kick upwards", "POST", &at("kick"), json!({ "user_id": t.bridge.appservice.bot_id() }))
        .await;
    t.bot("kick who is out", "POST", &at("kick"), to_two.clone()).await;
    t.bot("kick", "POST", &at("kick"), json!({ "user_id": one, "reason": "r" })).await;
    t.bot("ban", "POST", &at("ban"), to_one.clone()).await;
    t.bot("ban again", "POST", &at("ban"), to_one.clone()).await;
    t.bot("invite who is banned", "POST", &at("invite"), to_one.clone()).await;
    t.as_user(&one, "join banned", "POST", &at("join"), json!({})).await;
    t.bot("unban", "POST", &at("unban"), to_one.clone()).await;
    t.bot("unban again", "POST", &at("unban"), to_one.clone()).await;
    t.bot("members", "GET", &at("joined_members"), json!({})).await;
    t.bot("members by membership", "GET", &format!("{}?membership=leave", at("members")), json!({})).await;
    t.bot("forget while in", "POST", &at("forget"), json!({})).await;
    t.as_user(&one, "forget", "POST", &at("forget"), json!({})).await;
    t.as_user(&one, "read after forgetting", "GET", &format!("{}?dir=b", at("messages")), json!({})).await;
    t.bot("join an unknown room", "POST", "/_matrix/client/v3/join/!nowhere:hs.test", json!({})).await;
    t.bot("invite into an unknown room", "POST", "/_matrix/client/v3/rooms/!nowhere:hs.test/invite", to_one)
        .await;
    let nick = json!({ "membership": "join", "displayname": "Nick", "org.test": 1 });
    let bot = t.bridge.appservice.bot_id();
    t.bot("own nick", "PUT", &at(&format!("state/m.room.member/{bot}")), nick).await;
    t.bot("own member event", "GET", &at(&format!("state/m.room.member/{bot}")), json!({})).await;
    let invited = json!({ "membership": "invite", "org.test": 1 });
    t.bot("invite by state", "PUT", &at(&format!("state/m.room.member/{two}")), invited).await;
    t.bot("member event of the invited", "GET", &at(&format!("state/m.room.member/{two}")), json!({})).await;
    t.as_user(&two, "state of a room one is not in", "GET", &at("state"), json!({})).await;
    t.as_user(&two, "one state of it", "GET", &at("state/m.room.create"), json!({})).await;
    t.as_user(&two, "its members", "GET", &at("joined_members"), json!({})).await;
    t.bot("joined rooms", "GET", "/_matrix/client/v3/rooms/!nowhere:hs.test/state", json!({})).await;
}

async fn power(t: &mut Transcript) {
    let (one, two) = (t.bridge.ghost("pone").await, t.bridge.ghost("ptwo").await);
    let room = t.bridge.room(&[&one, &two]).await;
    t.bridge.join(&one, &room).await;
    t.bridge.join(&two, &room).await;
    let at = |kind: &str| format!("/_matrix/client/v3/rooms/{room}/state/{kind}");
    t.as_user(&one, "name without power", "PUT", &at("m.room.name"), json!({ "name": "N" })).await;
    t.as_user(&one, "own state key", "PUT", &at(&format!("org.test/{one}")), json!({})).await;
    t.bot("another's state key", "PUT", &at(&format!("org.test/{one}")), json!({})).await;
    let mut levels = t.bridge.call("GET", &at("m.room.power_levels"), json!({})).await.1;
    levels["users"][&one] = json!(50);
    t.as_user(&one, "raise oneself", "PUT", &at("m.room.power_levels"), levels.clone()).await;
    t.bot("raise one", "PUT", &at("m.room.power_levels"), levels.clone()).await;
    t.as_user(&one, "name with power", "PUT", &at("m.room.name"), json!({ "name": "N" })).await;
    levels["users"][&two] = json!(50);
    t.as_user(&one, "levels need 100", "PUT", &at("m.room.power_levels"), levels.clone()).await;
    levels["users"][t.bridge.appservice.bot_id()] = json!(100);
    t.bot("creator in users", "PUT", &at("m.room.power_levels"), levels.clone()).await;
    let sent = t.bridge.send(&two, &room, "p1", "by two").await.1;
    let event = sent["event_id"].as_str().unwrap();
    let redact = format!("/_matrix/client/v3/rooms/{room}/redact/{event}/r1");
    t.as_user(&one, "redact with power", "PUT", &redact, json!({})).await;
    let sent = t.bridge.send(&one, &room, "p2", "by one").await.1;
    let event = sent["event_id"].as_str().unwrap();
    let redact = format!("/_matrix/client/v3/rooms/{room}/redact/{event}/r2");
    t.as_user(&two, "redact without power", "PUT", &redact, json!({})).await;
    t.bot("create again", "PUT", &at("m.room.create"), json!({ "room_version": "12" })).await;
}

async fn aliases(t: &mut Transcript) {
    let prefix = t.bridge.appservice.user_prefix.clone();
    let room = t.bridge.room(&[]).await;
    let path = format!("/_matrix/client/v3/directory/room/%23{prefix}one:hs.test");
    t.bot("unknown alias", "GET", &path, json!({})).await;
    t.bot("make an alias", "PUT", &path, json!({ "room_id": room })).await;
    t.bot("make it again", "PUT", &path, json!({ "room_id": room })).await;
    t.bot("look it up", "GET", &path, json!({})).await;
    t.bot("aliases of the room", "GET", &format!("/_matrix/client/v3/rooms/{room}/aliases"), json!({})).await;
    let person = t.slot.homeserver.user(&format!("al-{}", t.slot.appservice.id)).await.unwrap();
    let own = person.create_room("Own").await.unwrap();
    let taken = format!("/_matrix/client/v3/directory/room/%23{prefix}two:hs.test");
    t.raw("a person takes our alias", Some(person.access_token()), "PUT", &taken, json!({ "room_id": own }))
        .await;
    let free = format!("/_matrix/client/v3/directory/room/%23free{prefix}:hs.test");
    t.bot("an alias outside", "PUT", &free, json!({ "room_id": room })).await;
    t.bot("alias in createRoom", "POST", CREATE, json!({ "room_alias_name": format!("{prefix}three") }))
        .await;
    t.bot("the same again", "POST", CREATE, json!({ "room_alias_name": format!("{prefix}three") })).await;
    t.bot("delete the alias", "DELETE", &path, json!({})).await;
    t.bot("delete it again", "DELETE", &path, json!({})).await;
    let list = format!("/_matrix/client/v3/directory/list/room/{room}");
    t.bot("not published", "GET", &list, json!({})).await;
    t.bot("publish", "PUT", &list, json!({ "visibility": "public" })).await;
    t.bot("published", "GET", &list, json!({})).await;
    let network = format!("/_matrix/client/v3/directory/list/appservice/net/{room}");
    t.bot("publish for a network", "PUT", &network, json!({ "visibility": "public" })).await;
}

async fn spaces(t: &mut Transcript) {
    let ghost = t.bridge.ghost("space").await;
    let space = json!({ "creation_content": { "type": "m.space" }, "name": "S", "invite": [ghost] });
    let space = room_id(&t.bot("space", "POST", CREATE, space).await);
    let rules =
        json!({ "join_rule": "restricted", "allow": [{ "type": "m.room_membership", "room_id": space }] });
    let rules = json!([{ "type": "m.room.join_rules", "state_key": "", "content": rules }]);
    let child =
        room_id(&t.bot("child", "POST", CREATE, json!({ "initial_state": rules, "name": "C" })).await);
    t.as_user(
        &ghost,
        "join the child from outside",
        "POST",
        &format!("/_matrix/client/v3/join/{child}"),
        json!({}),
    )
    .await;
    t.bridge.join(&ghost, &space).await;
    t.as_user(
        &ghost,
        "join the child from the space",
        "POST",
        &format!("/_matrix/client/v3/join/{child}"),
        json!({}),
    )
    .await;
    let path = format!("/_matrix/client/v3/rooms/{space}/state/m.space.child/{child}");
    t.bot("link the child", "PUT", &path, json!({ "via": ["hs.test"] })).await;
    let tree =
        t.bridge.call("GET", &format!("/_matrix/client/v1/rooms/{space}/hierarchy"), json!({})).await.1;
    t.lines.push(format!("rooms in the tree {}", tree["rooms"].as_array().unwrap().len()));
}
