//! Plain text, both ways.
use serde_json::json;

use crate::{Result, World, scenario};

scenario!(text_both_ways in everywhere);
async fn text_both_ways(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let name = world.admin.state(&room, "m.room.name", "").await?;
    assert_eq!(name["name"], "general");

    world.slack_says("bob", "general", "a word from Slack")?;
    let event = world.admin.wait_for_text(&room, "a word from Slack").await?;
    assert_eq!(event.sender, world.ghost_id("U0BOB00001"));
    world.matrix_says(&world.admin, &room, "a word from Matrix").await?;
    let message = world.wait_on_slack("general", "a word from Matrix").await?;
    assert_eq!(message["bot_id"], world.slack.app().bot_id, "the app speaks for people without a login");
    Ok(())
}

scenario!(echo_is_not_doubled in everywhere);
async fn echo_is_not_doubled(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    for words in ["the first of three", "the second of three", "the third of three"] {
        world.matrix_says(&world.admin, &room, words).await?;
    }
    let all = ["the first of three", "the second of three", "the third of three"];
    world.wait_for_slack_texts("general", &all).await?;
    world.settle("general", &room).await?;
    for words in all {
        world.ensure_once(&room, words).await?;
    }
    world.wait_for_slack_texts("general", &all).await
}

scenario!(two_channels_are_two_rooms in each_homeserver);
async fn two_channels_are_two_rooms(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let general = world.portal("general").await?;
    let random = world.portal("random").await?;
    assert_ne!(general, random);
    world.matrix_says(&world.admin, &random, "only for the random ones").await?;
    world.wait_on_slack("random", "only for the random ones").await?;
    assert!(!world.slack_texts("general").contains(&"only for the random ones".to_owned()));
    Ok(())
}

scenario!(notices_and_emotes_go_over in one);
async fn notices_and_emotes_go_over(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let emote = json!({ "msgtype": "m.emote", "body": "waves a hand" });
    world.admin.send(&room, "m.room.message", &emote).await?;
    world.wait_on_slack("general", "_waves a hand_").await?;
    Ok(())
}
