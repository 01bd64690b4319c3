//! The homeserver lost its rooms, and chats get new ones once somebody asks for it.

use anyhow::{Context as _, ensure};
use fake_slack::Fault;
use serde_json::Value;
use testkit::eventually;

use crate::dead_letters::refused_on_slack;
use crate::{Result, World, scenario};

const LIMIT: std::time::Duration = scenarios::world::LIMIT;

/// The dead letters, each in full.
async fn letters(world: &World) -> Result<Vec<String>> {
    let (_, listed) = world.bridge.verb(&["dead-letters", "list"]).await?;
    let ids = listed.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned);
    let mut letters = Vec::new();
    for id in ids {
        let (code, shown) = world.bridge.verb(&["dead-letters", "show", &id]).await?;
        if code == 0 {
            letters.push(shown);
        }
    }
    Ok(letters)
}

async fn missing(world: &World) -> Result<Value> {
    Ok(world.bridge.health().await?["own"]["rooms"].clone())
}

scenario!(rooms_that_the_homeserver_lost_are_made_anew_when_asked in fakes);
async fn rooms_that_the_homeserver_lost_are_made_anew_when_asked(world: &mut World) -> Result<()> {
    // Longer ago than what is looked at again after every start.
    world.slack.set_clock_behind(std::time::Duration::from_hours(1));
    world.log_in().await?;
    let old = world.portal("general").await?;
    world.slack_says("alice", "general", "said in the old room")?;
    let before = world.admin.wait_for_text(&old, "said in the old room").await?;
    let name_before = world.admin.profile(&before.sender).await?["displayname"].clone();
    ensure!(name_before.is_string(), "{name_before}");
    assert_eq!(missing(world).await?["missing"], 0);
    world.expect_in_log("given up");
    world.expect_in_log("dead letter");
    // It stands in the room that is lost.
    world.expect_in_log("a notice could not be changed");
    // In another chat: there nothing gets past what waits.
    let other = world.portal("random").await?;
    refused_on_slack(world, &other, "refused in the old room").await?;
    world.slack.fail_next("chat.postMessage", Fault::Error("internal_error".to_owned()), u32::MAX);
    let waiting = world.matrix_says(&world.admin, &other, "waited in the old room").await?;
    world.admin.react(&other, &waiting, "👍").await?;
    let unsaid = world.matrix_says(&world.admin, &other, "taken back in the old room").await?;
    world.admin.redact(&other, &unsaid).await?;
    eventually(LIMIT, "what is accepted and waits for Slack", async || {
        let health = world.bridge.health().await?;
        ensure!(health["queue"]["waiting"].as_i64() >= Some(4), "{}", health["queue"]);
        Ok(())
    })
    .await?;
    world.fake().wipe().await?;
    let name = world.admin.user_id().trim_start_matches('@').split(':').next().context("a user id")?;
    world.admin = world.homeserver.user(name).await?;
    world.slack.set_clock_behind(std::time::Duration::ZERO);
    world.slack_says("alice", "general", "said to nobody")?;
    eventually(LIMIT * 2, "the dead letter", async || {
        let letters = letters(world).await?;
        ensure!(letters.iter().any(|letter| letter.contains("--new-rooms")), "{letters:?}");
        Ok(())
    })
    .await?;
    let rooms = missing(world).await?;
    ensure!(rooms["missing"] == 1, "{rooms}");
    ensure!(rooms["reason"].as_str().is_some_and(|why| why.contains("rebuild --new-rooms")), "{rooms}");
    let (code, output) = world.bridge.verb(&["rebuild", "--new-rooms"]).await?;
    ensure!(code == 1 && output.contains("in use"), "{code}: {output}");
    assert!(world.resolve(&world.alias("general")?).await?.is_none(), "a room was made by itself");

    world.bridge.stop().await?;
    let (code, output) = world.bridge.verb(&["rebuild", "--new-rooms"]).await?;
    ensure!(code == 0 && output.contains("get a new room: 2."), "{code}: {output}");
    world.slack.clear_faults();
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    world.bridge.verb(&["dead-letters", "retry", "--all"]).await?;
    let waited = world.wait_on_slack("random", "waited in the old room").await?;
    world.wait_on_slack("random", "refused in the old room").await?;
    eventually(LIMIT, "the reaction to what waited", async || {
        let reactions = world.slack.reactions("random", waited["ts"].as_str().unwrap_or_default());
        ensure!(reactions.contains_key("+1"), "{reactions:?}");
        Ok(())
    })
    .await?;
    let room = world.portal_room("general").await?;
    assert_ne!(room, old);
    world.admin.wait_for_invite(|invite| invite.room_id == room).await?;
    world.admin.join(&room).await?;
    let shown = world.admin.wait_for_text(&room, "said to nobody").await?;
    assert_eq!(world.admin.profile(&shown.sender).await?["displayname"], name_before);
    world.matrix_says(&world.admin, &room, "from the new room").await?;
    world.wait_on_slack("general", "from the new room").await?;
    world.settle("general", &room).await?;
    assert_eq!(missing(world).await?["missing"], 0);
    ensure!(!world.slack_texts("random").iter().any(|text| text.contains("taken back")));
    let (_, left) = world.bridge.verb(&["dead-letters", "list"]).await?;
    ensure!(letters(world).await?.is_empty(), "{left}");
    let texts = world.admin.texts(&room).await?;
    ensure!(!texts.iter().any(|text| text.contains("in the old room")), "{texts:?}");
    world.ensure_once(&room, "said to nobody").await
}
