//! One of the three is down for a while; nothing is lost, and what waited comes soon.
use std::time::Duration;

use crate::{Result, World, scenario};

const LIMIT: Duration = scenarios::world::LIMIT;
/// Within this time of its start the bridge has brought what the homeserver held back. Alone it takes a second; without
/// the bridge's doing it would never come.
const SOON: Duration = LIMIT;

scenario!(what_was_said_while_the_bridge_was_down_arrives in everywhere);
async fn what_was_said_while_the_bridge_was_down_arrives(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.bridge.stop().await?;
    let inward = ["inward while down, one", "inward while down, two"];
    let outward = ["outward while down, one", "outward while down, two"];
    for (inner, outer) in inward.into_iter().zip(outward) {
        world.slack_says("bob", "general", inner)?;
        world.matrix_says(&world.admin, &room, outer).await?;
    }
    world.bridge.start().await?;
    world.wait_for_slack_texts("general", &outward).await?;
    world.wait_for_texts(&world.admin, &room, &inward).await?;
    world.settle("general", &room).await?;
    world.wait_for_texts(&world.admin, &room, &inward).await
}

scenario!(the_homeserver_lets_go_of_its_backlog_at_once in continuwuity);
async fn the_homeserver_lets_go_of_its_backlog_at_once(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.bridge.stop().await?;
    let texts: Vec<String> = (0..60).map(|number| format!("held back number {number:02}")).collect();
    for text in &texts {
        world.matrix_says(&world.admin, &room, text).await?;
    }
    world.bridge.start().await?;
    // Nobody says anything more: this family would wait for ever.
    let arrived = world.slack.wait_for_message("general", |message| message["text"] == texts[59], SOON).await;
    assert!(
        arrived.is_some(),
        "after {SOON:?} only {:?} had come; the homeserver's last pushes: {:?}",
        world.slack_texts("general"),
        last_pushes(world)
    );
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    world.wait_for_slack_texts("general", &texts).await
}

/// What the homeserver tried last: how many events, and the answer.
fn last_pushes(world: &World) -> Vec<(usize, Option<u16>)> {
    let pushed = world.fake().transactions();
    pushed.iter().rev().take(10).map(|txn| (txn.event_ids.len(), txn.status)).collect()
}

scenario!(the_homeserver_is_down_for_a_while in fakes);
async fn the_homeserver_is_down_for_a_while(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.expect_in_log("WARN");
    world.homeserver.stop().await?;
    let texts = ["into the silence, one", "into the silence, two", "into the silence, three"];
    for text in texts {
        world.slack_says("alice", "general", text)?;
    }
    assert!(world.slack.wait_until_acknowledged(LIMIT).await, "Slack has to wait for the homeserver");
    world.homeserver.start_again().await?;
    world.wait_for_texts(&world.admin, &room, &texts).await?;
    world.matrix_says(&world.admin, &room, "and the way back works").await?;
    world.wait_on_slack("general", "and the way back works").await?;
    Ok(())
}

scenario!(slack_is_down_for_a_while in everywhere);
async fn slack_is_down_for_a_while(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.expect_in_log("WARN");
    world.slack.set_down(true).await;
    let texts = ["while Slack was away, one", "while Slack was away, two"];
    for text in texts {
        world.matrix_says(&world.admin, &room, text).await?;
    }
    world.slack.set_down(false).await;
    world.wait_for_slack_texts("general", &texts).await?;
    world.wait_for_socket().await?;
    world.slack_says("alice", "general", "we are back again")?;
    world.admin.wait_for_text(&room, "we are back again").await?;
    Ok(())
}

scenario!(a_stuck_room_holds_up_no_other in fakes);
async fn a_stuck_room_holds_up_no_other(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let general = world.portal("general").await?;
    let random = world.portal("random").await?;
    let pattern = format!("PUT */rooms/{general}/send/m.room.message/*");
    world.fake().fail_next(&pattern, testkit::Fault::Hang, 1);
    world.slack_says("alice", "general", "this one is stuck")?;
    world.wait_for_hanging_call(&general).await?;
    world.slack_says("alice", "random", "this one flows")?;
    world.admin.wait_for_text(&random, "this one flows").await?;
    assert!(world.slack.wait_until_acknowledged(LIMIT).await);
    // The stuck call would end by its own time limit; a restart is quicker, and nothing may be lost by it.
    world.crash_and_restart().await?;
    world.wait_for_texts(&world.admin, &general, &["this one is stuck"]).await
}
