//! A newcomer's first contact: invite the bot, log in, say something each way.
use anyhow::Context as _;
use testkit::user::Event;

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
    transcript.say(&format!("{} opens a direct chat with {}.", world.admin.user_id(), world.bot_id()));
    let chat = world.admin.create_dm(&world.bot_id()).await?;
    answer(world, transcript, &chat, None, "help").await.context("the bot did not come")?;
    log_in(world, transcript, &chat).await.context("the login did not work")?;

    world.slack.post_as("alice", "general", FROM_SLACK)?;
    transcript.said(Side::Slack, "#general", "Alice Archer", FROM_SLACK);
    let room = world.portal_room("general").await.context("#general got no room")?;
    world.admin.wait_for_invite(|invite| invite.room_id == room).await?;
    transcript.say(&format!("The bridge made the room {} and invites you.", world.alias("general")?));
    world.admin.join(&room).await?;
    let event =
        world.admin.wait_for_text(&room, FROM_SLACK).await.context("Slack's message did not arrive")?;
    transcript.said(Side::Matrix, "#general", &speaker(world, &event).await, event.body());

    world.admin.send_text(&room, FROM_MATRIX).await?;
    transcript.said(Side::Matrix, "#general", "You", FROM_MATRIX);
    let arrived =
        world.slack.wait_for_message("general", |message| message["text"] == FROM_MATRIX, LIMIT).await;
    let message = arrived.context("Matrix's message did not arrive on Slack")?;
    let shown_as = message["username"].as_str().unwrap_or("the app");
    transcript.said(Side::Slack, "#general", shown_as, FROM_MATRIX);
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
        transcript.said(Side::Matrix, "direct chat", "You", shown);
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
    transcript.said(Side::Matrix, "direct chat", &speaker(world, &event).await, event.body());
    Ok(())
}

/// Who sent an event: people and ghosts by their names.
pub(super) async fn speaker(world: &World, event: &Event) -> String {
    let profile = world.admin.profile(&event.sender).await.unwrap_or_default();
    let name = profile["displayname"].as_str().map_or_else(|| name_of(&event.sender), str::to_owned);
    let is_ghost = event.sender.starts_with(&format!("@{}", world.appservice.user_prefix));
    if is_ghost { format!("{name} (ghost)") } else { name }
}

/// A Matrix id without its server.
fn name_of(user_id: &str) -> String {
    user_id.split(':').next().unwrap_or(user_id).to_owned()
}
