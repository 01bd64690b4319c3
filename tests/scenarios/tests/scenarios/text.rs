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

scenario!(notices_emotes_and_places_go_over in each_homeserver);
async fn notices_emotes_and_places_go_over(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let emote = json!({ "msgtype": "m.emote", "body": "waves a hand" });
    world.admin.send(&room, "m.room.message", &emote).await?;
    world.wait_on_slack("general", "_waves a hand_").await?;
    let notice = json!({ "msgtype": "m.notice", "body": "the build is green" });
    world.admin.send(&room, "m.room.message", &notice).await?;
    world.wait_on_slack("general", "the build is green").await?;
    let place = json!({ "msgtype": "m.location", "body": "Big Ben", "geo_uri": "geo:51.5008,-0.1247;u=35" });
    world.admin.send(&room, "m.room.message", &place).await?;
    let map = "https://www.openstreetmap.org/?mlat=51.5008&amp;mlon=-0.1247#map=16/51.5008/-0.1247";
    world.wait_on_slack("general", &format!("📍 Big Ben <{map}|51.5008, -0.1247>")).await?;
    Ok(())
}

scenario!(dates_and_what_people_do_come_over in each_homeserver);
async fn dates_and_what_people_do_come_over(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack.post_with("bob", "general", "waves back", json!({ "subtype": "me_message" }))?;
    let event = world.admin.wait_for_text(&room, "waves back").await?;
    assert_eq!(event.content["msgtype"], "m.emote");
    assert_eq!(event.sender, world.ghost_id("U0BOB00001"));
    // The author's own wording counts, and where there is none the moment in UTC.
    let typed =
        "due <!date^1392734382^{date_num} {time_secs}|18 February 2014>, or <!date^1392734382^{date}>";
    world.slack.post_as("bob", "general", typed)?;
    world.admin.wait_for_text(&room, "due 18 February 2014, or 2014-02-18 14:39 UTC").await?;
    Ok(())
}
