//! Who may use which command.
use serde_json::json;

use crate::{Result, World, scenario};

scenario!(commands_are_refused_by_permission in each_homeserver);
async fn commands_are_refused_by_permission(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let erin = world.person("erin").await?;
    let room = world.direct_chat_of(&erin).await?;
    // Everybody has `relay` here; these need more.
    for command in ["login app", "list-logins"] {
        let answer = world.ask_as(&erin, &room, command, "permission").await?;
        assert!(answer.body().contains("relay"), "it does not say which level she has: {}", answer.body());
    }
    let help = world.ask_as(&erin, &room, "help", "ommands").await?;
    assert!(!help.body().contains("list-logins"), "the help shows what she may not use: {}", help.body());
    world.ask_as(&erin, &room, "help bookmarks", "Lists the links").await?;
    world.ask_as(&erin, &room, "help list-logins", "permission").await?;
    Ok(())
}

scenario!(the_bot_does_not_come_to_blocked_people in each_homeserver);
async fn the_bot_does_not_come_to_blocked_people(world: &mut World) -> Result<()> {
    let mallory = world.person("mallory").await?;
    world.bridge.config["permissions"][mallory.user_id()] = json!("block");
    world.bridge.start().await?;
    let bot = world.bot_id();
    let room = mallory.create_dm(&bot).await?;
    mallory.wait_for_membership(&room, &bot, "leave").await?;
    Ok(())
}

scenario!(commands_in_shared_rooms_take_the_prefix in each_homeserver);
async fn commands_in_shared_rooms_take_the_prefix(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.ask(&room, "!slack version", "version 0.").await?;
    world.ask(&room, "!slack ping", "omeserver").await?;
    world.ask(&room, "!slack nonsense", "no such command").await?;
    // Without the prefix it is a message like any other, and a command never goes over.
    world.matrix_says(&world.admin, &room, "version 2 is out now").await?;
    world.wait_on_slack("general", "version 2 is out now").await?;
    assert!(!world.slack_texts("general").iter().any(|text| text.contains("!slack")));
    Ok(())
}
