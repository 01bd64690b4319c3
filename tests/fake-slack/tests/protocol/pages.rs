//! The page for people, the pictures, and control from other processes.
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{LIMIT, Socket, fine, http, start};

async fn control(slack: &fake_slack::FakeSlack, verb: &str, arguments: Value) -> (u16, Value) {
    let url = format!("{}control/{verb}", slack.web_url());
    let response = http().post(url).body(arguments.to_string()).send().await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

#[tokio::test]
async fn people_read_and_write_on_the_page() {
    let slack = start();
    let said = [("user", "U0BOB00001"), ("channel", "C0GENERAL1"), ("text", "<b>hi</b> & \"bye\"")];
    let page = http().post(format!("{}say", slack.web_url())).form(&said).send().await.unwrap();
    assert!(page.status().is_success());
    let html = page.text().await.unwrap();
    assert!(html.contains("# general") && html.contains("Bob Baker"));
    assert_eq!(slack.messages("general")[0]["text"], "&lt;b&gt;hi&lt;/b&gt; &amp; \"bye\"");
    let list = http().get(format!("{}messages?channel=C0GENERAL1&user=U0BOB00001", slack.web_url()));
    let list = list.send().await.unwrap().text().await.unwrap();
    assert!(list.contains("&lt;b&gt;hi&lt;/b&gt; &amp; &quot;bye&quot;"), "{list}");
    let evil =
        json!({ "channel": "C0GENERAL1", "text": "x", "username": "<script>", "icon_url": "\"><script>" });
    fine(&slack, "chat.postMessage", evil).await;
    let list = http().get(format!("{}messages?channel=C0GENERAL1&user=%22%3E%3Cscript%3E", slack.web_url()));
    assert!(!list.send().await.unwrap().text().await.unwrap().contains("<script"));
}

#[tokio::test]
async fn pictures_are_served() {
    let slack = start();
    let url = slack.user("alice").unwrap()["profile"]["image_72"].as_str().unwrap().to_owned();
    let picture = http().get(url).send().await.unwrap();
    assert_eq!(picture.headers()["content-type"], "image/png");
    assert!(picture.bytes().await.unwrap().starts_with(b"\x89PNG"));
}

#[tokio::test]
async fn other_processes_act_watch_and_spoil() {
    let slack = start();
    let (_, posted) =
        control(&slack, "post", json!({ "user": "bob", "channel": "general", "text": "x" })).await;
    let (_, found) = control(&slack, "wait", json!({ "channel": "general", "contains": "x" })).await;
    assert_eq!(found["message"]["ts"], posted["ts"]);
    let (status, error) = control(&slack, "post", json!({ "user": "nobody", "text": "x" })).await;
    assert_eq!((status, &error["error"]), (400, &json!("user_not_found")));
    assert_eq!(control(&slack, "no_such", json!({})).await.0, 400);
    control(&slack, "fail", json!({ "method": "auth.test", "status": 500, "times": 1 })).await;
    assert_eq!(crate::app::call(&slack, "auth.test", json!({})).await.status, 500);
    let (_, calls) = control(&slack, "calls", json!({ "method": "auth.test" })).await;
    assert_eq!(calls["calls"][0]["status"], 500);
    let (_, info) = control(&slack, "info", json!({})).await;
    assert_eq!(info["bot_token"], slack.app().bot_token);
}

#[tokio::test]
async fn an_outage_by_control_ends_by_itself() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    control(&slack, "down", json!({ "for_ms": 100 })).await;
    assert!(socket.next().await.is_none());
    let back = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        while http().get(slack.web_url()).send().await.is_err() {
            ticks.tick().await;
        }
    };
    tokio::time::timeout(LIMIT, back).await.expect("it comes up again");
}
