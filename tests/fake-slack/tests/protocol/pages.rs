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
async fn people_do_more_than_write_on_the_page() {
    let slack = start();
    let post = async |path: &str, fields: &[(&str, &str)]| {
        let place = [("user", "U0BOB00001"), ("channel", "C0GENERAL1")];
        let fields: Vec<_> = place.iter().chain(fields).collect();
        http()
            .post(format!("{}{path}", slack.web_url()))
            .form(&fields)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    let list = async || {
        let url = format!("{}messages?channel=C0GENERAL1&user=U0BOB00001", slack.web_url());
        http().get(url).send().await.unwrap().text().await.unwrap()
    };
    let root = slack.post_as("alice", "general", "the root").unwrap();
    slack.post_as("alice", "general", "something else").unwrap();
    assert_eq!(post("say", &[("thread_ts", &root), ("text", "a reply")]).await, 200);
    assert_eq!(post("say", &[("thread_ts", &root), ("text", "for all"), ("broadcast", "1")]).await, 200);
    let thread = slack.thread("general", &root);
    let reply = thread[1]["ts"].as_str().unwrap();
    assert_eq!(thread[2]["subtype"], "thread_broadcast");
    assert_eq!(post("act", &[("ts", reply), ("text", "better <i>"), ("what", "edit")]).await, 200);
    assert_eq!(
        post("act", &[("ts", thread[2]["ts"].as_str().unwrap()), ("text", "for all"), ("what", "edit")])
            .await,
        200
    );
    assert!(slack.message("general", thread[2]["ts"].as_str().unwrap()).unwrap()["edited"].is_null());
    assert_eq!(post("act", &[("ts", &root), ("text", "mine"), ("what", "edit")]).await, 400);
    assert_eq!(post("act", &[("ts", &root), ("text", ""), ("what", "delete")]).await, 400);
    assert_eq!(post("act", &[("ts", &root), ("text", ":tada:"), ("what", "react")]).await, 200);
    assert_eq!(post("act", &[("ts", &root), ("text", ""), ("what", "pin")]).await, 200);
    let html = list().await;
    let place = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text} in {html}"));
    // The list runs from the newest to the oldest; replies stay with their root.
    assert!(place("something else") < place("better &lt;i&gt;") && place("better") < place("the root"));
    assert!(
        html.contains("(edited)") && html.contains("(also sent to the channel)") && html.contains("(pinned)")
    );
    assert!(html.contains("title=\"Bob Baker\">🎉 1"), "{html}");
    assert_eq!(post("act", &[("ts", reply), ("text", ""), ("what", "delete")]).await, 200);
    assert!(!list().await.contains("better"));
    let page = format!("{}?user=bob&channel=general&ts={root}", slack.web_url());
    let page = http().get(page).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("value=react") && !page.contains("value=delete"), "alice's message: {page}");
}

#[tokio::test]
async fn people_share_files_and_type_commands_on_the_page() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"<b>.HTML\"\r\n\r\n\
        <script>x</script>\r\n--b--\r\n";
    let request = http()
        .post(format!("{}share?user=U0BOB00001&channel=C0GENERAL1", slack.web_url()))
        .header("content-type", "multipart/form-data; boundary=b")
        .body(body);
    assert!(request.send().await.unwrap().status().is_success());
    let file = &socket.event().await["event"]["files"][0];
    assert_eq!((&file["name"], &file["size"]), (&json!("<b>.HTML"), &json!(18)));
    let list = format!("{}messages?channel=C0GENERAL1&user=U0BOB00001", slack.web_url());
    let html = http().get(&list).send().await.unwrap().text().await.unwrap();
    assert!(html.contains("&lt;b&gt;.HTML (18 bytes)") && !html.contains("<b>."), "{html}");
    let address = format!("files-web/{}-{}/file.HTML", slack.team_id(), file["id"].as_str().unwrap());
    assert!(html.contains(&address), "{html}");
    let shown = http().get(format!("{}{address}", slack.web_url())).send().await.unwrap();
    assert!(shown.headers()["content-security-policy"].to_str().unwrap().starts_with("sandbox"));
    slack.delete_file(file["id"].as_str().unwrap()).unwrap();
    let html = http().get(&list).send().await.unwrap().text().await.unwrap();
    assert!(html.contains("This file was deleted."));
    let said = [("user", "U0BOB00001"), ("channel", "C0GENERAL1"), ("text", "/matrix who")];
    http().post(format!("{}say", slack.web_url())).form(&said).send().await.unwrap();
    let envelope = loop {
        let frame = socket.next().await.unwrap();
        if frame["type"] == "slash_commands" {
            break frame;
        }
        socket.acknowledge(&frame).await;
    };
    let url = envelope["payload"]["response_url"].as_str().unwrap();
    http().post(url).body(json!({ "text": "nobody <here>" }).to_string()).send().await.unwrap();
    let html = http().get(&list).send().await.unwrap().text().await.unwrap();
    assert!(html.contains("nobody &lt;here&gt;") && html.contains("(only you see this)"), "{html}");
    assert!(html.contains("<b>Matrix Bridge</b>") && !html.contains("somebody"), "{html}");
    let other = http().get(list.replace("U0BOB00001", "U0ALICE001")).send().await.unwrap();
    assert!(!other.text().await.unwrap().contains("nobody"));
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
async fn other_processes_share_files_and_spoil_downloads() {
    let slack = start();
    let files =
        json!([{ "name": "a.txt", "base64": "YWJj", "title": "A" }, { "name": "b.bin", "length": 70_000 }]);
    let (_, shared) =
        control(&slack, "upload", json!({ "user": "bob", "text": "two", "files": files })).await;
    let (_, found) = control(&slack, "snapshot", json!({ "channel": "general" })).await;
    assert_eq!(found["messages"][0]["ts"], shared["ts"]);
    assert_eq!(found["messages"][0]["files"][0]["length"], 3);
    let ts = shared["ts"].as_str().unwrap();
    let url = slack.message("general", ts).unwrap()["files"][1]["url_private"].as_str().unwrap().to_owned();
    let fetch = async || {
        let response = http().get(&url).bearer_auth(slack.app().bot_token).send().await.unwrap();
        let (status, length) = (response.status().as_u16(), response.content_length());
        (status, length, response.bytes().await.ok().map(|bytes| bytes.len()))
    };
    let cases = [
        (json!({ "status": 502 }), (502, Some(0), Some(0))),
        (json!({ "retry_after": 3 }), (429, Some(0), Some(0))),
        (json!({ "slow_ms": 1 }), (200, Some(70_000), Some(70_000))),
        (json!({ "truncate_at": 5 }), (200, Some(70_000), None)),
        (json!({ "huge": 80_000 }), (200, Some(80_000), Some(80_000))),
        (json!({ "huge_unannounced": 80_000 }), (200, None, Some(80_000))),
        (json!({ "fault": "redirect" }), (200, Some(70_000), Some(70_000))),
        (json!({ "redirect_to": slack.web_url() + "avatars/none" }), (404, Some(0), Some(0))),
    ];
    for (order, expected) in cases {
        assert_eq!(control(&slack, "spoil_downloads", order.clone()).await.0, 200);
        assert_eq!(fetch().await, expected, "{order}");
    }
    assert_eq!(control(&slack, "spoil_downloads", json!({ "fault": "nonsense" })).await.0, 400);
    let (_, downloads) = control(&slack, "downloads", json!({})).await;
    assert_eq!(downloads["downloads"][0]["status"], 502);
    // The redirect was followed to the address that needs no token.
    assert_eq!(downloads["downloads"].as_array().unwrap().len(), 9);
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
