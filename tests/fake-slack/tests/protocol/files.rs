//! Files: uploading in three steps, people sharing, fetching with all that goes wrong.
use fake_slack::{DownloadFault, FakeSlack, Fault, NewFile, Upload};
use serde_json::{Value, json};

use crate::app::{Socket, fine, http, refused, start};

/// Calls a method with form fields, as `files.getUploadURLExternal` wants it.
async fn form(slack: &FakeSlack, method: &str, fields: &[(&str, &str)]) -> Value {
    let request = http().post(format!("{}{method}", slack.api_url())).bearer_auth(slack.app().bot_token);
    serde_json::from_str(&request.form(fields).send().await.unwrap().text().await.unwrap()).unwrap()
}

/// An address and an id for a file of this length.
async fn announce(slack: &FakeSlack, name: &str, length: usize) -> (String, String) {
    let fields = [("filename", name), ("length", &length.to_string())];
    let ticket = form(slack, "files.getUploadURLExternal", &fields).await;
    assert_eq!(ticket["ok"], true, "{ticket}");
    (ticket["upload_url"].as_str().unwrap().to_owned(), ticket["file_id"].as_str().unwrap().to_owned())
}

/// Uploads bytes; answers status and text.
async fn send(url: &str, bytes: &[u8]) -> (u16, String) {
    let response = http().post(url).body(bytes.to_vec()).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// Announces and uploads a file; answers its id.
async fn upload(slack: &FakeSlack, name: &str, bytes: &[u8]) -> String {
    let (url, id) = announce(slack, name, bytes.len()).await;
    assert_eq!(send(&url, bytes).await, (200, format!("OK - {}", bytes.len())));
    id
}

#[tokio::test]
async fn an_app_uploads_two_files_in_one_message() {
    let slack = start();
    slack.subscribe(&slack.app().app_id, &["file_shared"]).unwrap();
    let mut socket = Socket::open(&slack).await;
    let first = upload(&slack, "a.txt", b"aaa").await;
    let second = upload(&slack, "b.png", b"not a picture").await;
    let files = json!([{ "id": first, "title": "A" }, { "id": second }]);
    let complete = json!({ "files": files, "channel_id": "C0GENERAL1", "initial_comment": "1 < 2" });
    let done = fine(&slack, "files.completeUploadExternal", complete).await;
    assert_eq!((&done["files"][0]["title"], &done["files"][1]["title"]), (&json!("A"), &json!("b.png")));
    for id in [&first, &second] {
        let event = socket.event().await["event"].clone();
        assert_eq!((&event["type"], &event["file_id"]), (&json!("file_shared"), &json!(id)));
    }
    let event = socket.event().await["event"].clone();
    assert_eq!((&event["subtype"], &event["text"]), (&json!("file_share"), &json!("1 &lt; 2")));
    assert_eq!((&event["user"], &event["bot_id"]), (&json!(slack.app().bot_user_id), &json!(null)));
    assert_eq!((&event["files"][0]["name"], &event["files"][1]["size"]), (&json!("a.txt"), &json!(13)));
    assert_eq!(event["files"][0]["mimetype"], "text/plain");
    assert_eq!(done["files"][1]["shares"]["public"]["C0GENERAL1"][0]["ts"], event["ts"]);
    let file = slack.file(&first).unwrap();
    assert!(file.visible && file.length == 3 && file.sha256.starts_with("9834876dcfb05cb1"), "{file:?}");
    let snapshot = slack.snapshot("general").unwrap();
    assert_eq!(snapshot["messages"][0]["files"][0]["sha256"], file.sha256);
    let delete = json!({ "channel": "C0GENERAL1", "ts": event["ts"] });
    fine(&slack, "chat.delete", delete).await;
    assert!(slack.file(&first).unwrap().shares.is_empty());
}

#[tokio::test]
async fn uploads_are_checked() {
    let slack = start();
    let url = async |fields: &[(&str, &str)]| {
        form(&slack, "files.getUploadURLExternal", fields).await["error"].clone()
    };
    assert_eq!(url(&[("filename", "a"), ("length", "0")]).await, "missing_argument");
    assert_eq!(url(&[("length", "3")]).await, "missing_argument");
    let long = "x".repeat(1001);
    assert_eq!(url(&[("filename", "a"), ("length", "3"), ("alt_txt", &long)]).await, "alt_txt_too_large");
    let snippet = [("filename", "a"), ("length", "2000000"), ("snippet_type", "text")];
    assert_eq!(url(&snippet).await, "snippet_too_large");
    let huge = [("filename", "a"), ("length", "2000000000")];
    assert_eq!(url(&huge).await, "file_upload_size_restricted");
    let as_json = json!({ "filename": "a", "length": 3 });
    assert_eq!(refused(&slack, "files.getUploadURLExternal", as_json).await, "missing_argument");

    let (address, id) = announce(&slack, "a.bin", 3).await;
    let complete = |channel: &str, more: Value| {
        let mut arguments = json!({ "files": [{ "id": id }], "channel_id": channel });
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    let method = "files.completeUploadExternal";
    assert_eq!(refused(&slack, method, complete("C0GENERAL1", json!({}))).await, "file_not_found");
    assert_eq!(send(&address, b"four").await, (400, "length_mismatch".to_owned()));
    assert_eq!(send(&format!("{address}x"), b"abc").await, (400, "unknown_ticket".to_owned()));
    slack.fail_next("files.upload", Fault::Status(503), 1);
    assert_eq!(send(&address, b"abc").await.0, 503);
    assert_eq!(send(&address, b"abc").await.0, 200);
    assert_eq!(send(&address, b"abc").await, (400, "already_uploaded".to_owned()));
    assert_eq!(refused(&slack, "files.info", json!({ "file": id })).await, "file_not_found");
    assert_eq!(refused(&slack, method, complete("C0NOWHERE", json!({}))).await, "invalid_channel");
    let open = slack.create_channel("alice", "open", false).unwrap();
    assert_eq!(refused(&slack, method, complete(&open, json!({}))).await, "posting_to_channel_denied");
    let lost = complete("C0GENERAL1", json!({ "thread_ts": "1.000001" }));
    assert_eq!(refused(&slack, method, lost).await, "thread_not_found");
    assert_eq!(refused(&slack, method, json!({})).await, "invalid_arguments");
    fine(&slack, method, complete("C0GENERAL1", json!({}))).await;
    assert_eq!(refused(&slack, method, complete("C0GENERAL1", json!({}))).await, "file_not_found");
    assert_eq!(slack.call_count("files.upload"), 5);
    slack.set_scopes(&slack.app().bot_token, &["files:read"]).unwrap();
    assert_eq!(url(&[("filename", "a"), ("length", "3")]).await, "missing_scope");
    assert_eq!(refused(&slack, "files.delete", json!({ "file": id })).await, "missing_scope");
}

#[tokio::test]
async fn forms_and_large_files_stream_in() {
    let slack = start();
    let (address, id) = announce(&slack, "a.bin", 5).await;
    let body =
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\na\r\nbc\r\n--b--\r\n";
    let request = http().post(&address).header("content-type", "multipart/form-data; boundary=b").body(body);
    assert_eq!(request.send().await.unwrap().text().await.unwrap(), "OK - 5");
    let large = vec![7_u8; 9 << 20];
    let large_id = upload(&slack, "large.bin", &large).await;
    let complete = json!({ "files": [{ "id": id }, { "id": large_id }], "channel_id": "C0GENERAL1" });
    fine(&slack, "files.completeUploadExternal", complete).await;
    let file = slack.file(&large_id).unwrap();
    assert_eq!(file.length, 9 << 20);
    assert_eq!(file.sha256, slack.calls_of("files.upload")[1].arguments["sha256"]);
}

#[tokio::test]
async fn shares_may_come_late() {
    let slack = start();
    let root = slack.post_as("alice", "secret-plans", "root").unwrap();
    let id = upload(&slack, "a.txt", b"aaa").await;
    slack.delay_shares(2);
    let complete = json!({ "files": [{ "id": id }], "channel_id": "C0SECRET01", "thread_ts": root });
    let done = fine(&slack, "files.completeUploadExternal", complete).await;
    assert_eq!(done["files"][0]["shares"], json!({}));
    let info = async || fine(&slack, "files.info", json!({ "file": id })).await["file"]["shares"].clone();
    assert_eq!(info().await, json!({}));
    let share = info().await["private"]["C0SECRET01"][0].clone();
    assert_eq!(share["thread_ts"], root);
    assert_eq!(slack.thread("secret-plans", &root)[1]["ts"], share["ts"]);
}

/// Fetches a file as the default app's bot.
async fn fetch(slack: &FakeSlack, url: &str) -> reqwest::Response {
    http().get(url).bearer_auth(slack.app().bot_token).send().await.unwrap()
}

fn address(slack: &FakeSlack, channel: &str, ts: &str) -> String {
    slack.message(channel, ts).unwrap()["files"][0]["url_private"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn people_share_and_apps_fetch() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let picture =
        fetch(&slack, &format!("{}avatars/x-200.png", slack.web_url())).await.bytes().await.unwrap();
    let shared = slack.upload_as("alice", "general", "Cat & dog.png", picture.to_vec(), "look").unwrap();
    let event = socket.event().await["event"].clone();
    let file = &event["files"][0];
    assert_eq!((&event["subtype"], &event["ts"]), (&json!("file_share"), &json!(shared.ts)));
    assert_eq!((&file["original_w"], &file["thumb_360_h"]), (&json!(200), &json!(200)));
    for field in ["url_private", "url_private_download"] {
        let response = fetch(&slack, file[field].as_str().unwrap()).await;
        assert_eq!(response.headers()["content-type"], "image/png");
        assert_eq!(response.bytes().await.unwrap(), picture, "{field}");
    }
    let small = fetch(&slack, file["thumb_64"].as_str().unwrap()).await.bytes().await.unwrap();
    assert_eq!(small[16..24], [0, 0, 0, 64, 0, 0, 0, 64], "its width and height");
    let url = file["url_private"].as_str().unwrap();
    for response in [http().get(url).send(), http().get(url).bearer_auth("xoxb-wrong").send()] {
        let response = response.await.unwrap();
        assert_eq!(
            (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()),
            (200, "text/html; charset=utf-8")
        );
        assert!(response.text().await.unwrap().contains("Sign in"));
    }
    let unseen = slack.create_channel("alice", "closed", true).unwrap();
    let hidden = slack.upload_as("alice", &unseen, "x.txt", *b"x", "").unwrap();
    let page = fetch(&slack, &address(&slack, &unseen, &hidden.ts)).await;
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let info = json!({ "file": hidden.file_ids[0] });
    assert_eq!(refused(&slack, "files.info", info).await, "file_not_found");
    assert_eq!(slack.downloads().iter().filter(|download| download.with_token).count(), 5);
}

#[tokio::test]
async fn files_are_deleted() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let files = vec![NewFile::new("a.txt", *b"a"), NewFile::new("b.txt", *b"b")];
    let shared = slack.upload_with("bob", "general", Upload { files, ..Upload::default() }).unwrap();
    let event = socket.event().await["event"].clone();
    assert!(event["blocks"].is_null() && event["text"] == "");
    let url = address(&slack, "general", &shared.ts);
    let of_bob = json!({ "file": shared.file_ids[0] });
    assert_eq!(refused(&slack, "files.delete", of_bob.clone()).await, "cant_delete_file");
    slack.delete_file(&shared.file_ids[0]).unwrap();
    let event = socket.event().await["event"].clone();
    assert_eq!((&event["type"], &event["channel_ids"]), (&json!("file_deleted"), &json!(["C0GENERAL1"])));
    let event = socket.event().await["event"].clone();
    assert_eq!(event["subtype"], "message_changed");
    assert_eq!(event["message"]["files"][0], json!({ "id": shared.file_ids[0], "mode": "tombstone" }));
    assert_eq!(event["message"]["files"][1]["name"], "b.txt");
    assert!(event["message"]["edited"].is_null());
    assert_eq!(refused(&slack, "files.info", of_bob).await, "file_deleted");
    assert_eq!(fetch(&slack, &url).await.status(), 404);
    slack.retitle_file(&shared.file_ids[1], "better").unwrap();
    assert_eq!(socket.event().await["event"]["type"], "file_change");
    let own = upload(&slack, "own.txt", b"own").await;
    let complete = json!({ "files": [{ "id": own }], "channel_id": "C0GENERAL1" });
    fine(&slack, "files.completeUploadExternal", complete).await;
    fine(&slack, "files.delete", json!({ "file": own })).await;
    assert!(slack.file(&own).unwrap().deleted);
}

#[tokio::test]
async fn details_of_foreign_files_are_asked_for() {
    let slack = start();
    let mut foreign = NewFile::new("a.txt", *b"abc");
    foreign.details_hidden = true;
    let mut odd = NewFile::new("b.txt", *b"b");
    odd.overrides = json!({ "url_private": "", "size": "12" }).as_object().unwrap().clone();
    let upload = Upload { files: vec![foreign, odd], ..Upload::default() };
    let shared = slack.upload_with("alice", "general", upload).unwrap();
    let message = slack.message("general", &shared.ts).unwrap();
    assert_eq!(message["files"][0]["file_access"], "check_file_info");
    assert!(message["files"][0]["name"].is_null());
    assert_eq!(message["files"][1]["size"], "12");
    let info = fine(&slack, "files.info", json!({ "file": shared.file_ids[0] })).await;
    assert_eq!((&info["file"]["name"], &info["file"]["size"]), (&json!("a.txt"), &json!(3)));
}

#[tokio::test]
async fn downloads_go_wrong_on_request() {
    let slack = start();
    let files = vec![NewFile::of_length("a.bin", 200_000)];
    let shared = slack.upload_with("alice", "general", Upload { files, ..Upload::default() }).unwrap();
    let url = address(&slack, "general", &shared.ts);
    let whole = fetch(&slack, &url).await.bytes().await.unwrap();
    assert_eq!(whole.len(), 200_000);
    slack.spoil_downloads(DownloadFault::Redirect, 1);
    assert_eq!(fetch(&slack, &url).await.bytes().await.unwrap(), whole);
    slack.spoil_downloads(DownloadFault::Slow(std::time::Duration::from_millis(1)), 1);
    assert_eq!(fetch(&slack, &url).await.bytes().await.unwrap(), whole);
    slack.spoil_downloads(DownloadFault::Truncated(100_000), 1);
    let cut = fetch(&slack, &url).await;
    assert_eq!(cut.content_length(), Some(200_000));
    assert!(cut.bytes().await.is_err());
    slack.spoil_downloads(DownloadFault::Huge(1 << 40), 1);
    let huge = fetch(&slack, &url).await;
    assert_eq!(huge.content_length(), Some(1 << 40));
    drop(huge);
    slack.spoil_downloads(DownloadFault::HugeUnannounced(300_000), 1);
    let unannounced = fetch(&slack, &url).await;
    assert_eq!(unannounced.content_length(), None);
    assert_eq!(unannounced.bytes().await.unwrap().len(), 300_000);
    slack.spoil_downloads(DownloadFault::RateLimited(7), 1);
    assert_eq!(fetch(&slack, &url).await.headers()["retry-after"], "7");
    slack.spoil_downloads(DownloadFault::Status(500), 1);
    assert_eq!(fetch(&slack, &url).await.status(), 500);
    slack.spoil_downloads(DownloadFault::LoginPage, 1);
    assert!(fetch(&slack, &url).await.text().await.unwrap().contains("Sign in"));
    slack.spoil_downloads(DownloadFault::Hang, 1);
    let hung = http().get(&url).bearer_auth(slack.app().bot_token).send();
    assert!(tokio::time::timeout(std::time::Duration::from_millis(200), hung).await.is_err());
    assert_eq!(fetch(&slack, &url).await.bytes().await.unwrap(), whole);
}
