//! Who is in a channel is in its room: all of them if the config says so, and nobody who left.
use std::time::{Duration, Instant};

use anyhow::ensure;
use scenarios::world::LIMIT;
use serde_json::json;
use testkit::eventually;

use crate::{Result, World, scenario};

/// Bringing in many takes its time on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// The ghosts in a room.
async fn ghosts(world: &World, room: &str) -> Result<Vec<String>> {
    let prefix = format!("@{}", world.appservice.user_prefix);
    let mut members = world.admin.members(room).await?;
    members.retain(|member| member.starts_with(&prefix) && *member != world.bot_id());
    Ok(members)
}

/// Waits until there are so many ghosts in a room.
async fn are_in(world: &World, room: &str, count: usize) -> Result<()> {
    eventually(PATIENCE, format!("{count} ghosts in {room}"), async || {
        let found = ghosts(world, room).await?.len();
        ensure!(found == count, "there are {found}");
        Ok(())
    })
    .await
}

/// Lets a channel have a room, and takes the admin into it.
async fn room_of(world: &World, channel: &str) -> Result<String> {
    let room = world.portal_room(channel).await?;
    world.admin.wait_for_invite(|invite| invite.room_id == room).await?;
    world.admin.join(&room).await?;
    Ok(room)
}

scenario!(all_members_are_brought_in in each_homeserver);
async fn all_members_are_brought_in(world: &mut World) -> Result<()> {
    world.bridge.config["members"] = json!({ "show": "all", "limit": 100 });
    let crowd = world.slack.add_crowd("random", 25)?;
    world.slack.change_user(&crowd[3], &json!({ "deleted": true }))?;
    world.log_in().await?;
    world.slack_says("alice", "random", "let them all come")?;
    let room = room_of(world, "random").await?;
    // With alice, bob and carol, without the one who is gone.
    are_in(world, &room, 27).await?;
    let named = world.admin.state(&room, "m.room.member", &world.ghost_id(&crowd[7])).await?;
    assert_eq!(named["displayname"], "crowd-7");
    world.settle("random", &room).await?;
    Ok(())
}

scenario!(a_channel_of_thousands_holds_nothing_up in fakes);
async fn a_channel_of_thousands_holds_nothing_up(world: &mut World) -> Result<()> {
    world.bridge.config["members"] = json!({ "show": "all", "limit": 60 });
    world.slack.add_crowd("random", 3_000)?;
    world.log_in().await?;
    world.slack.clear_calls();
    world.slack_says("alice", "random", "let many come")?;
    let room = room_of(world, "random").await?;
    for number in 0..10 {
        let (text, said_at) = (format!("in between, {number}"), Instant::now());
        world.slack_says("alice", "random", &text)?;
        world.admin.wait_for_text(&room, &text).await?;
        let took = said_at.elapsed();
        assert!(took < Duration::from_secs(5), "{text:?} took {took:?}");
    }
    are_in(world, &room, 60).await?;
    let (lists, each) = (world.slack.call_count("users.list"), world.slack.call_count("users.info"));
    assert!(lists <= 12 && each <= 3, "{lists} pages and {each} questions for one");
    assert!(world.slack.call_count("conversations.members") <= 4);
    // Whoever did not come with the others comes speaking.
    world.slack_says("crowd-2999", "random", "I am the last")?;
    world.admin.wait_for_text(&room, "I am the last").await?;
    Ok(())
}

scenario!(a_restart_brings_in_the_rest in each_homeserver);
async fn a_restart_brings_in_the_rest(world: &mut World) -> Result<()> {
    world.bridge.config["members"] = json!({ "show": "all", "limit": 100 });
    world.slack.add_crowd("random", 40)?;
    world.log_in().await?;
    world.slack_says("alice", "random", "some before, some after")?;
    let room = room_of(world, "random").await?;
    eventually(LIMIT, "the first of them", async || {
        let found = ghosts(world, &room).await?.len();
        ensure!(found >= 4, "there are {found}");
        Ok(())
    })
    .await?;
    world.crash_and_restart().await?;
    are_in(world, &room, 43).await?;
    let events = world.admin.seen(&room).await?;
    let joins = events.iter().filter(|event| event.membership() == Some("join"));
    let mut joined: Vec<&str> = joins.filter_map(|event| event.state_key.as_deref()).collect();
    let count = joined.len();
    joined.sort_unstable();
    joined.dedup();
    assert_eq!(joined.len(), count, "somebody joined twice");
    Ok(())
}

scenario!(who_left_unseen_goes_with_the_next_sync in each_homeserver);
async fn who_left_unseen_goes_with_the_next_sync(world: &mut World) -> Result<()> {
    let chat = world.log_in().await?;
    let room = world.portal("random").await?;
    for user in ["bob", "carol"] {
        world.slack_says(user, "random", &format!("here is {user}"))?;
        world.admin.wait_for_text(&room, &format!("here is {user}")).await?;
    }
    let robot = json!({
        "subtype": "bot_message", "bot_id": "B0OTHER0001", "username": "Robot", "user": null, "text": "in no list",
    });
    world.slack.post_raw("alice", "random", robot)?;
    let robot = world.admin.wait_for_text(&room, "in no list").await?.sender;
    world.bridge.stop().await?;
    world.slack.leave_unseen("bob", "random")?;
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    world.ask(&chat, "sync", "Done").await?;
    let bob = world.ghost_id("U0BOB00001");
    world.admin.wait_for_membership(&room, &bob, "leave").await?;
    let mut left = ghosts(world, &room).await?;
    left.sort();
    let mut expected = vec![world.ghost_id("U0ALICE001"), world.ghost_id("U0CAROL001"), robot];
    expected.sort();
    assert_eq!(left, expected);
    Ok(())
}

scenario!(a_removal_of_the_app_is_told_once in each_homeserver);
async fn a_removal_of_the_app_is_told_once(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("random").await?;
    let app = world.slack.app().bot_user_id;
    for (text, times) in [("after the first removal", 1), ("after the second removal", 2)] {
        world.slack.kick("alice", &app, "random")?;
        world.slack.invite("alice", &app, "random")?;
        world.slack_says("alice", "random", text)?;
        // One lane per chat: what told of the removal was before it.
        world.admin.wait_for_text(&room, text).await?;
        let texts = world.admin.texts(&room).await?;
        let told = texts.iter().filter(|text| text.contains("was removed from this chat")).count();
        assert_eq!(told, times, "{texts:?}");
    }
    Ok(())
}
