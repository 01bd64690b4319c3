//! Files from Matrix that Slack does not take: refused with the reason, or an address where they can be fetched.
use anyhow::Context as _;
use fake_slack::Fault;
use serde_json::{Value, json};
use testkit::eventually;

use crate::{Result, World, scenario};

/// Where the bridge is reached from outside, as far as Slack is told.
const OUTSIDE: &str = "https://bridge.test/files";
/// What a file's event says of its length, and is more than Slack takes.
const TOO_MUCH: u64 = 2_000_000_000;

fn is_public(world: &mut World) {
    world.bridge.config["appservice"]["public_url"] = json!(OUTSIDE);
}

async fn send(world: &World, room: &str, name: &str, bytes: &[u8], size: u64) -> Result<(String, Value)> {
    let url = world.admin.upload(name, "text/html", bytes.to_vec()).await?;
    let info = json!({ "mimetype": "text/html", "size": size });
    let content =
        json!({ "msgtype": "m.file", "body": "look at *this*", "filename": name, "url": url, "info": info });
    Ok((world.admin.send(room, "m.room.message", &content).await?, content))
}

/// The message on Slack that leads to a file, and the path of its address.
async fn link(world: &World, name: &str) -> Result<(Value, String)> {
    world
        .on_slack("the file's address", |slack| {
            let messages = slack.messages("general").into_iter();
            let mut leading = messages.filter_map(|message| {
                let text = message["text"].as_str()?;
                let (_, rest) = text.split_once(&format!("<{OUTSIDE}/public/file/"))?;
                let (path, label) = rest.split_once('>')?.0.split_once('|')?;
                (label == name).then(|| (message.clone(), format!("/public/file/{path}")))
            });
            leading.next()
        })
        .await
}

async fn status(world: &World, path: &str) -> Result<u16> {
    Ok(reqwest::get(world.bridge.url(path)).await?.status().as_u16())
}

scenario!(a_file_that_is_too_large_for_slack_is_refused in each_homeserver);
async fn a_file_that_is_too_large_for_slack_is_refused(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.expect_in_log("kept as a dead letter");
    let (sent, _) = send(world, &room, "huge.iso", b"not really huge", TOO_MUCH).await?;
    let answer = world.answer_to(&world.admin, &room, &sent, "not delivered").await?;
    assert!(answer.body().contains("2000.0 MB, and at most 1000.0 MB"), "{}", answer.body());
    world.slack.fail_next("files.getUploadURLExternal", Fault::Error("storage_limit_reached".to_owned()), 1);
    let (sent, _) = send(world, &room, "one.more", b"small", 5).await?;
    let answer = world.answer_to(&world.admin, &room, &sent, "not delivered").await?;
    assert!(answer.body().contains("no room left for files"), "{}", answer.body());
    assert_eq!(world.slack.files().iter().filter(|file| file.visible).count(), 0);
    Ok(())
}

scenario!(a_file_that_is_too_large_for_slack_can_be_fetched in everywhere);
async fn a_file_that_is_too_large_for_slack_can_be_fetched(world: &mut World) -> Result<()> {
    is_public(world);
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.plant("look at *this*");
    let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    let (event, mut content) = send(world, &room, "höhe 7.html", &bytes, TOO_MUCH).await?;
    let (message, path) = link(world, "höhe 7.html").await?;
    let text = message["text"].as_str().unwrap_or_default();
    assert!(text.ends_with("|höhe 7.html> (2000.0 MB)\n\nlook at *this*"), "{text}");
    assert!(message["username"].is_string(), "it does not say whose it is");

    // Whatever it is, it is only saved, and runs nowhere.
    let fetched = reqwest::get(world.bridge.url(&path)).await?;
    assert_eq!(fetched.status(), 200);
    let header =
        |name: &str| fetched.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(header("content-disposition"), "attachment; filename*=UTF-8''h%C3%B6he%207.html");
    assert_eq!((header("x-content-type-options"), header("cache-control")), ("nosniff", "private, no-store"));
    assert_eq!(header("content-length"), bytes.len().to_string());
    assert!(fetched.bytes().await? == bytes, "other bytes came");

    // Nobody can make such an address for another file, event or name.
    let parts: Vec<&str> = path.split('/').collect();
    for index in 3..parts.len() {
        let mut changed = parts.clone();
        changed[index] = "AAAA";
        assert_eq!(status(world, &changed.join("/")).await?, 404, "part {index} does not matter");
    }

    // A changed caption keeps the address; with the message it goes.
    content["body"] = "a better caption".into();
    world.plant("a better caption");
    let edit = json!({
        "msgtype": "m.file", "body": "* a better caption", "m.new_content": content,
        "m.relates_to": { "rel_type": "m.replace", "event_id": event },
    });
    world.admin.send(&room, "m.room.message", &edit).await?;
    let ts = message["ts"].as_str().context("no ts")?.to_owned();
    world
        .on_slack("the new caption", |slack| {
            let text = slack.message("general", &ts)?["text"].as_str()?.to_owned();
            (text.contains("|höhe 7.html>") && text.ends_with("\n\na better caption")).then_some(())
        })
        .await?;
    assert_eq!(status(world, &path).await?, 200);
    world.admin.redact(&room, &event).await?;
    world.wait_for_gone("general", &ts).await?;
    eventually(scenarios::world::LIMIT, "the address to lead nowhere", async || {
        anyhow::ensure!(status(world, &path).await? == 404, "it still leads to the file");
        Ok(())
    })
    .await
}

scenario!(a_file_for_which_slack_has_no_room_can_be_fetched in each_homeserver);
async fn a_file_for_which_slack_has_no_room_can_be_fetched(world: &mut World) -> Result<()> {
    is_public(world);
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.plant("look at *this*");
    let refusals = [
        ("files.getUploadURLExternal", "file_upload_size_restricted"),
        ("files.completeUploadExternal", "storage_limit_reached"),
    ];
    for (number, (method, code)) in refusals.into_iter().enumerate() {
        let name = format!("file{number}.bin");
        world.slack.fail_next(method, Fault::Error(code.to_owned()), 1);
        let (event, mut content) = send(world, &room, &name, b"small", 5).await?;
        let (message, path) = link(world, &name).await?;
        assert_eq!(status(world, &path).await?, 200);
        // An edit cannot bring the file in, and must not lose the address.
        content["body"] = format!("caption {number}").into();
        let edit = json!({
            "msgtype": "m.file", "body": "* x", "m.new_content": content,
            "m.relates_to": { "rel_type": "m.replace", "event_id": event },
        });
        world.admin.send(&room, "m.room.message", &edit).await?;
        let ts = message["ts"].as_str().context("no ts")?.to_owned();
        world
            .on_slack("the new caption", |slack| {
                let text = slack.message("general", &ts)?["text"].as_str()?.to_owned();
                (text.contains(&format!("|{name}>")) && text.ends_with(&format!("caption {number}")))
                    .then_some(())
            })
            .await?;
    }
    // What Slack takes is a file as ever, and what it refuses for another reason is refused.
    send(world, &room, "fine.bin", b"small", 5).await?;
    world
        .on_slack("the file", |slack| {
            slack.files().into_iter().find(|file| file.name == "fine.bin" && file.visible)
        })
        .await?;
    world.expect_in_log("kept as a dead letter");
    world.slack.fail_next("files.getUploadURLExternal", Fault::Error("file_type_not_allowed".to_owned()), 1);
    let (sent, _) = send(world, &room, "evil.exe", b"small", 5).await?;
    let answer = world.answer_to(&world.admin, &room, &sent, "not delivered").await?;
    assert!(answer.body().contains("this kind of file"), "{}", answer.body());
    Ok(())
}

scenario!(a_link_in_a_files_place_is_there_once in fakes);
async fn a_link_in_a_files_place_is_there_once(world: &mut World) -> Result<()> {
    is_public(world);
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.plant("look at *this*");
    // The address is posted and the answer lost; then the process dies, and Slack has room again.
    world.slack.fail_next(
        "files.completeUploadExternal",
        Fault::Error("storage_limit_reached".to_owned()),
        1,
    );
    world.slack.fail_next("chat.postMessage", Fault::HangAfter, 1);
    send(world, &room, "once.bin", b"small", 5).await?;
    link(world, "once.bin").await?;
    world.crash_and_restart().await?;
    world.matrix_says(&world.admin, &room, "this comes behind it").await?;
    world.wait_on_slack("general", "this comes behind it").await?;
    let count = world.slack_texts("general").iter().filter(|text| text.contains("|once.bin>")).count();
    assert_eq!(count, 1, "{:?}", world.slack_texts("general"));
    assert_eq!(world.slack.files().iter().filter(|file| file.visible).count(), 0, "the file came as well");
    Ok(())
}

scenario!(an_encrypted_file_gets_no_public_address in each_homeserver);
async fn an_encrypted_file_gets_no_public_address(world: &mut World) -> Result<()> {
    is_public(world);
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.expect_in_log("kept as a dead letter");
    let file = world.admin.upload_encrypted(vec![7; 1_000]).await?;
    let content =
        json!({ "msgtype": "m.file", "body": "secret.bin", "file": file, "info": { "size": TOO_MUCH } });
    let sent = world.admin.send(&room, "m.room.message", &content).await?;
    let answer = world.answer_to(&world.admin, &room, &sent, "not delivered").await?;
    assert!(answer.body().contains("encrypted, so it is not put on a public address"), "{}", answer.body());
    world.slack.fail_next("files.getUploadURLExternal", Fault::Error("storage_limit_reached".to_owned()), 1);
    let content = json!({ "msgtype": "m.file", "body": "secret.bin", "file": content["file"] });
    let sent = world.admin.send(&room, "m.room.message", &content).await?;
    world.answer_to(&world.admin, &room, &sent, "no room left for files").await?;
    assert!(world.slack_texts("general").iter().all(|text| !text.contains("/public/")));
    Ok(())
}
