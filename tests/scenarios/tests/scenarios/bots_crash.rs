//! Killed in the middle of an event, a bot answers it once nevertheless.
use scenarios::{Bots, bots_scenario};
use serde_json::json;

use crate::Result;

/// Kills the host at a point and sees that both questions are answered once, in order.
async fn killed_at(world: &mut Bots, point: &str) -> Result<()> {
    world.declare("greeter", "hello", &json!({}));
    world.start().await?;
    let room = world.room_with(&["greeter"]).await?;
    world.admin.send_text(&room, "!hello before").await?;
    world.wait_for_said(&room, "greeter", &["Hello, before!"]).await?;
    world.stop().await?;
    world.kill_at(point)?;
    world.start().await?;
    world.admin.send_text(&room, "!hello once").await?;
    world.wait_killed_and_start().await?;
    world.admin.send_text(&room, "!hello after").await?;
    world.wait_for_said(&room, "greeter", &["Hello, before!", "Hello, once!", "Hello, after!"]).await
}

bots_scenario!(killed_before_the_event_is_handed_on in fakes);
async fn killed_before_the_event_is_handed_on(world: &mut Bots) -> Result<()> {
    killed_at(world, "bot.handing_on").await
}

bots_scenario!(killed_after_the_event_was_handed_on in fakes);
async fn killed_after_the_event_was_handed_on(world: &mut Bots) -> Result<()> {
    killed_at(world, "bot.handed_on").await
}

bots_scenario!(killed_after_the_answer_was_sent in everywhere);
async fn killed_after_the_answer_was_sent(world: &mut Bots) -> Result<()> {
    killed_at(world, "bot.sent").await
}

bots_scenario!(killed_before_the_end_of_the_event_was_noted in everywhere);
async fn killed_before_the_end_of_the_event_was_noted(world: &mut Bots) -> Result<()> {
    killed_at(world, "bot.worked").await
}
