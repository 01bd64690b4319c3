//! Reading back: pages, events, context, relations, sync.
use serde_json::{Value, json};

use super::Transcript;

pub(super) async fn perform(t: &mut Transcript) {
    let one = t.bridge.ghost("r1").await;
    let room = t.bridge.room(&[&one]).await;
    t.bridge.join(&one, &room).await;
    let mut events = vec![];
    for number in 0..6 {
        let (_, answer) = t.bridge.send(&one, &room, &format!("m{number}"), &format!("text {number}")).await;
        events.push(answer["event_id"].as_str().unwrap().to_owned());
    }
    let at = |rest: &str| format!("/_matrix/client/v3/rooms/{room}/{rest}");
    let page = t.bot("last two", "GET", &at("messages?dir=b&limit=2"), json!({})).await;
    bodies(t, &page);
    let end = page["end"].as_str().unwrap().to_owned();
    let page = t.bot("the next", "GET", &at(&format!("messages?dir=b&limit=2&from={end}")), json!({})).await;
    bodies(t, &page);
    let page = t
        .bot("forwards from there", "GET", &at(&format!("messages?dir=f&limit=2&from={end}")), json!({}))
        .await;
    bodies(t, &page);
    t.bot("from nowhere", "GET", &at("messages?dir=b&from=nonsense"), json!({})).await;
    let filter = "%7B%22types%22%3A%5B%22m.room.create%22%5D%7D";
    let page = t.bot("filtered", "GET", &at(&format!("messages?dir=b&filter={filter}")), json!({})).await;
    t.lines.push(format!("filtered {}", page["chunk"].as_array().unwrap().len()));
    t.bot("an event", "GET", &at(&format!("event/{}", events[0])), json!({})).await;
    t.bot("no event", "GET", &at("event/$nothing"), json!({})).await;
    let context = t.bot("context of nothing", "GET", &at("context/$nothing"), json!({})).await;
    drop(context);
    let context = t.bridge.call("GET", &at(&format!("context/{}?limit=3", events[3])), json!({})).await.1;
    let count = |key: &str| context[key].as_array().map(Vec::len);
    t.lines.push(format!("context {:?} {:?}", count("events_before"), count("events_after")));
    let stranger = t.bridge.ghost("r2").await;
    t.as_user(&stranger, "messages from outside", "GET", &at("messages?dir=b"), json!({})).await;
    t.as_user(&stranger, "an event from outside", "GET", &at(&format!("event/{}", events[0])), json!({}))
        .await;
    t.as_user(&stranger, "context from outside", "GET", &at(&format!("context/{}", events[0])), json!({}))
        .await;
    t.bot(
        "timestamp",
        "GET",
        &format!("/_matrix/client/v1/rooms/{room}/timestamp_to_event?ts=0&dir=f"),
        json!({}),
    )
    .await;
    relations(t, &room, &one, &events[0]).await;
    sync(t).await;
}

fn bodies(t: &mut Transcript, page: &Value) {
    let bodies: Vec<&str> = page["chunk"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| event["content"]["body"].as_str())
        .collect();
    t.lines.push(format!("bodies {bodies:?}"));
}

async fn relations(t: &mut Transcript, room_id: &str, sender: &str, root: &str) {
    let threaded = json!({ "msgtype": "m.text", "body": "t", "m.relates_to": { "rel_type": "m.thread", "event_id": root } });
    let path = format!("/_matrix/client/v3/rooms/{room_id}/send/m.room.message/th1");
    t.as_user(sender, "into a thread", "PUT", &path, threaded).await;
    let path = format!("/_matrix/client/v1/rooms/{room_id}/relations/{root}");
    for rest in ["", "/m.thread", "/m.thread/m.room.message", "/m.annotation"] {
        let found = t.bridge.call("GET", &format!("{path}{rest}"), json!({})).await.1;
        t.lines.push(format!("relations{rest} {}", found["chunk"].as_array().unwrap().len()));
    }
    let threads =
        t.bridge.call("GET", &format!("/_matrix/client/v1/rooms/{room_id}/threads"), json!({})).await;
    t.lines.push(format!("threads {} {}", threads.0, threads.1["chunk"].as_array().unwrap().len()));
}

/// What a person's first and later syncs hold, without what Synapse adds for push rules and keys.
async fn sync(t: &mut Transcript) {
    let tag = t.slot.appservice.id.clone();
    let person = t.slot.homeserver.user(&format!("sync-{tag}")).await.unwrap();
    let token = person.access_token().to_owned();
    let room = t.bridge.room(&[person.user_id()]).await;
    let first = fetch(t, &token, "").await;
    let invite = &first["rooms"]["invite"][&room]["invite_state"]["events"];
    let mut kinds: Vec<&str> =
        invite.as_array().unwrap().iter().filter_map(|event| event["type"].as_str()).collect();
    kinds.sort_unstable();
    t.lines.push(format!("invite {kinds:?}"));
    person.join(&room).await.unwrap();
    let since = first["next_batch"].as_str().unwrap().to_owned();
    let joined = fetch(t, &token, &since).await;
    let news = &joined["rooms"]["join"][&room];
    let kinds = |list: &Value| {
        list.as_array()
            .into_iter()
            .flatten()
            .filter_map(|event| event["type"].as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let mut all: Vec<String> = kinds(&news["state"]["events"]);
    all.extend(kinds(&news["timeline"]["events"]));
    all.sort_unstable();
    all.dedup();
    t.lines.push(format!("joined {all:?}"));
    let since = joined["next_batch"].as_str().unwrap().to_owned();
    for number in 0..3 {
        t.bridge.send(&t.bridge.appservice.bot_id(), &room, &format!("sy{number}"), "news").await;
    }
    let later = fetch(t, &token, &since).await;
    let timeline = &later["rooms"]["join"][&room]["timeline"];
    t.lines.push(format!("later {:?} {}", kinds(&timeline["events"]), timeline["limited"]));
    let quiet = fetch(t, &token, later["next_batch"].as_str().unwrap()).await;
    t.lines.push(format!("quiet {}", quiet["rooms"]["join"].get(&room).is_some()));
    person.leave(&room).await.unwrap();
    // Synapse answers an old token again from a cache, so go on from the newest.
    let left = fetch(t, &token, quiet["next_batch"].as_str().unwrap()).await;
    let timeline = &left["rooms"]["leave"][&room]["timeline"]["events"];
    t.lines.push(format!("left {:?}", kinds(timeline)));
}

async fn fetch(t: &Transcript, token: &str, since: &str) -> Value {
    let since = if since.is_empty() { String::new() } else { format!("&since={since}") };
    let url = format!("{}/_matrix/client/v3/sync?timeout=0{since}", t.bridge.base_url);
    reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap().json().await.unwrap()
}
