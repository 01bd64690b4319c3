//! People without a login are posted by the app, under their names.
use serde_json::json;

use crate::{Result, World, scenario};

scenario!(people_without_a_login_are_shown_by_name in everywhere);
async fn people_without_a_login_are_shown_by_name(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let dora = world.person("dora").await?;
    dora.set_display_name("Dora Deer").await?;
    world.take_in(&room, &dora).await?;

    world.matrix_says(&dora, &room, "hello from the other side").await?;
    let message = world.wait_on_slack("general", "hello from the other side").await?;
    assert_eq!(message["username"], "Dora Deer");

    dora.set_display_name("Dora Renamed").await?;
    let renamed = |event: &testkit::user::Event| {
        event.state_key.as_deref() == Some(dora.user_id()) && event.content["displayname"] == "Dora Renamed"
    };
    world.admin.wait_for_event(&room, "the new name in the room", renamed).await?;
    world.matrix_says(&dora, &room, "the same person, renamed").await?;
    let message = world.wait_on_slack("general", "the same person, renamed").await?;
    assert_eq!(message["username"], "Dora Renamed");
    Ok(())
}

scenario!(blocked_people_are_not_relayed in each_homeserver);
async fn blocked_people_are_not_relayed(world: &mut World) -> Result<()> {
    let mallory = world.person("mallory").await?;
    world.bridge.config["permissions"][mallory.user_id()] = json!("block");
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.take_in(&room, &mallory).await?;

    world.matrix_says(&mallory, &room, "let me through to Slack").await?;
    world.matrix_says(&world.admin, &room, "this one may pass").await?;
    // One lane per chat: when the later one is there, the earlier one was passed over.
    world.wait_on_slack("general", "this one may pass").await?;
    assert!(!world.slack_texts("general").contains(&"let me through to Slack".to_owned()));
    Ok(())
}

scenario!(relayed_people_are_shown_with_their_picture in each_homeserver);
async fn relayed_people_are_shown_with_their_picture(world: &mut World) -> Result<()> {
    const OUTSIDE: &str = "https://bridge.test";
    world.bridge.config["appservice"]["public_url"] = json!(OUTSIDE);
    world.log_in().await?;
    let room = world.portal("general").await?;
    let dora = world.person("dora").await?;
    let picture = b"\x89PNG\r\n\x1a\n as far as anyone looks".to_vec();
    dora.set_avatar(&dora.upload("dora.png", "image/png", picture.clone()).await?).await?;
    world.take_in(&room, &dora).await?;

    world.matrix_says(&dora, &room, "this is what I look like").await?;
    let message = world.wait_on_slack("general", "this is what I look like").await?;
    let address = message["icons"]["image_original"].as_str().or(message["icon_url"].as_str());
    let address = address.or(message["icons"]["image_48"].as_str());
    let path = address.and_then(|address| address.strip_prefix(OUTSIDE)).expect("the picture's address");
    let shown = reqwest::get(world.bridge.url(path)).await?;
    assert_eq!(shown.status(), 200);
    assert_eq!(shown.headers()["content-type"], "image/png");
    assert_eq!(shown.bytes().await?, picture);
    // Without the signature nobody fetches files through the bridge.
    let (unsigned, _) = path.rsplit_once('/').expect("a signature");
    assert_eq!(reqwest::get(world.bridge.url(&format!("{unsigned}/AAAA"))).await?.status(), 404);
    Ok(())
}

scenario!(who_has_left_is_still_called_by_name in each_homeserver);
async fn who_has_left_is_still_called_by_name(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let dora = world.person("dora").await?;
    dora.set_display_name("Dora Deer").await?;
    world.take_in(&room, &dora).await?;
    world.slack.fail_next("chat.postMessage", fake_slack::Fault::Hang, 1);
    world.matrix_says(&world.admin, &room, "this one holds the others up").await?;
    let stalled = |call: &fake_slack::Call| call.fault.is_some();
    assert!(world.slack.wait_for_call("chat.postMessage", stalled, scenarios::world::LIMIT).await.is_some());
    world.matrix_says(&dora, &room, "my last words here").await?;
    dora.leave(&room).await?;
    world.admin.wait_for_membership(&room, dora.user_id(), "leave").await?;
    world.crash_and_restart().await?;
    let message = world.wait_on_slack("general", "my last words here").await?;
    assert_eq!(message["username"], "Dora Deer");
    Ok(())
}
