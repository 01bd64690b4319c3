//! Killed at the worst moments, the bridge loses nothing and doubles nothing.
use std::time::Duration;

use fake_slack::Fault as SlackFault;
use testkit::Fault;

use scenarios::Dam;

use crate::{Result, World, scenario};

const LIMIT: Duration = scenarios::world::LIMIT;
/// The homeserver's route for messages.
const SEND: &str = "PUT */send/m.room.message/*";
/// Longer than any scenario.
const FOREVER: Duration = Duration::from_hours(1);

scenario!(killed_between_acceptance_and_delivery_to_matrix in everywhere);
async fn killed_between_acceptance_and_delivery_to_matrix(world: &mut World) -> Result<()> {
    let dam = Dam::before(world.homeserver.base_url()).await?;
    world.bridge.config["homeserver"]["url"] = dam.url().into();
    world.log_in().await?;
    let room = world.portal("general").await?;
    let texts = ["first of the crash", "second of the crash", "third of the crash"];
    dam.close();
    for text in texts {
        world.slack_says("alice", "general", text)?;
    }
    assert!(world.slack.wait_until_acknowledged(LIMIT).await, "a stalled homeserver delays acknowledgements");
    dam.wait_for_held("/send/m.room.message/").await?;
    world.bridge.kill9()?;
    dam.open();
    world.bridge.start().await?;
    world.wait_for_texts(&world.admin, &room, &texts).await?;
    world.settle("general", &room).await?;
    world.wait_for_texts(&world.admin, &room, &texts).await?;
    // While the dam stands.
    world.finish().await
}

scenario!(killed_after_the_effect_on_matrix in fakes);
async fn killed_after_the_effect_on_matrix(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.fake().fail_next(SEND, Fault::Slow(FOREVER), 1);
    world.slack_says("alice", "general", "there, but nobody was told")?;
    world.slack_says("bob", "general", "and this waits behind it")?;
    world.wait_for_texts(&world.admin, &room, &["there, but nobody was told"]).await?;
    assert!(world.slack.wait_until_acknowledged(LIMIT).await);
    world.crash_and_restart().await?;
    let both = ["there, but nobody was told", "and this waits behind it"];
    world.wait_for_texts(&world.admin, &room, &both).await?;
    world.settle("general", &room).await?;
    world.wait_for_texts(&world.admin, &room, &both).await
}

scenario!(killed_between_acceptance_and_delivery_to_slack in everywhere);
async fn killed_between_acceptance_and_delivery_to_slack(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack.fail_next("chat.postMessage", SlackFault::Hang, 1);
    let texts = ["outward the first", "outward the second", "outward the third"];
    for text in texts {
        world.matrix_says(&world.admin, &room, text).await?;
    }
    wait_for_stalled_post(world).await;
    world.crash_and_restart().await?;
    world.wait_for_slack_texts("general", &texts).await?;
    world.settle("general", &room).await?;
    for text in texts {
        world.ensure_once(&room, text).await?;
    }
    Ok(())
}

scenario!(killed_after_the_effect_on_slack in everywhere);
async fn killed_after_the_effect_on_slack(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    // The echo would tell the bridge, too; without it the marker is all there is.
    world.slack.hold_events();
    world.slack.fail_next("chat.postMessage", SlackFault::HangAfter, 1);
    world.matrix_says(&world.admin, &room, "posted, but nobody was told").await?;
    world.matrix_says(&world.admin, &room, "and this one comes next").await?;
    world.wait_on_slack("general", "posted, but nobody was told").await?;
    wait_for_stalled_post(world).await;
    world.crash_and_restart().await?;
    let both = ["posted, but nobody was told", "and this one comes next"];
    world.wait_for_slack_texts("general", &both).await?;
    world.wait_for_socket().await?;
    world.slack.release_events(false);
    world.settle("general", &room).await?;
    world.wait_for_slack_texts("general", &both).await?;
    for text in both {
        world.ensure_once(&room, text).await?;
    }
    Ok(())
}

scenario!(killed_again_and_again in everywhere);
async fn killed_again_and_again(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let (mut inward, mut outward) = (Vec::new(), Vec::new());
    for round in 0..5 {
        for number in 0..4 {
            let (inner, outer) = (format!("inward {round}-{number}"), format!("outward {round}-{number}"));
            world.slack_says("bob", "general", &inner)?;
            world.matrix_says(&world.admin, &room, &outer).await?;
            inward.push(inner);
            outward.push(outer);
        }
        world.crash_and_restart().await?;
    }
    world.wait_for_socket().await?;
    let outward: Vec<&str> = outward.iter().map(String::as_str).collect();
    world.wait_for_slack_texts("general", &outward).await?;
    // Slack brings again what was under way when the socket died; what is read back comes before it, so the order stays.
    let inward: Vec<&str> = inward.iter().map(String::as_str).collect();
    world.wait_for_texts(&world.admin, &room, &inward).await?;
    assert!(world.slack.wait_until_acknowledged(LIMIT).await);
    world.settle("general", &room).await?;
    world.wait_for_texts(&world.admin, &room, &inward).await?;
    world.wait_for_slack_texts("general", &outward).await
}

/// Waits until a call of `chat.postMessage` was left without an answer.
async fn wait_for_stalled_post(world: &World) {
    let stalled = world.slack.wait_for_call("chat.postMessage", |call| call.fault.is_some(), LIMIT).await;
    assert!(stalled.is_some(), "nothing was posted");
}
