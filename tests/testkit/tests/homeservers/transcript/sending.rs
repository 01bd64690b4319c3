//! Sending, times, transaction ids, redactions, sizes.
use serde_json::{Value, json};

use super::Transcript;

pub(super) async fn perform(t: &mut Transcript) {
    let (one, two) = (t.bridge.ghost("s1").await, t.bridge.ghost("s2").await);
    let room = t.bridge.room(&[&one, &two]).await;
    t.bridge.join(&one, &room).await;
    t.bridge.join(&two, &room).await;
    sends(t, &room, &one, &two).await;
    times(t, &room, &one).await;
    redactions(t, &room, &one).await;
    refusals(t, &room, &one).await;
    ephemeral(t, &room, &one).await;
}

fn text(body: &str) -> Value {
    json!({ "msgtype": "m.text", "body": body })
}

fn at(room: &str, rest: &str) -> String {
    format!("/_matrix/client/v3/rooms/{room}/{rest}")
}

async fn sends(t: &mut Transcript, room: &str, one: &str, two: &str) {
    let path = at(room, "send/m.room.message/x1");
    let first = t.as_user(one, "send", "PUT", &path, text("a")).await;
    let again = t.as_user(one, "send again", "PUT", &path, text("a")).await;
    t.lines.push(format!("same event {}", first == again));
    let other = t.as_user(two, "same id from another ghost", "PUT", &path, text("b")).await;
    t.lines.push(format!("same event {}", first == other));
    let other_type =
        t.as_user(one, "same id, other type", "PUT", &at(room, "send/org.test/x1"), text("b")).await;
    t.lines.push(format!("same event {}", first == other_type));
    let second = t.bridge.room(&[]).await;
    let bot = t.bridge.appservice.bot_id();
    let other_room = t
        .as_user(&bot, "same id, other room", "PUT", &at(&second, "send/m.room.message/x1"), text("b"))
        .await;
    t.lines.push(format!("same event {}", first == other_room));
    t.as_user(one, "make a device", "PUT", "/_matrix/client/v3/devices/DEV", json!({})).await;
    let device = at(room, "send/m.room.message/x2?device_id=DEV");
    let first = t.as_user(one, "send with a device", "PUT", &device, text("c")).await;
    let again =
        t.as_user(one, "again without it", "PUT", &at(room, "send/m.room.message/x2"), text("c")).await;
    t.lines.push(format!("same event {}", first == again));
    let state = at(room, "state/org.test/k");
    let first = t.bot("state", "PUT", &state, json!({ "a": 1 })).await;
    let again = t.bot("equal state", "PUT", &state, json!({ "a": 1 })).await;
    t.lines.push(format!("same event {}", first == again));
    let reaction =
        json!({ "m.relates_to": { "rel_type": "m.annotation", "event_id": first["event_id"], "key": "x" } });
    t.as_user(one, "react", "PUT", &at(room, "send/m.reaction/q1"), reaction.clone()).await;
    t.as_user(one, "react again", "PUT", &at(room, "send/m.reaction/q2"), reaction.clone()).await;
    t.as_user(two, "react as another", "PUT", &at(room, "send/m.reaction/q3"), reaction).await;
}

async fn times(t: &mut Transcript, room: &str, one: &str) {
    let at_of = async |t: &Transcript, event: &Value| {
        let event = event["event_id"].as_str().unwrap_or("$none");
        let found = t.bridge.call("GET", &at(room, &format!("event/{event}")), json!({})).await.1;
        found["origin_server_ts"].as_u64() == Some(1_500_000_000_000)
    };
    let ts = "ts=1500000000000";
    let sent = t
        .as_user(
            one,
            "send in the past",
            "PUT",
            &at(room, &format!("send/m.room.message/t1?{ts}")),
            text("old"),
        )
        .await;
    let kept = at_of(t, &sent).await;
    t.lines.push(format!("time kept {kept}"));
    let state = t
        .bot("state in the past", "PUT", &at(room, &format!("state/org.test/t?{ts}")), json!({ "t": 1 }))
        .await;
    let kept = at_of(t, &state).await;
    t.lines.push(format!("time kept {kept}"));
    let target = sent["event_id"].as_str().unwrap();
    let path = at(room, &format!("redact/{target}/t2?{ts}"));
    let redaction = t.as_user(one, "redact in the past", "PUT", &path, json!({})).await;
    let kept = at_of(t, &redaction).await;
    t.lines.push(format!("time kept {kept}"));
    let sent = t.as_user(one, "another", "PUT", &at(room, "send/m.room.message/t3"), text("x")).await;
    let path = at(room, &format!("send/m.room.redaction/t4?{ts}"));
    let redaction =
        t.as_user(one, "redact by send", "PUT", &path, json!({ "redacts": sent["event_id"] })).await;
    let kept = at_of(t, &redaction).await;
    t.lines.push(format!("time kept {kept}"));
    let target = sent["event_id"].as_str().unwrap();
    t.bot("what is left", "GET", &at(room, &format!("event/{target}")), json!({})).await;
    let redaction = redaction["event_id"].as_str().unwrap();
    t.bot("the redaction itself", "GET", &at(room, &format!("event/{redaction}")), json!({})).await;
}

async fn redactions(t: &mut Transcript, room: &str, one: &str) {
    let sent = t.bridge.send(one, room, "r0", "x").await.1;
    let target = sent["event_id"].as_str().unwrap();
    let path = at(room, &format!("redact/{target}/r1"));
    let first = t.as_user(one, "redact", "PUT", &path, json!({ "reason": "r" })).await;
    let again = t.as_user(one, "redact again", "PUT", &path, json!({ "reason": "r" })).await;
    t.lines.push(format!("same event {}", first == again));
    t.as_user(one, "redact what is gone", "PUT", &at(room, &format!("redact/{target}/r2")), json!({})).await;
    t.as_user(one, "redact nothing", "PUT", &at(room, "redact/$nothing/r3"), json!({})).await;
    let path = at(room, "send/m.room.redaction/r4");
    t.as_user(one, "redact nothing by send", "PUT", &path, json!({ "redacts": "$nothing" })).await;
    t.bot(
        "redact a redaction",
        "PUT",
        &at(room, &format!("redact/{}/r5", first["event_id"].as_str().unwrap())),
        json!({}),
    )
    .await;
}

async fn refusals(t: &mut Transcript, room: &str, one: &str) {
    let stranger = t.bridge.ghost("stranger").await;
    t.as_user(&stranger, "send from outside", "PUT", &at(room, "send/m.room.message/f1"), text("x")).await;
    t.as_user(one, "send into nowhere", "PUT", &at("!nowhere:hs.test", "send/m.room.message/f2"), text("x"))
        .await;
    t.as_user(one, "send no object", "PUT", &at(room, "send/m.room.message/f3"), json!([1])).await;
    t.as_user(one, "60 kB", "PUT", &at(room, "send/m.room.message/f4"), text(&"x".repeat(60_000))).await;
    t.as_user(one, "66 kB", "PUT", &at(room, "send/m.room.message/f5"), text(&"x".repeat(66_000))).await;
    t.as_user(
        one,
        "66 kB of state",
        "PUT",
        &at(room, &format!("state/org.test/{one}")),
        text(&"x".repeat(66_000)),
    )
    .await;
    let delayed = at(room, "send/m.room.message/f6?org.matrix.msc4140.delay=1000");
    t.as_user(one, "delayed", "PUT", &delayed, text("x")).await;
    t.as_user(one, "state as a message", "PUT", &at(room, "send/m.room.name/f7"), json!({ "name": "x" }))
        .await;
    t.as_user(one, "encryption without power", "PUT", &at(room, "state/m.room.encryption"), json!({})).await;
}

async fn ephemeral(t: &mut Transcript, room: &str, one: &str) {
    let typing = json!({ "typing": true, "timeout": 30000 });
    t.as_user(one, "typing", "PUT", &at(room, &format!("typing/{one}")), typing.clone()).await;
    t.bot("another's typing", "PUT", &at(room, &format!("typing/{one}")), typing.clone()).await;
    let stranger = t.bridge.ghost("stranger2").await;
    t.as_user(&stranger, "typing from outside", "PUT", &at(room, &format!("typing/{stranger}")), typing)
        .await;
    let sent = t.bridge.send(one, room, "e1", "x").await.1;
    let event = sent["event_id"].as_str().unwrap();
    t.bot("receipt", "POST", &at(room, &format!("receipt/m.read/{event}")), json!({})).await;
    t.bot("private receipt", "POST", &at(room, &format!("receipt/m.read.private/{event}")), json!({})).await;
    t.bot("odd receipt", "POST", &at(room, &format!("receipt/m.odd/{event}")), json!({})).await;
    let markers = json!({ "m.fully_read": event, "m.read": event });
    t.bot("read markers", "POST", &at(room, "read_markers"), markers).await;
    let presence = json!({ "presence": "online" });
    t.as_user(one, "presence", "PUT", &format!("/_matrix/client/v3/presence/{one}/status"), presence).await;
}
