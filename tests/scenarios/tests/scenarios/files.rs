//! Files, both ways.
use anyhow::Context as _;
use serde_json::json;

use crate::{Result, World, scenario};

/// A picture of one pixel.
const PIXEL: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0,
    0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89,
];

scenario!(a_file_from_slack_arrives_with_its_caption in everywhere);
async fn a_file_from_slack_arrives_with_its_caption(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.plant("a caption of mine");
    world.slack.upload_as("alice", "general", "pixel.png", PIXEL, "a caption of mine")?;
    let event = world
        .admin
        .wait_for_event(&room, "the picture", |event| event.content["msgtype"] == "m.image")
        .await?;
    assert_eq!(event.body(), "a caption of mine");
    assert_eq!(event.content["filename"], "pixel.png");
    assert_eq!((&event.content["info"]["w"], &event.content["info"]["h"]), (&json!(1), &json!(1)));
    let mxc = event.content["url"].as_str().context("no address")?;
    let (_, bytes) = world.admin.download(mxc).await?;
    assert_eq!(bytes, PIXEL);
    Ok(())
}

scenario!(a_file_from_matrix_arrives_once in everywhere);
async fn a_file_from_matrix_arrives_once(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let content: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let length = content.len() as u64;
    let event = world.admin.send_file(&room, "numbers.bin", "application/octet-stream", content).await?;
    let file = world
        .on_slack("the file", |slack| {
            slack
                .files()
                .into_iter()
                .find(|file| file.name == "numbers.bin" && file.visible && !file.shares.is_empty())
        })
        .await?;
    assert_eq!(file.length, length);
    world.settle("general", &room).await?;
    let shown = world.admin.messages(&room).await?;
    let shown = shown.iter().filter(|event| event.content["filename"] == "numbers.bin");
    assert_eq!(shown.count(), 1, "its echo is not shown");
    assert_eq!(world.slack.files().len(), 1);
    let (_, ts) = &file.shares[0];
    world.admin.redact(&room, &event).await?;
    world.wait_for_gone("general", ts).await?;
    Ok(())
}

scenario!(several_files_of_one_message_arrive in each_homeserver);
async fn several_files_of_one_message_arrive(world: &mut World) -> Result<()> {
    use fake_slack::{NewFile, Upload};
    world.log_in().await?;
    let room = world.portal("general").await?;
    let files = vec![NewFile::new("one.txt", b"first".to_vec()), NewFile::new("two.txt", b"second".to_vec())];
    world.plant("two of them");
    let upload = Upload { files, comment: "two of them".to_owned(), thread_ts: None };
    world.slack.upload_with("alice", "general", upload)?;
    world.admin.wait_for_text(&room, "two of them").await?;
    for name in ["one.txt", "two.txt"] {
        world.admin.wait_for_event(&room, name, |event| event.content["filename"] == name).await?;
    }
    Ok(())
}

scenario!(a_sticker_is_a_picture in one);
async fn a_sticker_is_a_picture(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let url = world.admin.upload("hi.png", "image/png", PIXEL.to_vec()).await?;
    let info = json!({ "mimetype": "image/png", "size": PIXEL.len() });
    world.admin.send(&room, "m.sticker", &json!({ "body": "hi", "url": url, "info": info })).await?;
    world.on_slack("the sticker", |slack| slack.files().into_iter().find(|file| file.visible)).await?;
    Ok(())
}

scenario!(a_file_deleted_on_slack_is_gone_on_matrix in everywhere);
async fn a_file_deleted_on_slack_is_gone_on_matrix(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let uploaded = world.slack.upload_as(
        "alice",
        "general",
        "regret.txt",
        b"better not".to_vec(),
        "what I said of it",
    )?;
    let is_file = |event: &testkit::user::Event| event.content["filename"] == "regret.txt";
    let shown = world.admin.wait_for_event(&room, "the file", is_file).await?;
    assert_eq!(shown.body(), "what I said of it");
    world.slack.delete_file(&uploaded.file_ids[0])?;
    world.admin.wait_for_redaction(&room, &shown.event_id).await?;
    let left = world.admin.wait_for_text_with(&room, "was deleted on Slack").await?;
    assert!(left.body().starts_with("what I said of it"), "{}", left.body());
    Ok(())
}

scenario!(a_caption_keeps_its_formatting_both_ways in each_homeserver);
async fn a_caption_keeps_its_formatting_both_ways(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack.upload_as("alice", "general", "in.txt", b"in".to_vec(), "a *bold* word")?;
    let is_file = |event: &testkit::user::Event| event.content["filename"] == "in.txt";
    let shown = world.admin.wait_for_event(&room, "the file", is_file).await?;
    assert_eq!(shown.content["formatted_body"], "a <strong>bold</strong> word");
    let url = world.admin.upload("out.txt", "text/plain", b"out".to_vec()).await?;
    let content = json!({
        "msgtype": "m.file", "body": "a **bold** word", "filename": "out.txt", "url": url,
        "format": "org.matrix.custom.html", "formatted_body": "a <b>bold</b> word",
    });
    world.admin.send(&room, "m.room.message", &content).await?;
    let has = |text: &str| text.ends_with("a *bold* word");
    let found = world.slack.wait_for_message(
        "general",
        |message| message["files"][0]["name"] == "out.txt" && message["text"].as_str().is_some_and(has),
        scenarios::world::LIMIT,
    );
    found.await.context("the caption is not there")?;
    Ok(())
}

scenario!(a_long_caption_fits_into_its_events in each_homeserver);
async fn a_long_caption_fits_into_its_events(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    // Few characters to see, and thousands behind them; an edit says all of it twice.
    let link = |number: usize| format!("<https://example.org/{}|{number}>", "a".repeat(3_000 + number));
    let links = |count: usize| (0..count).map(link).collect::<Vec<_>>().join(" ");
    let uploaded = world.slack.upload_as("alice", "general", "links.txt", b"x".to_vec(), &links(5))?;
    let is_file = |event: &testkit::user::Event| event.content["filename"] == "links.txt";
    let shown = world.admin.wait_for_event(&room, "the file", is_file).await?;
    world.slack.edit("general", &uploaded.ts, &format!("changed {}", links(5)))?;
    let edit = world.admin.wait_for_edit(&room, &shown.event_id).await?;
    let new = &edit.content["m.new_content"];
    assert_eq!((new["filename"].as_str(), &new["url"]), (Some("links.txt"), &shown.content["url"]));
    assert!(new["body"].as_str().is_some_and(|body| body.starts_with("changed ")), "{new}");
    world.settle("general", &room).await?;
    let all = world.admin.messages(&room).await?;
    let said: String = all.iter().map(|event| event.content["formatted_body"].to_string()).collect();
    for number in 0..5 {
        assert!(said.contains(&"a".repeat(3_000 + number)), "the address {number} is missing");
    }
    Ok(())
}

scenario!(snippets_and_external_files_are_shown_in_words in each_homeserver);
async fn snippets_and_external_files_are_shown_in_words(world: &mut World) -> Result<()> {
    use fake_slack::{NewFile, Upload};
    world.log_in().await?;
    let room = world.portal("general").await?;
    let with = |name: &str, details: serde_json::Value| {
        let mut file = NewFile::new(name, b"print(1)".to_vec());
        file.overrides = details.as_object().cloned().unwrap();
        file
    };
    let files = vec![
        with("code.py", json!({ "mode": "snippet", "filetype": "python", "preview": "print(1)" })),
        with(
            "Plan",
            json!({
                "mode": "external", "is_external": true, "external_type": "gdrive",
                "external_url": "https://drive.test/plan", "url_private": "https://drive.test/plan",
            }),
        ),
        with("Notes", json!({ "mode": "canvas", "permalink": "https://acme.test/docs/notes" })),
        with("Old", json!({ "mode": "hidden_by_limit" })),
        with("Gone", json!({ "mode": "tombstone" })),
        with("Locked", json!({ "file_access": "access_denied" })),
    ];
    world.slack.upload_with("alice", "general", Upload { files, ..Upload::default() })?;
    let shown = world.admin.wait_for_text_with(&room, "print(1)").await?;
    let html = shown.content["formatted_body"].as_str().context("it has no formatting")?;
    for part in [
        "language-python",
        "href=\"https://drive.test/plan\"",
        "href=\"https://acme.test/docs/notes\"",
        "hidden: it is older",
        "was deleted on Slack",
        "the bridge may not see it",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    assert!(world.slack.downloads().is_empty(), "none of them is fetched");
    Ok(())
}

scenario!(a_file_too_large_for_the_homeserver_is_a_link in fakes);
async fn a_file_too_large_for_the_homeserver_is_a_link(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let huge = fake_slack::NewFile::of_length("huge.iso", 900_000_000);
    let upload = fake_slack::Upload { files: vec![huge], ..fake_slack::Upload::default() };
    world.slack.upload_with("alice", "general", upload)?;
    let shown = world.admin.wait_for_text_with(&room, "huge.iso").await?;
    assert!(shown.body().contains("it has 900.0 MB, and the homeserver takes"), "{}", shown.body());
    assert!(shown.body().contains("/files/"), "{}", shown.body());
    Ok(())
}
