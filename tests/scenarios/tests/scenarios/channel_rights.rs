//! Who may write where: archived, deleted and restricted channels, and those that become private.
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use testkit::user::ApiError;
use testkit::{User, eventually};

use crate::{Result, World, scenario};

const LIMIT: std::time::Duration = scenarios::world::LIMIT;

/// Waits until the room's power levels fit.
async fn levels(person: &User, room: &str, fits: impl Fn(&Value) -> bool) -> Result<()> {
    eventually(LIMIT, "the power levels", async || {
        let levels = person.state(room, "m.room.power_levels", "").await?;
        ensure!(fits(&levels), "they are {levels}");
        Ok(())
    })
    .await
}

/// Whether the homeserver refuses a person's message.
async fn is_refused(person: &User, room: &str) -> Result<bool> {
    match person.send_text(room, "may I?").await {
        Ok(_) => Ok(false),
        Err(error) if error.downcast_ref::<ApiError>().is_some_and(|refusal| refusal.status == 403) => {
            Ok(true)
        }
        Err(error) => Err(error),
    }
}

/// How many notices with these words the room has.
async fn notices(person: &User, room: &str, words: &str) -> Result<usize> {
    Ok(person.texts(room).await?.iter().filter(|text| text.contains(words)).count())
}

scenario!(nobody_writes_in_an_archived_channel in each_homeserver);
async fn nobody_writes_in_an_archived_channel(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("random").await?;
    world.slack.archive("alice", "random", true)?;
    world.admin.wait_for_text_with(&room, "was archived on Slack").await?;
    levels(&world.admin, &room, |levels| levels["events_default"] == 75).await?;
    assert!(is_refused(&world.admin, &room).await?);
    world.slack.archive("alice", "random", false)?;
    world.admin.wait_for_text_with(&room, "was opened again on Slack").await?;
    levels(&world.admin, &room, |levels| levels["events_default"] == 0).await?;
    world.matrix_says(&world.admin, &room, "as before").await?;
    world.wait_on_slack("random", "as before").await?;
    world.settle("random", &room).await?;
    // Each change comes as two events.
    assert_eq!(notices(&world.admin, &room, "was archived on Slack").await?, 1);
    assert_eq!(notices(&world.admin, &room, "was opened again on Slack").await?, 1);
    Ok(())
}

scenario!(a_deleted_channel_leaves_its_room_for_reading in each_homeserver);
async fn a_deleted_channel_leaves_its_room_for_reading(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("random").await?;
    let id = world.slack.channel("random", "alice")?["id"].as_str().context("no id")?.to_lowercase();
    let key = format!("slack://{}-{id}", world.slack.team_id().to_lowercase());
    world.slack.delete_channel("alice", "random")?;
    world.admin.wait_for_text_with(&room, "was deleted on Slack").await?;
    levels(&world.admin, &room, |levels| levels["events_default"] == 75).await?;
    assert!(is_refused(&world.admin, &room).await?);
    let bridge = world.admin.state(&room, "m.bridge", &key).await?;
    assert_eq!(bridge, json!({}));
    // Somebody with a level of their own is told.
    world.give_power(&room, world.admin.user_id(), 80).await?;
    world.matrix_says(&world.admin, &room, "anybody there?").await?;
    world.admin.wait_for_text_with(&room, "nothing is carried over any more").await?;
    world.expect_in_log("kept as a dead letter");
    Ok(())
}

scenario!(where_only_some_may_write_ghosts_still_do in each_homeserver);
async fn where_only_some_may_write_ghosts_still_do(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("random").await?;
    let admins = json!({ "type": ["admin"] });
    world.slack.restrict("alice", "random", &admins, &admins)?;
    world.admin.wait_for_text_with(&room, "Only some people on Slack may write in this chat").await?;
    levels(&world.admin, &room, |levels| levels["events_default"] == 75).await?;
    assert!(is_refused(&world.admin, &room).await?);
    // One who spoke before, and one who never did.
    world.slack_says("alice", "random", "hear, hear")?;
    world.admin.wait_for_text(&room, "hear, hear").await?;
    let both = json!({ "type": ["admin"], "user": ["U0BOB00001"] });
    world.slack.restrict("alice", "random", &both, &admins)?;
    world.slack_says("bob", "random", "so may I")?;
    world.admin.wait_for_text(&room, "so may I").await?;
    world.crash_and_restart().await?;
    world.wait_for_socket().await?;
    world.slack_says("alice", "random", "and again")?;
    world.admin.wait_for_text(&room, "and again").await?;

    world.slack.restrict("alice", "random", &Value::Null, &Value::Null)?;
    world.admin.wait_for_text_with(&room, "Everybody may write in this chat again").await?;
    world.matrix_says(&world.admin, &room, "at last").await?;
    world.wait_on_slack("random", "at last").await?;
    Ok(())
}

scenario!(where_only_answers_are_open_messages_are_refused in each_homeserver);
async fn where_only_answers_are_open_messages_are_refused(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("random").await?;
    let news = world.slack_says("alice", "random", "the news")?;
    let event = world.admin.wait_for_text(&room, "the news").await?;
    world.slack.restrict("alice", "random", &json!({ "type": ["admin"] }), &Value::Null)?;
    world.admin.wait_for_text_with(&room, "may begin messages in this chat").await?;
    world.matrix_says(&world.admin, &room, "news of mine").await?;
    world.admin.wait_for_text_with(&room, "Answer in a thread instead").await?;
    world.admin.send_in_thread(&room, &event.event_id, "good news").await?;
    let reply = world.wait_on_slack("random", "good news").await?;
    assert_eq!(reply["thread_ts"], news);
    assert!(!world.slack_texts("random").contains(&"news of mine".to_owned()));
    world.expect_in_log("kept as a dead letter");
    Ok(())
}

scenario!(a_private_channel_lets_nobody_invite in each_homeserver);
async fn a_private_channel_lets_nobody_invite(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("random").await?;
    let guest = world.person("guest").await?;
    levels(&world.admin, &room, |levels| levels["invite"] == 0).await?;
    world.take_in(&room, &guest).await?;
    world.slack.convert("alice", "random", true)?;
    world.admin.wait_for_text_with(&room, "is private on Slack now").await?;
    levels(&world.admin, &room, |levels| levels["invite"] == 50).await?;
    let other = world.person("other").await?;
    let refused = guest.invite(&room, other.user_id()).await.expect_err("a guest may still invite");
    assert_eq!(refused.downcast_ref::<ApiError>().map(|refusal| refusal.status), Some(403));
    world.slack.convert("alice", "random", false)?;
    world.admin.wait_for_text_with(&room, "is open to everybody on Slack now").await?;
    levels(&world.admin, &room, |levels| levels["invite"] == 0).await?;
    guest.invite(&room, other.user_id()).await?;
    Ok(())
}
