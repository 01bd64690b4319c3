//! What people say of themselves, who is gone, and who is a stranger.
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::ensure;
use scenarios::world::LIMIT;
use serde_json::{Value, json};
use testkit::eventually;

use crate::{Result, World, scenario};

const STATUS: &str = "org.matrix.msc4426.status";
const TITLE: &str = "dev.bridge-hub.title";

/// Waits until a profile is as wanted.
async fn profile_is(
    world: &World,
    ghost: &str,
    what: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Value> {
    eventually(LIMIT, format!("{what} in the profile of {ghost}"), async || {
        let profile = world.admin.profile(ghost).await?;
        ensure!(wanted(&profile), "it is {profile}");
        Ok(profile)
    })
    .await
}

/// Waits until a ghost is called so.
async fn is_called(world: &World, ghost: &str, name: &str) -> Result<Value> {
    profile_is(world, ghost, name, |profile| profile["displayname"] == name).await
}

scenario!(a_profile_is_followed in each_homeserver);
async fn a_profile_is_followed(world: &mut World) -> Result<()> {
    world.log_in().await?;
    world.portal("general").await?;
    let alice = world.ghost_id("U0ALICE001");
    profile_is(world, &alice, "her time zone", |profile| profile["m.tz"] == "Europe/Berlin").await?;
    let change = json!({
        "title": "R & D", "tz": "Asia/Tokyo", "status_text": "On leave", "status_emoji": ":palm_tree:",
    });
    world.slack.change_user("alice", &change)?;
    let status = json!({ "text": "On leave", "emoji": "🌴" });
    let is_new = |profile: &Value| {
        profile[TITLE] == "R & D" && profile["m.tz"] == "Asia/Tokyo" && profile[STATUS] == status
    };
    profile_is(world, &alice, "what she changed", is_new).await?;
    world.slack.change_user("alice", &json!({ "status_text": "", "status_emoji": "", "title": "" }))?;
    let is_bare = |profile: &Value| profile.get(STATUS).is_none() && profile.get(TITLE).is_none();
    let profile = profile_is(world, &alice, "nothing of what she took back", is_bare).await?;
    assert_eq!(profile["m.tz"], "Asia/Tokyo");
    Ok(())
}

scenario!(a_status_ends_by_itself in each_homeserver);
async fn a_status_ends_by_itself(world: &mut World) -> Result<()> {
    world.log_in().await?;
    world.portal("general").await?;
    let alice = world.ghost_id("U0ALICE001");
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let change = json!({ "status_text": "In a meeting", "status_expiration": now + 4 });
    world.slack.change_user("alice", &change)?;
    profile_is(world, &alice, "the status", |profile| profile[STATUS]["text"] == "In a meeting").await?;
    profile_is(world, &alice, "no status", |profile| profile.get(STATUS).is_none()).await?;
    Ok(())
}

scenario!(a_change_that_nobody_sees_makes_no_call in fakes);
async fn a_change_that_nobody_sees_makes_no_call(world: &mut World) -> Result<()> {
    world.log_in().await?;
    world.portal("general").await?;
    let alice = world.ghost_id("U0ALICE001");
    let writes = || {
        let calls = world.fake().call_log();
        let is_write = |route: &str| route.starts_with("PUT") || route.starts_with("DELETE");
        calls.iter().filter(|call| call.path.contains(&alice) && is_write(&call.route)).count()
    };
    let before = writes();
    for presence in ["away", "active", "away"] {
        world.slack.change_user("alice", &json!({ "presence": presence, "email": "alice@new.example" }))?;
    }
    // One lane per person: when this is there, what came before is done.
    world.slack.change_user("alice", &json!({ "display_name": "alice the last" }))?;
    is_called(world, &alice, "alice the last").await?;
    assert_eq!(writes() - before, 1, "more was written than the name");
    Ok(())
}

scenario!(who_is_deactivated_goes_and_comes_back_speaking in each_homeserver);
async fn who_is_deactivated_goes_and_comes_back_speaking(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let (general, random) = (world.portal("general").await?, world.portal("random").await?);
    for (channel, room) in [("general", &general), ("random", &random)] {
        world.slack_says("bob", channel, "here is bob")?;
        world.admin.wait_for_text(room, "here is bob").await?;
    }
    let bob = world.ghost_id("U0BOB00001");
    world.slack.change_user("bob", &json!({ "deleted": true }))?;
    for room in [&general, &random] {
        world.admin.wait_for_membership(room, &bob, "leave").await?;
    }
    world.slack.change_user("bob", &json!({ "deleted": false }))?;
    world.slack_says("bob", "general", "here is bob again")?;
    world.admin.wait_for_text(&general, "here is bob again").await?;
    world.admin.wait_for_membership(&general, &bob, "join").await?;
    Ok(())
}

scenario!(a_homeserver_without_further_fields_shows_names in fakes);
async fn a_homeserver_without_further_fields_shows_names(world: &mut World) -> Result<()> {
    world.fake().change_profile(|profile| profile.has_extended_profiles = false);
    world.slack.change_user("alice", &json!({ "title": "Chief", "status_text": "busy" }))?;
    world.log_in().await?;
    world.portal("general").await?;
    let alice = world.ghost_id("U0ALICE001");
    let profile = is_called(world, &alice, "alice").await?;
    assert!(profile.get(STATUS).is_none() && profile.get("m.tz").is_none(), "{profile}");
    let asked = world.fake().call_log();
    assert!(!asked.iter().any(|call| call.path.ends_with("m.tz")), "it was told not to have such fields");
    Ok(())
}

scenario!(ghosts_are_called_by_the_template in each_homeserver);
async fn ghosts_are_called_by_the_template(world: &mut World) -> Result<()> {
    world.bridge.config["appservice"]["ghost_name"] = json!("{real_name}{title? ({title})}, {team}");
    world.slack.change_user("alice", &json!({ "title": "Archer" }))?;
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack_says("bob", "general", "bob has no title")?;
    world.admin.wait_for_text(&room, "bob has no title").await?;
    let (alice, bob) = (world.ghost_id("U0ALICE001"), world.ghost_id("U0BOB00001"));
    is_called(world, &alice, "Alice Archer (Archer), Fake Workspace").await?;
    is_called(world, &bob, "Bob Baker, Fake Workspace").await?;

    world.bridge.stop().await?;
    world.bridge.config["appservice"]["ghost_name"] = json!("@{handle}{bot? [bot]} (Slack)");
    world.bridge.start().await?;
    world.slack_says("alice", "general", "by another name")?;
    world.admin.wait_for_text(&room, "by another name").await?;
    is_called(world, &alice, "@alice (Slack)").await?;
    let member = world.admin.state(&room, "m.room.member", &alice).await?;
    assert_eq!(member["displayname"], "@alice (Slack)");
    Ok(())
}

scenario!(strangers_are_shown_by_what_is_known in each_homeserver);
async fn strangers_are_shown_by_what_is_known(world: &mut World) -> Result<()> {
    const OTHER: (&str, &str) = ("T0OTHER0001", "Other Company");
    world.bridge.config["appservice"]["ghost_name"] = json!("{name} ({team})");
    world.log_in().await?;
    let room = world.portal("general").await?;
    let eve = world.slack.add_stranger("eve", "Eve Example", OTHER, "general", false)?;
    world.slack_says("eve", "general", "hello from outside")?;
    world.admin.wait_for_text(&room, "hello from outside").await?;
    is_called(world, &world.ghost_id(&eve), "eve (Other Company)").await?;

    world.bridge.stop().await?;
    world.bridge.config["appservice"]["ghost_name"] = json!("{name}");
    world.bridge.start().await?;
    let mallory = world.slack.add_stranger("mal", "Mallory M.", OTHER, "general", true)?;
    world.slack_says("mal", "general", "nobody is told who I am")?;
    world.admin.wait_for_text(&room, "nobody is told who I am").await?;
    let mallory = world.ghost_id(&mallory);
    is_called(world, &mallory, "mal").await?;
    world.slack.change_user("mal", &json!({ "hidden": false, "display_name": "Mallory" }))?;
    is_called(world, &mallory, "Mallory").await?;
    Ok(())
}

scenario!(nobody_waits_for_a_profile_that_does_not_come in each_homeserver);
async fn nobody_waits_for_a_profile_that_does_not_come(world: &mut World) -> Result<()> {
    const OTHER: (&str, &str) = ("T0OTHER0001", "Other Company");
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack.add_stranger("eve", "Eve Example", OTHER, "general", false)?;
    // Long past the end of the scenario.
    world.slack.rate_limit_next("users.info", 600, 1);
    world.slack_says("eve", "general", "shown by what my message says")?;
    world.admin.wait_for_text(&room, "shown by what my message says").await?;
    world.slack_says("alice", "general", "and nobody waits behind it")?;
    world.admin.wait_for_text(&room, "and nobody waits behind it").await?;
    Ok(())
}

scenario!(a_bot_under_an_emoji_has_its_picture in each_homeserver);
async fn a_bot_under_an_emoji_has_its_picture(world: &mut World) -> Result<()> {
    let other = world.slack.install_app("Other App");
    world.log_in().await?;
    let room = world.portal("general").await?;
    let mut ghosts = Vec::new();
    for (name, icons) in [
        ("Parrot", json!({ "emoji": ":partyparrot:" })),
        ("Robot", json!({ "emoji": ":robot_face:" })),
        ("Painter", json!({ "image_48": format!("{}avatars/painter-48.png", world.slack.web_url()) })),
    ] {
        let text = format!("as {name}");
        let message = json!({
            "subtype": "bot_message", "bot_id": other.bot_id, "username": name, "user": null, "text": text, "icons": icons,
        });
        world.slack.post_raw("alice", "general", message)?;
        ghosts.push(world.admin.wait_for_text(&room, &text).await?.sender);
    }
    for (ghost, has_picture) in ghosts.iter().zip([true, false, true]) {
        let profile = world.admin.profile(ghost).await?;
        assert_eq!(profile["avatar_url"].is_string(), has_picture, "{profile}");
    }
    let parrot = world.admin.profile(&ghosts[0]).await?;
    let (kind, _) = world.admin.download(parrot["avatar_url"].as_str().unwrap_or_default()).await?;
    assert_eq!(kind, "image/png");
    Ok(())
}

scenario!(bots_of_other_workspaces_are_shown_by_their_messages in each_homeserver);
async fn bots_of_other_workspaces_are_shown_by_their_messages(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let picture = format!("{}avatars/far-48.png", world.slack.web_url());
    let message = json!({
        "bot_id": "B0FAR000001", "user": null, "text": "from a far workspace",
        "bot_profile": { "id": "B0FAR000001", "name": "Far Bot", "team_id": "T0OTHER0001", "icons": { "image_48": picture } },
    });
    world.slack.post_raw("alice", "general", message)?;
    let event = world.admin.wait_for_text(&room, "from a far workspace").await?;
    let profile = world.admin.profile(&event.sender).await?;
    assert_eq!(profile["displayname"], "Far Bot");
    assert!(profile["avatar_url"].is_string(), "{profile}");
    Ok(())
}
