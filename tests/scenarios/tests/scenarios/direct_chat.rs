//! The direct chat that the bot makes: one for each person, also if the making goes wrong in the middle.
use testkit::user::Invite;
use testkit::{Fault, eventually};

use crate::{Result, World, scenario};

const LIMIT: std::time::Duration = scenarios::world::LIMIT;
const CREATE: &str = "POST */createRoom";

/// A logged-in bridge and a portal in which the admin is, but no direct chat.
async fn portal_without_chat(world: &mut World) -> Result<String> {
    let app = world.slack.app();
    let owner = world.admin.user_id().to_owned();
    let args =
        ["login", "app", "--bot-token", &app.bot_token, "--app-token", &app.app_token, "--owner", &owner];
    let (code, said) = world.bridge.verb(&args).await?;
    assert_eq!(code, 0, "{said}");
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    world.portal("general").await
}

/// The direct chats that the bot has invited the admin to.
async fn chats(world: &World) -> Result<Vec<String>> {
    let is_chat = |invite: &Invite| invite.name.as_deref() == Some("Slack bridge");
    let mut rooms: Vec<String> =
        world.admin.invites().await?.into_iter().filter(is_chat).map(|invite| invite.room_id).collect();
    rooms.sort();
    rooms.dedup();
    Ok(rooms)
}

/// The admin joins their direct chat, finds the question there, and it is the only chat.
async fn expect_one_chat(world: &World) -> Result<String> {
    let room = world.admin.join_invite_of(&world.bot_id()).await?;
    world.admin.wait_for_text_with(&room, "xoxb-").await?;
    assert_eq!(chats(world).await?, [room.as_str()], "there is another chat");
    Ok(room)
}

scenario!(a_chat_is_made_once_though_the_answer_is_lost in fakes);
async fn a_chat_is_made_once_though_the_answer_is_lost(world: &mut World) -> Result<()> {
    let portal = portal_without_chat(world).await?;
    world.fake().fail_next(CREATE, Fault::ResetAfterEffect, 1);
    world.admin.send_text(&portal, "!slack login app").await?;
    expect_one_chat(world).await?;
    Ok(())
}

scenario!(a_chat_made_before_a_crash_is_found_again in fakes);
async fn a_chat_made_before_a_crash_is_found_again(world: &mut World) -> Result<()> {
    let portal = portal_without_chat(world).await?;
    world.fake().fail_next(CREATE, Fault::Slow(std::time::Duration::from_hours(1)), 1);
    world.admin.send_text(&portal, "!slack login app").await?;
    eventually(LIMIT, "the room to be made", async || {
        if chats(world).await?.is_empty() { Err(anyhow::anyhow!("there is none")) } else { Ok(()) }
    })
    .await?;
    world.crash_and_restart().await?;
    expect_one_chat(world).await?;
    Ok(())
}

scenario!(a_chat_that_was_left_is_not_found_again in each_homeserver);
async fn a_chat_that_was_left_is_not_found_again(world: &mut World) -> Result<()> {
    let portal = portal_without_chat(world).await?;
    world.admin.send_text(&portal, "!slack login app").await?;
    let first = expect_one_chat(world).await?;
    world.ask(&first, "cancel", "Cancelled").await?;
    world.admin.leave(&first).await?;
    let gone = || async {
        let joined = world.bot_rooms().await?;
        anyhow::ensure!(!joined.contains(&first), "the bot is still in it");
        Ok(())
    };
    eventually(LIMIT, "the bot to leave", gone).await?;
    world.admin.send_text(&portal, "!slack login app").await?;
    let second = world
        .admin
        .wait_for_invite(|invite| invite.name.as_deref() == Some("Slack bridge") && invite.room_id != first);
    let second = second.await?.room_id;
    world.admin.join(&second).await?;
    world.admin.wait_for_text_with(&second, "xoxb-").await?;
    Ok(())
}
