//! Encrypted attachments in rooms that are not: somebody forwards one, and its event has the key.
use fake_slack::FileInfo;
use serde_json::json;

use crate::{Result, World, scenario};

scenario!(an_encrypted_file_is_decrypted_on_its_way in everywhere);
async fn an_encrypted_file_is_decrypted_on_its_way(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let content: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    let file = world.admin.upload_encrypted(content.clone()).await?;
    world.plant(file["key"]["k"].as_str().unwrap());
    let info = json!({ "mimetype": "image/png", "size": content.len() });
    let event = json!({
        "msgtype": "m.image", "body": "what it shows", "filename": "secret.png", "file": file, "info": info,
    });
    world.admin.send(&room, "m.room.message", &event).await?;
    let arrived = world.on_slack("the file", |slack| visible(slack.files(), "secret.png")).await?;
    // The same bytes, sent in the clear, have the same hash.
    world.admin.send_file(&room, "open.png", "image/png", content).await?;
    let open = world.on_slack("the other file", |slack| visible(slack.files(), "open.png")).await?;
    assert_eq!((arrived.length, arrived.sha256), (open.length, open.sha256));
    Ok(())
}

scenario!(an_encrypted_file_that_was_changed_is_not_shown in each_homeserver);
async fn an_encrypted_file_that_was_changed_is_not_shown(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let mut file = world.admin.upload_encrypted(vec![7; 500_000]).await?;
    file["hashes"]["sha256"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into();
    let event = json!({ "msgtype": "m.file", "body": "changed.bin", "file": file });
    world.admin.send(&room, "m.room.message", &event).await?;
    world.admin.wait_for_text_with(&room, "differs from the hash").await?;
    assert!(world.slack.files().iter().all(|file| !file.visible), "nobody sees it on Slack");
    assert_eq!(world.slack.call_count("files.completeUploadExternal"), 0);
    Ok(())
}

fn visible(files: Vec<FileInfo>, name: &str) -> Option<FileInfo> {
    files.into_iter().find(|file| file.name == name && file.visible && !file.shares.is_empty())
}
