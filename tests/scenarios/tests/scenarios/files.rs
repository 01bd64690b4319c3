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
