//! What is said aloud, both ways.
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use fake_slack::{FileInfo, NewFile, Upload};
use serde_json::json;

use crate::{Result, World, scenario};

const SPOKEN: &[u8] = b"OggS and then some sounds";

scenario!(a_voice_message_from_slack_is_one_on_matrix in each_homeserver);
async fn a_voice_message_from_slack_is_one_on_matrix(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let mut clip = NewFile::new("audio_message.m4a", b"sounds".to_vec());
    let details =
        json!({ "subtype": "slack_audio", "duration_ms": 2_500, "audio_wave_samples": [0, 50, 100, 300] });
    clip.overrides = details.as_object().cloned().unwrap();
    world.slack.upload_with("alice", "general", Upload { files: vec![clip], ..Upload::default() })?;
    let is_voice = |event: &testkit::user::Event| event.content["org.matrix.msc3245.voice"].is_object();
    let event = world.admin.wait_for_event(&room, "the voice message", is_voice).await?;
    assert_eq!(
        (&event.content["msgtype"], &event.content["info"]["duration"]),
        (&json!("m.audio"), &json!(2_500))
    );
    let expected = json!({ "duration": 2_500, "waveform": [0, 512, 1_024, 1_024] });
    assert_eq!(event.content["org.matrix.msc1767.audio"], expected);
    Ok(())
}

async fn speak(world: &World, room: &str) -> Result<()> {
    let url = world.admin.upload("Voice message.ogg", "audio/ogg", SPOKEN.to_vec()).await?;
    let content = json!({
        "msgtype": "m.audio", "body": "Voice message.ogg", "url": url, "org.matrix.msc3245.voice": {},
        "org.matrix.msc1767.audio": { "duration": 900, "waveform": [1, 2] },
        "info": { "mimetype": "audio/ogg; codecs=opus", "size": SPOKEN.len(), "duration": 900 },
    });
    world.admin.send(room, "m.room.message", &content).await?;
    Ok(())
}

async fn heard(world: &World) -> Result<FileInfo> {
    let is_there = |file: &FileInfo| file.visible && !file.shares.is_empty();
    world.on_slack("the recording", |slack| slack.files().into_iter().find(is_there)).await
}

/// A program in the place of `ffmpeg`.
fn stand_in(world: &mut World, lines: &str) -> Result<()> {
    let path = world.bridge.folder().join("ffmpeg");
    fs::write(&path, format!("#!/bin/sh\nfor made; do :; done\n{lines}\n"))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    world.bridge.config["slack"]["ffmpeg"] = path.to_str().unwrap().into();
    Ok(())
}

scenario!(a_voice_message_from_matrix_is_converted in each_homeserver);
async fn a_voice_message_from_matrix_is_converted(world: &mut World) -> Result<()> {
    stand_in(world, "{ printf 'converted '; cat; } > \"$made\"")?;
    world.log_in().await?;
    let room = world.portal("general").await?;
    speak(world, &room).await?;
    let file = heard(world).await?;
    assert_eq!((file.name.as_str(), file.length), ("Voice message.m4a", SPOKEN.len() as u64 + 10));
    Ok(())
}

scenario!(a_voice_message_that_cannot_be_converted_goes_as_it_is in one);
async fn a_voice_message_that_cannot_be_converted_goes_as_it_is(world: &mut World) -> Result<()> {
    world.expect_in_log("could not be converted");
    stand_in(world, "exit 1")?;
    world.log_in().await?;
    let room = world.portal("general").await?;
    speak(world, &room).await?;
    let file = heard(world).await?;
    assert_eq!((file.name.as_str(), file.length), ("Voice message.ogg", SPOKEN.len() as u64));
    Ok(())
}

scenario!(without_the_program_a_voice_message_goes_as_it_is in each_homeserver);
async fn without_the_program_a_voice_message_goes_as_it_is(world: &mut World) -> Result<()> {
    world.bridge.config["slack"]["ffmpeg"] = "off".into();
    world.log_in().await?;
    let room = world.portal("general").await?;
    speak(world, &room).await?;
    let file = heard(world).await?;
    assert_eq!((file.name.as_str(), file.length), ("Voice message.ogg", SPOKEN.len() as u64));
    Ok(())
}
