//! Pictures, videos and files of which Slack tells little: small pictures, sizes, blurs.
use anyhow::Context as _;
use fake_slack::{DownloadFault, NewFile, Upload};
use serde_json::{Value, json};

use crate::{Result, World, scenario};

/// A PNG of many colors.
fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let pixels: Vec<u8> =
        places.flat_map(|(x, y)| [x, y, x ^ y]).map(|value| value.to_le_bytes()[0]).collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    file
}

fn share(world: &World, file: NewFile) -> Result<()> {
    let upload = Upload { files: vec![file], ..Upload::default() };
    world.slack.upload_with("alice", "general", upload)?;
    Ok(())
}

/// The content of the event that shows a file.
async fn shown(world: &World, room: &str, name: &str) -> Result<Value> {
    let event = world.admin.wait_for_event(room, name, |event| event.content["filename"] == name).await?;
    Ok(event.content)
}

fn size(info: &Value) -> (u64, u64) {
    (info["w"].as_u64().unwrap_or_default(), info["h"].as_u64().unwrap_or_default())
}

/// Width and height of the small picture, as its bytes tell them.
async fn small(world: &World, content: &Value) -> Result<(u32, u32)> {
    let mxc = content["info"]["thumbnail_url"].as_str().context("there is no small picture")?;
    let (kind, bytes) = world.admin.download(mxc).await?;
    assert_eq!(kind, "image/png");
    assert_eq!(content["info"]["thumbnail_info"]["size"], bytes.len());
    let reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info()?;
    Ok(reader.info().size())
}

scenario!(a_picture_brings_a_small_one_and_a_blur in everywhere);
async fn a_picture_brings_a_small_one_and_a_blur(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let whole = picture(960, 720);
    share(world, NewFile::new("large.png", whole.clone()))?;
    let content = shown(world, &room, "large.png").await?;
    let info = &content["info"];
    assert_eq!((size(info), size(&info["thumbnail_info"])), ((960, 720), (480, 360)));
    assert_eq!(small(world, &content).await?, (480, 360));
    assert_eq!(info["xyz.amorgan.blurhash"].as_str().map(str::len), Some(28));
    let (_, bytes) = world.admin.download(content["url"].as_str().context("no address")?).await?;
    assert_eq!(bytes, whole);
    Ok(())
}

scenario!(a_video_shows_a_picture_out_of_it in each_homeserver);
async fn a_video_shows_a_picture_out_of_it(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let mut video = NewFile::new("clip.mp4", b"not really a video".to_vec());
    video.poster = Some(picture(320, 180));
    video.overrides = json!({ "subtype": "slack_video", "duration_ms": 4_000 }).as_object().cloned().unwrap();
    share(world, video)?;
    let content = shown(world, &room, "clip.mp4").await?;
    assert_eq!((&content["msgtype"], &content["info"]["duration"]), (&json!("m.video"), &json!(4_000)));
    assert_eq!(small(world, &content).await?, (320, 180));
    assert!(content["info"]["xyz.amorgan.blurhash"].is_string());
    Ok(())
}

scenario!(without_its_small_one_a_picture_is_there_all_the_same in each_homeserver);
async fn without_its_small_one_a_picture_is_there_all_the_same(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let faults = [
        DownloadFault::Status(500),
        DownloadFault::LoginPage,
        DownloadFault::Truncated(90),
        DownloadFault::Hang,
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        world.slack.spoil_thumbnails(fault, 1);
        let name = format!("picture{number}.png");
        share(world, NewFile::new(&name, picture(400, 300)))?;
        let content = shown(world, &room, &name).await?;
        assert_eq!(content["info"]["thumbnail_url"], Value::Null, "{name}");
        assert_eq!(size(&content["info"]), (400, 300));
    }
    Ok(())
}

scenario!(a_picture_tells_its_size_where_slack_does_not in each_homeserver);
async fn a_picture_tells_its_size_where_slack_does_not(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let mut file = NewFile::new("sizeless.png", picture(300, 200));
    file.overrides = json!({ "original_w": null, "original_h": null }).as_object().cloned().unwrap();
    share(world, file)?;
    assert_eq!(size(&shown(world, &room, "sizeless.png").await?["info"]), (300, 200));
    Ok(())
}

scenario!(a_file_of_another_organisation_is_asked_about in each_homeserver);
async fn a_file_of_another_organisation_is_asked_about(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let mut file = NewFile::new("theirs.png", picture(500, 400));
    file.details_hidden = true;
    share(world, file)?;
    let content = shown(world, &room, "theirs.png").await?;
    assert_eq!((&content["msgtype"], size(&content["info"])), (&json!("m.image"), (500, 400)));
    assert_eq!(small(world, &content).await?, (480, 384));
    Ok(())
}
