//! Ghosts whom people on Matrix invite and remove.
use fake_slack::Fault;
use serde_json::Value;

use crate::{Result, World, scenario};

const LIMIT: std::time::Duration = scenarios::world::LIMIT;

/// Waits until somebody is in a channel on Slack, or is not.
async fn wait_for_member(world: &World, channel: &str, user: &str, is_in: bool) -> Result<()> {
    let has = |snapshot: &Value| {
        snapshot["members"].as_array().is_some_and(|members| members.iter().any(|member| member == user))
    };
    world
        .on_slack("a member", |slack| {
            let snapshot = slack.snapshot(channel).ok()?;
            (has(&snapshot) == is_in).then_some(())
        })
        .await
}

scenario!(an_invited_ghost_is_taken_into_the_channel in each_homeserver);
async fn an_invited_ghost_is_taken_into_the_channel(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("random").await?;
    let dora = world.slack.add_user("dora", "Dora D.");
    let ghost = world.ghost_id(&dora);
    world.admin.invite(&room, &ghost).await?;
    wait_for_member(world, "random", &dora, true).await?;
    world.admin.wait_for_membership(&room, &ghost, "join").await?;
    world.settle("random", &room).await?;
    assert_eq!(world.slack.call_count("conversations.invite"), 1);
    assert_eq!(world.admin.profile(&ghost).await?["displayname"], "dora");
    Ok(())
}

scenario!(an_invitation_that_slack_refuses_is_taken_back in each_homeserver);
async fn an_invitation_that_slack_refuses_is_taken_back(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("random").await?;
    let dora = world.slack.add_user("dora", "Dora D.");
    let ghost = world.ghost_id(&dora);
    world.slack.fail_next("conversations.invite", Fault::Error("ura_max_channels".to_owned()), 1);
    world.admin.invite(&room, &ghost).await?;
    let told = world.admin.wait_for_text_with(&room, "did not come into this chat").await?;
    assert!(told.body().contains("they are a guest"), "{}", told.body());
    world.admin.wait_for_membership(&room, &ghost, "leave").await?;
    // It can be tried again.
    world.admin.invite(&room, &ghost).await?;
    world.admin.wait_for_membership(&room, &ghost, "join").await?;
    wait_for_member(world, "random", &dora, true).await
}

scenario!(a_removed_ghost_is_removed_from_the_channel in each_homeserver);
async fn a_removed_ghost_is_removed_from_the_channel(world: &mut World) -> Result<()> {
    world.slack.add_scope(&world.slack.app().bot_token, "channels:manage")?;
    world.log_in().await?;
    let room = world.portal("random").await?;
    world.slack_says("bob", "random", "here I still am")?;
    world.admin.wait_for_text(&room, "here I still am").await?;
    let (bob, carol) = (world.ghost_id("U0BOB00001"), world.ghost_id("U0CAROL001"));
    world.admin.kick(&room, &bob).await?;
    wait_for_member(world, "random", "U0BOB00001", false).await?;
    world.settle("random", &room).await?;
    world.admin.wait_for_membership(&room, &bob, "leave").await?;
    world.admin.wait_for_membership(&room, &carol, "join").await?;
    world.admin.ban(&room, &carol).await?;
    wait_for_member(world, "random", "U0CAROL001", false).await?;
    world.admin.wait_for_membership(&room, &carol, "ban").await?;
    Ok(())
}

scenario!(a_removal_that_slack_refuses_is_undone in each_homeserver);
async fn a_removal_that_slack_refuses_is_undone(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("random").await?;
    let alice = world.ghost_id("U0ALICE001");
    // The app has not the right to: its manifest does not ask for so much.
    world.admin.kick(&room, &alice).await?;
    let told = world.admin.wait_for_text_with(&room, "is still in this chat").await?;
    assert!(told.body().contains("channels:manage"), "{}", told.body());
    world.admin.wait_for_membership(&room, &alice, "join").await?;
    let anchor = world.admin.send_text(&room, "and now for good").await?;
    world.wait_on_slack("random", "and now for good").await?;
    world.admin.ban(&room, &alice).await?;
    world.answer_to(&world.admin, &room, &anchor, "is still in this chat").await?;
    world.admin.wait_for_membership(&room, &alice, "join").await?;
    world.slack_says("alice", "random", "not that easily")?;
    world.admin.wait_for_text(&room, "not that easily").await?;
    Ok(())
}

scenario!(an_invitation_survives_a_crash in everywhere);
async fn an_invitation_survives_a_crash(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("random").await?;
    let dora = world.slack.add_user("dora", "Dora D.");
    let ghost = world.ghost_id(&dora);
    world.slack.fail_next("conversations.invite", Fault::HangAfter, 1);
    world.admin.invite(&room, &ghost).await?;
    wait_for_member(world, "random", &dora, true).await?;
    let stalled = world.slack.wait_for_call("conversations.invite", |call| call.fault.is_some(), LIMIT).await;
    assert!(stalled.is_some(), "nobody was invited");
    world.crash_and_restart().await?;
    world.admin.wait_for_membership(&room, &ghost, "join").await?;
    world.settle("random", &room).await?;
    let texts = world.admin.texts(&room).await?;
    assert!(
        !texts.iter().any(|text| text.contains("did not come")),
        "who is in it already is in it: {texts:?}"
    );
    Ok(())
}

scenario!(an_invitation_that_was_taken_back_changes_nothing in each_homeserver);
async fn an_invitation_that_was_taken_back_changes_nothing(world: &mut World) -> Result<()> {
    world.slack.add_scope(&world.slack.app().bot_token, "channels:manage")?;
    world.log_in().await?;
    let room = world.portal("random").await?;
    let bob = world.ghost_id("U0BOB00001");
    world.bridge.stop().await?;
    world.admin.invite(&room, &bob).await?;
    world.admin.kick(&room, &bob).await?;
    let anchor = world.admin.send_text(&room, "never mind").await?;
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    world.wait_on_slack("random", "never mind").await?;
    assert_eq!(world.slack.call_count("conversations.invite"), 0, "{anchor}: nobody is invited any more");
    assert_eq!(world.slack.call_count("conversations.kick"), 0, "he was in the channel all the time");
    wait_for_member(world, "random", "U0BOB00001", true).await
}
