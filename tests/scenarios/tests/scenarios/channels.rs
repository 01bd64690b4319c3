//! What happens to a channel and who is in it.
use crate::{Result, World, scenario};

scenario!(a_topic_goes_both_ways in each_homeserver);
async fn a_topic_goes_both_ways(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack.set_topic("alice", "general", "lunch at noon")?;
    let is_set = |event: &testkit::user::Event| {
        event.kind == "m.room.topic" && event.content["topic"] == "lunch at noon"
    };
    world.admin.wait_for_event(&room, "the topic", is_set).await?;
    Ok(())
}

scenario!(who_joins_and_leaves_is_seen in each_homeserver);
async fn who_joins_and_leaves_is_seen(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("random").await?;
    let user = world.slack.add_user("dora", "Dora D.");
    world.slack.join("dora", "random")?;
    let ghost = world.ghost_id(&user);
    world.admin.wait_for_membership(&room, &ghost, "join").await?;
    world.slack.leave("dora", "random")?;
    world.admin.wait_for_membership(&room, &ghost, "leave").await?;
    Ok(())
}

scenario!(pins_follow in each_homeserver);
async fn pins_follow(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ts = world.slack_says("alice", "general", "keep this in sight")?;
    let event = world.admin.wait_for_text(&room, "keep this in sight").await?;
    world.slack.pin_as("alice", "general", &ts)?;
    let pinned = serde_json::json!([event.event_id]);
    let is_pinned = |event: &testkit::user::Event| {
        event.kind == "m.room.pinned_events" && event.content["pinned"] == pinned
    };
    world.admin.wait_for_event(&room, "the pin", is_pinned).await?;
    Ok(())
}

scenario!(the_slash_command_answers in each_homeserver);
async fn the_slash_command_answers(world: &mut World) -> Result<()> {
    world.log_in().await?;
    world.portal("general").await?;
    let id = world.slack.slash_as("alice", "general", "/matrix", "who")?;
    let answer = world.on_slack("the answer", |slack| slack.slash_answers(&id).into_iter().next()).await?;
    let answer = format!("{answer:?}");
    assert!(answer.contains(world.admin.user_id()), "{answer}");
    Ok(())
}
