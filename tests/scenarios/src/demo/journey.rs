//! A newcomer's first contact: invite the bot, log in, say something each way.
use anyhow::Context as _;

use super::names;
use super::transcript::{Side, Transcript};
use crate::world::LIMIT;
use crate::{Result, World};

/// What is said on Slack.
const FROM_SLACK: &str = "Hello from Slack!";
/// What is said on Matrix.
const FROM_MATRIX: &str = "Hello from Matrix!";

/// From the start of the bridge to one message each way; answers the room of `#general`.
pub(super) async fn first_contact(world: &mut World, transcript: &Transcript) -> Result<String> {
    world.bridge.start().await.context("the bridge does not start")?;
    let (you, id) = (names::visitor(world).await, world.admin.user_id());
    transcript.say(&format!("You are {you} ({id}), and open a direct chat with {}.", world.bot_id()));
    let chat = world.admin.create_dm(&world.bot_id()).await?;
    answer(world, transcript, &chat, None, "help").await.context("the bot did not come")?;
    log_in(world, transcript, &chat).await.context("the login did not work")?;

    world.slack.post_as("alice", "general", FROM_SLACK)?;
    transcript.said(Side::Slack, "#general", &world.slack.shown_name("U0ALICE001"), FROM_SLACK);
    let room = world.portal_room("general").await.context("#general got no room")?;
    world.admin.wait_for_invite(|invite| invite.room_id == room).await?;
    transcript.say(&format!("The bridge made the room {} and invites you.", world.alias("general")?));
    world.admin.join(&room).await?;
    let event =
        world.admin.wait_for_text(&room, FROM_SLACK).await.context("Slack's message did not arrive")?;
    transcript.said(Side::Matrix, "#general", &names::on_matrix(world, &event.sender).await, event.body());

    world.admin.send_text(&room, FROM_MATRIX).await?;
    transcript.said(Side::Matrix, "#general", &names::visitor(world).await, FROM_MATRIX);
    let arrived =
        world.slack.wait_for_message("general", |message| message["text"] == FROM_MATRIX, LIMIT).await;
    let message = arrived.context("Matrix's message did not arrive on Slack")?;
    transcript.said(Side::Slack, "#general", &world.slack.shown_author(&message), FROM_MATRIX);
    Ok(room)
}

async fn log_in(world: &World, transcript: &Transcript, chat: &str) -> Result<()> {
    let app = world.slack.app();
    for (line, shown, expected) in [
        ("login app", "login app", "xoxb-"),
        (app.bot_token.as_str(), "xoxb-… (the bot token)", "xapp-"),
        (app.app_token.as_str(), "xapp-… (the app-level token)", "Logged in"),
    ] {
        let asked = world.admin.send_text(chat, line).await?;
        transcript.said(Side::Matrix, "direct chat", &names::visitor(world).await, shown);
        answer(world, transcript, chat, Some(&asked), expected).await?;
    }
    world.wait_for_socket().await
}

/// Waits for the bot's answer, and shows it.
async fn answer(
    world: &World,
    transcript: &Transcript,
    chat: &str,
    asked: Option<&str>,
    part: &str,
) -> Result<()> {
    let event = match asked {
        Some(asked) => world.answer_to(&world.admin, chat, asked, part).await?,
        None => world.admin.wait_for_text_with(chat, part).await?,
    };
    transcript.said(Side::Matrix, "direct chat", &names::on_matrix(world, &event.sender).await, event.body());
    Ok(())
}
