//! Direct chats and groups that people on Matrix begin.
use std::time::Duration;

use fake_slack::Fault as SlackFault;
use serde_json::json;
use testkit::Fault;

use crate::{Result, World, scenario};

const LIMIT: Duration = scenarios::world::LIMIT;

/// The id of the app's chat with these people.
fn chat_with(world: &World, people: &[&str]) -> Result<String> {
    let bot = world.slack.app().bot_user_id;
    Ok(world.slack.open_conversation(&[people, &[bot.as_str()]].concat())?)
}

/// The admin makes a direct room with these ghosts, as clients do.
async fn room_with(world: &World, ghosts: &[String]) -> Result<String> {
    let body = json!({ "preset": "trusted_private_chat", "is_direct": true, "invite": ghosts });
    world.admin.create_room_with(body).await
}

scenario!(a_direct_chat_is_begun_by_command in everywhere);
async fn a_direct_chat_is_begun_by_command(world: &mut World) -> Result<()> {
    let control = world.log_in().await?;
    let answer = world.ask(&control, "start-chat @bob", "You are invited").await?;
    assert!(answer.body().contains("under your name"), "{}", answer.body());
    let room = world.admin.wait_for_invite(|invite| invite.is_direct && invite.room_id != control).await?;
    let room = world.admin.join(&room.room_id).await?;
    assert!(
        answer.body().contains(&room) || answer.content["formatted_body"].to_string().contains("matrix.to")
    );
    let ghost = world.ghost_id("U0BOB00001");
    world.admin.wait_for_membership(&room, &ghost, "join").await?;
    world.matrix_says(&world.admin, &room, "hello from Matrix").await?;
    let direct = chat_with(world, &["bob"])?;
    let message = world.wait_on_slack(&direct, "hello from Matrix").await?;
    assert!(message["username"].is_string(), "nobody is named: {message}");
    world.slack_says("bob", &direct, "hello to Matrix")?;
    let shown = world.admin.wait_for_text(&room, "hello to Matrix").await?;
    assert_eq!(shown.sender, ghost);
    world.ask(&control, "start-chat U0BOB00001", "has a room already").await?;
    assert_eq!(world.slack.messages(&direct).len(), 2);
    Ok(())
}

scenario!(people_are_found_by_name_and_mention in each_homeserver);
async fn people_are_found_by_name_and_mention(world: &mut World) -> Result<()> {
    let control = world.log_in().await?;
    let second = world.slack.add_user("alice2", "Alice Archer");
    let unclear = world.ask(&control, "start-chat \"Alice Archer\"", "may be one of these").await?;
    assert!(unclear.body().contains("@alice2") && unclear.body().contains("@alice`"), "{}", unclear.body());
    world.ask(&control, "start-chat nobody-of-that-name", "knows nobody").await?;
    world.ask(&control, "start-chat @matrix-bridge", "knows nobody").await?;
    world.ask(&control, "start-chat @alice2", "You are invited").await?;
    chat_with(world, &[&second])?;
    let carol = world.ghost_id("U0CAROL001");
    let html = format!("start-chat <a href=\"https://matrix.to/#/{carol}\">Carol Cook</a>");
    let asked = world.admin.send_html(&control, "start-chat Carol Cook", &html).await?;
    world.answer_to(&world.admin, &control, &asked, "You are invited").await?;
    let opened = world.slack.calls_of("conversations.open");
    let users: Vec<_> = opened.iter().filter_map(|call| call.arguments["users"].as_str()).collect();
    assert_eq!(users, [second.as_str(), "U0CAROL001"]);
    Ok(())
}

scenario!(a_group_is_begun_by_command in each_homeserver);
async fn a_group_is_begun_by_command(world: &mut World) -> Result<()> {
    let control = world.log_in().await?;
    world.ask(&control, "start-chat alice carol", "You are invited").await?;
    let invite = world.admin.wait_for_invite(|invite| invite.room_id != control).await?;
    let room = world.admin.join(&invite.room_id).await?;
    for user in ["U0ALICE001", "U0CAROL001"] {
        world.admin.wait_for_membership(&room, &world.ghost_id(user), "join").await?;
    }
    world.matrix_says(&world.admin, &room, "the three of us").await?;
    let group = chat_with(world, &["alice", "carol"])?;
    world.wait_on_slack(&group, "the three of us").await?;
    world.slack_says("carol", &group, "four, with the bridge")?;
    world.admin.wait_for_text(&room, "four, with the bridge").await?;
    Ok(())
}

scenario!(a_room_with_a_ghost_becomes_the_chat in everywhere);
async fn a_room_with_a_ghost_becomes_the_chat(world: &mut World) -> Result<()> {
    let control = world.log_in().await?;
    let ghost = world.ghost_id("U0BOB00001");
    let room = room_with(world, std::slice::from_ref(&ghost)).await?;
    // Said before anybody has come, and still in order.
    let early = ["said at once", "and this behind it"];
    for text in early {
        world.matrix_says(&world.admin, &room, text).await?;
    }
    world.admin.wait_for_membership(&room, &ghost, "join").await?;
    world.admin.wait_for_text_with(&room, "is now your chat with **bob**").await?;
    let direct = chat_with(world, &["bob"])?;
    world.wait_for_slack_texts(&direct, &early).await?;
    world.slack_says("bob", &direct, "who is there?")?;
    let shown = world.admin.wait_for_text(&room, "who is there?").await?;
    assert_eq!(shown.sender, ghost);
    // A second room for the same chat is pointed to the first.
    let second = room_with(world, std::slice::from_ref(&ghost)).await?;
    let told = world.admin.wait_for_text_with(&second, "has a room already").await?;
    assert!(told.content.to_string().contains("matrix.to"), "{}", told.content);
    world.admin.wait_for_membership(&second, &ghost, "leave").await?;
    world.ask(&control, "start-chat bob", "has a room already, and you are in it").await?;
    world.matrix_says(&world.admin, &room, "still here").await?;
    world.wait_on_slack(&direct, "still here").await?;
    Ok(())
}

scenario!(a_room_with_several_ghosts_becomes_a_group in each_homeserver);
async fn a_room_with_several_ghosts_becomes_a_group(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let ghosts = ["U0ALICE001", "U0BOB00001"].map(|user| world.ghost_id(user));
    let room = room_with(world, &ghosts).await?;
    for ghost in &ghosts {
        world.admin.wait_for_membership(&room, ghost, "join").await?;
    }
    world.matrix_says(&world.admin, &room, "hello to both").await?;
    let group = chat_with(world, &["alice", "bob"])?;
    world.wait_on_slack(&group, "hello to both").await?;
    // Nobody can be added to a group on Slack.
    let carol = world.ghost_id("U0CAROL001");
    world.admin.invite(&room, &carol).await?;
    world.admin.wait_for_text_with(&room, "did not come into this chat").await?;
    world.admin.wait_for_membership(&room, &carol, "leave").await?;
    assert_eq!(world.slack.call_count("conversations.open"), 1);
    Ok(())
}

scenario!(who_may_begin_chats_is_a_matter_of_levels in each_homeserver);
async fn who_may_begin_chats_is_a_matter_of_levels(world: &mut World) -> Result<()> {
    let (mallory, frank) = (world.person("mallory").await?, world.person("frank").await?);
    world.bridge.config["permissions"][mallory.user_id()] = json!("block");
    world.bridge.config["permissions"][frank.user_id()] = json!("user");
    world.log_in().await?;
    let erin = world.person("erin").await?;
    let ghost = world.ghost_id("U0BOB00001");
    let room = erin.create_dm(&ghost).await?;
    erin.wait_for_membership(&room, &ghost, "leave").await?;
    let chat = world.direct_chat_of(&erin).await?;
    world.ask_as(&erin, &chat, "start-chat bob", "permission level").await?;
    let room = mallory.create_dm(&ghost).await?;
    mallory.wait_for_membership(&room, &ghost, "leave").await?;
    assert_eq!(world.slack.call_count("conversations.open"), 0);

    // The app speaks for whoever may, and its owner is not brought into their chats.
    let room = frank.create_dm(&ghost).await?;
    frank.wait_for_text_with(&room, "is now your chat").await?;
    world.matrix_says(&frank, &room, "from frank alone").await?;
    let direct = chat_with(world, &["bob"])?;
    world.wait_on_slack(&direct, "from frank alone").await?;
    let invites = world.admin.invites().await?;
    assert!(!invites.iter().any(|invite| invite.room_id == room), "{invites:?}");
    // Another person who asks for the same chat is not let in by the bot.
    let greta = world.person("greta").await?;
    world.bridge.config["permissions"][greta.user_id()] = json!("user");
    world.bridge.stop().await?;
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    let chat = world.direct_chat_of(&greta).await?;
    world.ask_as(&greta, &chat, "start-chat bob", "One of them has to invite you").await?;
    Ok(())
}

scenario!(killed_while_slack_opens_a_chat in everywhere);
async fn killed_while_slack_opens_a_chat(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let ghost = world.ghost_id("U0BOB00001");
    world.slack.fail_next("conversations.open", SlackFault::HangAfter, 1);
    let room = room_with(world, std::slice::from_ref(&ghost)).await?;
    world.matrix_says(&world.admin, &room, "said before the crash").await?;
    let stalled = world.slack.wait_for_call("conversations.open", |call| call.fault.is_some(), LIMIT).await;
    assert!(stalled.is_some(), "no chat was opened");
    world.crash_and_restart().await?;
    world.admin.wait_for_text_with(&room, "is now your chat").await?;
    let direct = chat_with(world, &["bob"])?;
    world.wait_on_slack(&direct, "said before the crash").await?;
    world.matrix_says(&world.admin, &room, "said after it").await?;
    world.wait_for_slack_texts(&direct, &["said before the crash", "said after it"]).await?;
    world.wait_for_socket().await?;
    world.slack_says("bob", &direct, "heard both")?;
    world.admin.wait_for_text(&room, "heard both").await?;
    Ok(())
}

/// Waits until the ghost reads what was said before it came, which it does behind the record of the portal.
async fn wait_until_recorded(world: &World, ghost: &str) -> Result<()> {
    testkit::eventually(LIMIT, "a look at what was said before", async || {
        let calls = world.fake().call_log();
        let mut calls = calls.iter().filter(|call| call.user_id.as_deref() == Some(ghost));
        anyhow::ensure!(
            calls.any(|call| call.route.starts_with("GET") && call.route.ends_with("/messages")),
            "there was none"
        );
        Ok(())
    })
    .await
}

scenario!(what_is_said_while_a_chat_is_recorded_keeps_its_place in fakes);
async fn what_is_said_while_a_chat_is_recorded_keeps_its_place(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let ghost = world.ghost_id("U0BOB00001");
    world.fake().fail_next("GET */messages", Fault::Slow(Duration::from_secs(3)), 1);
    let room = room_with(world, std::slice::from_ref(&ghost)).await?;
    let texts = ["before it came", "while it was opened", "and one more", "behind the record", "the last"];
    world.matrix_says(&world.admin, &room, texts[0]).await?;
    world.admin.wait_for_membership(&room, &ghost, "join").await?;
    for text in &texts[1..3] {
        world.matrix_says(&world.admin, &room, text).await?;
    }
    wait_until_recorded(world, &ghost).await?;
    for text in &texts[3..] {
        world.matrix_says(&world.admin, &room, text).await?;
    }
    world.wait_for_slack_texts(&chat_with(world, &["bob"])?, &texts).await
}

scenario!(killed_behind_the_record_of_a_chat in fakes);
async fn killed_behind_the_record_of_a_chat(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let ghost = world.ghost_id("U0BOB00001");
    world.fake().fail_next("GET */messages", Fault::Hang, 1);
    let room = room_with(world, std::slice::from_ref(&ghost)).await?;
    let texts = ["before it came", "while it was opened", "behind the record", "behind the crash"];
    world.matrix_says(&world.admin, &room, texts[0]).await?;
    world.admin.wait_for_membership(&room, &ghost, "join").await?;
    world.matrix_says(&world.admin, &room, texts[1]).await?;
    wait_until_recorded(world, &ghost).await?;
    world.matrix_says(&world.admin, &room, texts[2]).await?;
    world.crash_and_restart().await?;
    world.matrix_says(&world.admin, &room, texts[3]).await?;
    world.wait_for_slack_texts(&chat_with(world, &["bob"])?, &texts).await
}
