//! What people on Matrix pin, and how it stands beside what is pinned on Slack.
use serde_json::json;
use testkit::eventually;

use crate::{Result, World, scenario};

const PINNED: &str = "m.room.pinned_events";
const LIMIT: std::time::Duration = scenarios::world::LIMIT;

/// Pins these events and no others, as a client does.
async fn pin(world: &World, room: &str, events: &[&str]) -> Result<()> {
    world.admin.set_state(room, PINNED, "", &json!({ "pinned": events })).await.map(drop)
}

async fn wait_for_pins(world: &World, room: &str, expected: &[&str]) -> Result<()> {
    eventually(LIMIT, format!("{expected:?} to be pinned"), async || {
        let state = world.admin.state(room, PINNED, "").await.unwrap_or_default();
        anyhow::ensure!(state["pinned"] == json!(expected), "there is {state}");
        Ok(())
    })
    .await
}

async fn wait_for_slack_pins(world: &World, expected: &[&str]) -> Result<()> {
    let what = format!("the pins {expected:?}");
    world.on_slack(&what, |slack| (slack.pins("general") == expected).then_some(())).await
}

scenario!(pins_on_matrix_are_pins_on_slack in everywhere);
async fn pins_on_matrix_are_pins_on_slack(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let theirs = world.slack_says("alice", "general", "worth keeping")?;
    let their_event = world.admin.wait_for_text(&room, "worth keeping").await?.event_id;
    let own_event = world.matrix_says(&world.admin, &room, "and this as well").await?;
    let own = world.ts_of("general", "and this as well").await?;
    pin(world, &room, &[&their_event]).await?;
    wait_for_slack_pins(world, &[&theirs]).await?;
    pin(world, &room, &[&their_event, &own_event]).await?;
    wait_for_slack_pins(world, &[&own, &theirs]).await?;
    pin(world, &room, &[&own_event]).await?;
    wait_for_slack_pins(world, &[&own]).await?;
    assert!(world.slack.wait_until_acknowledged(LIMIT).await);
    world.settle("general", &room).await?;
    wait_for_pins(world, &room, &[&own_event]).await?;
    let bot = world.bot_id();
    let events = world.admin.messages(&room).await?;
    let echoes = events.iter().filter(|event| event.kind == PINNED && event.sender == bot);
    assert_eq!(echoes.count(), 0, "our own pins came back");
    Ok(())
}

scenario!(a_pin_goes_with_its_message in everywhere);
async fn a_pin_goes_with_its_message(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let answer = world.ask(&room, "!slack version", "version 0.").await?.event_id;
    let theirs = world.slack_says("alice", "general", "deleted over there")?;
    let their_event = world.admin.wait_for_text(&room, "deleted over there").await?.event_id;
    let own_event = world.matrix_says(&world.admin, &room, "deleted over here").await?;
    let own = world.ts_of("general", "deleted over here").await?;
    pin(world, &room, &[&answer, &their_event, &own_event]).await?;
    wait_for_slack_pins(world, &[&own, &theirs]).await?;
    world.slack.delete("general", &theirs)?;
    wait_for_pins(world, &room, &[&answer, &own_event]).await?;
    world.admin.redact(&room, &own_event).await?;
    wait_for_pins(world, &room, &[&answer]).await?;
    assert!(world.slack.pins("general").is_empty());
    Ok(())
}

scenario!(a_pin_of_what_is_only_on_matrix_stays in each_homeserver);
async fn a_pin_of_what_is_only_on_matrix_stays(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let answer = world.ask(&room, "!slack version", "version 0.").await?.event_id;
    pin(world, &room, &[&answer]).await?;
    let ts = world.slack_says("alice", "general", "pinned over there")?;
    let event = world.admin.wait_for_text(&room, "pinned over there").await?.event_id;
    world.slack.pin_as("bob", "general", &ts)?;
    wait_for_pins(world, &room, &[&answer, &event]).await?;
    world.slack.unpin_as("bob", "general", &ts)?;
    wait_for_pins(world, &room, &[&answer]).await?;
    assert_eq!(world.slack.call_count("pins.add"), 0);
    Ok(())
}

scenario!(what_slack_does_not_pin_is_set_back in each_homeserver);
async fn what_slack_does_not_pin_is_set_back(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ts = world.slack_says("alice", "general", "cannot be pinned")?;
    let event = world.admin.wait_for_text(&room, "cannot be pinned").await?.event_id;
    world.slack.fail_next("pins.add", fake_slack::Fault::Error("not_pinnable".to_owned()), 1);
    pin(world, &room, &[&event]).await?;
    let told = world.admin.wait_for_text_with(&room, "set back").await?;
    assert!(told.body().contains("does not let this message be pinned"), "{}", told.body());
    wait_for_pins(world, &room, &[]).await?;
    // The other way round: what cannot be taken off is there again.
    pin(world, &room, &[&event]).await?;
    wait_for_slack_pins(world, &[&ts]).await?;
    world.slack.fail_next("pins.remove", fake_slack::Fault::Error("permission_denied".to_owned()), 1);
    pin(world, &room, &[]).await?;
    wait_for_pins(world, &room, &[&event]).await
}

scenario!(a_pin_survives_a_crash in each_homeserver);
async fn a_pin_survives_a_crash(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ts = world.slack_says("alice", "general", "kept over a crash")?;
    let event = world.admin.wait_for_text(&room, "kept over a crash").await?.event_id;
    world.slack.fail_next("pins.add", fake_slack::Fault::HangAfter, 1);
    pin(world, &room, &[&event]).await?;
    wait_for_slack_pins(world, &[&ts]).await?;
    world.crash_and_restart().await?;
    world.wait_for_socket().await?;
    world.settle("general", &room).await?;
    wait_for_pins(world, &room, &[&event]).await?;
    wait_for_slack_pins(world, &[&ts]).await?;
    let notices = world.admin.texts(&room).await?;
    assert!(!notices.iter().any(|text| text.contains("set back")), "what is done counts as done");
    Ok(())
}

scenario!(a_pin_that_the_room_does_not_take_stays_on_slack in each_homeserver);
async fn a_pin_that_the_room_does_not_take_stays_on_slack(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let ghost = world.ghost_id("U0BOB00001");
    // Neither the ghost nor the bot has the power to pin in a room that was made like this.
    let body = json!({ "preset": "private_chat", "is_direct": true, "invite": [ghost] });
    let room = world.admin.create_room_with(body).await?;
    world.admin.wait_for_text_with(&room, "is now your chat").await?;
    let direct = world.slack.dm("bob")?;
    let theirs = world.slack_says("bob", &direct, "pinned on Slack")?;
    world.admin.wait_for_text(&room, "pinned on Slack").await?;
    world.slack.pin_as("bob", &direct, &theirs)?;
    world.slack_says("bob", &direct, "behind the pin")?;
    world.admin.wait_for_text(&room, "behind the pin").await?;
    let event = world.matrix_says(&world.admin, &room, "pinned on Matrix").await?;
    let own = world.ts_of(&direct, "pinned on Matrix").await?;
    pin(world, &room, &[&event]).await?;
    world.on_slack("the pin", |slack| slack.pins(&direct).contains(&own).then_some(())).await?;
    world.slack_says("bob", &direct, "behind both")?;
    world.admin.wait_for_text(&room, "behind both").await?;
    assert!(world.slack.pins(&direct).contains(&theirs), "the bridge took it off");
    Ok(())
}
