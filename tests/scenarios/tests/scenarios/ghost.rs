//! Ghosts look like the people they stand for.
use serde_json::json;
use testkit::eventually;

use crate::{Result, World, scenario};

scenario!(a_ghost_has_name_and_picture in each_homeserver);
async fn a_ghost_has_name_and_picture(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack_says("carol", "general", "here I am myself")?;
    let event = world.admin.wait_for_text(&room, "here I am myself").await?;
    let ghost = world.ghost_id("U0CAROL001");
    assert_eq!(event.sender, ghost);
    let profile = eventually(scenarios::world::LIMIT, "the ghost's profile", async || {
        let profile = world.admin.profile(&ghost).await?;
        anyhow::ensure!(
            profile["displayname"].is_string() && profile["avatar_url"].is_string(),
            "only {profile}"
        );
        Ok(profile)
    })
    .await?;
    let name = profile["displayname"].as_str().unwrap();
    assert!(name == "carol" || name == "Carol Cook", "the ghost is called {name}");
    let (kind, bytes) = world.admin.download(profile["avatar_url"].as_str().unwrap()).await?;
    assert_eq!(kind, "image/png");
    assert!(bytes.starts_with(b"\x89PNG"), "the picture is no picture");
    let member = world.admin.state(&room, "m.room.member", &ghost).await?;
    assert_eq!(member["displayname"], profile["displayname"]);
    Ok(())
}

scenario!(a_renamed_person_has_a_renamed_ghost in each_homeserver);
async fn a_renamed_person_has_a_renamed_ghost(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack.change_user(
        "alice",
        &json!({ "display_name": "alice the great", "real_name": "Alice the Great" }),
    )?;
    world.slack_says("alice", "general", "under my new name")?;
    world.admin.wait_for_text(&room, "under my new name").await?;
    let ghost = world.ghost_id("U0ALICE001");
    eventually(scenarios::world::LIMIT, "the new name", async || {
        let profile = world.admin.profile(&ghost).await?;
        let name = profile["displayname"].as_str().unwrap_or_default().to_lowercase();
        anyhow::ensure!(name.contains("the great"), "still {profile}");
        Ok(())
    })
    .await
}

scenario!(posts_of_other_apps_show_their_name in one);
async fn posts_of_other_apps_show_their_name(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let message = json!({
        "subtype": "bot_message", "bot_id": "B0OTHER0001", "username": "Build Robot", "user": null,
        "text": "the build is green",
    });
    world.slack.post_raw("alice", "general", message)?;
    let event = world.admin.wait_for_text(&room, "the build is green").await?;
    let member = world.admin.state(&room, "m.room.member", &event.sender).await?;
    assert_eq!(member["displayname"], "Build Robot");
    Ok(())
}

scenario!(each_name_of_a_bot_is_a_ghost_of_its_own in each_homeserver);
async fn each_name_of_a_bot_is_a_ghost_of_its_own(world: &mut World) -> Result<()> {
    let other = world.slack.install_app("Other App");
    world.log_in().await?;
    let room = world.portal("general").await?;
    let mut senders = Vec::new();
    for (name, text) in [
        (Some("Deploys"), "the first is out"),
        (Some("Alarms"), "the disk is full"),
        (None, "as the bot itself"),
        (Some("Other App"), "under the bot's own name"),
        (Some("Deploys"), "the second is out"),
    ] {
        let profile = json!({ "id": other.bot_id, "name": "Other App" });
        let mut message = json!({
            "bot_id": other.bot_id, "app_id": other.app_id, "user": null, "text": text, "bot_profile": profile,
        });
        if let Some(name) = name {
            message["subtype"] = "bot_message".into();
            message["username"] = name.into();
        }
        world.slack.post_raw("alice", "general", message)?;
        senders.push(world.admin.wait_for_text(&room, text).await?.sender);
    }
    let [deploys, alarms, itself, own_name, again] = &senders[..] else { panic!("{senders:?}") };
    assert_eq!((deploys, itself), (again, own_name));
    for (ghost, name) in [(deploys, "Deploys"), (alarms, "Alarms"), (itself, "Other App")] {
        let member = world.admin.state(&room, "m.room.member", ghost).await?;
        assert_eq!(member["displayname"], name, "{senders:?}");
    }
    Ok(())
}
