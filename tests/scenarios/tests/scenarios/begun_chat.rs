//! Rooms of chats that people on Matrix began: who gets back in, whose they are, and what people made of them.
use anyhow::Context as _;
use serde_json::{Value, json};
use testkit::{Fault, User, eventually};

use crate::{Result, World, scenario};

const LIMIT: std::time::Duration = scenarios::world::LIMIT;

/// The app's chat with bob.
fn chat_with_bob(world: &World) -> Result<String> {
    let bot = world.slack.app().bot_user_id;
    Ok(world.slack.open_conversation(&["bob", &bot])?)
}

/// A person who may begin chats and whose login the bridge's is not.
async fn somebody(world: &mut World, name: &str) -> Result<User> {
    let person = world.person(name).await?;
    world.bridge.config["permissions"][person.user_id()] = json!("user");
    Ok(person)
}

/// Writes `start-chat bob`, and comes into the room that the answer leads to.
async fn begin(world: &World, person: &User, control: &str, answer: &str) -> Result<String> {
    world.ask_as(person, control, "start-chat bob", answer).await?;
    let invite = person.wait_for_invite(|invite| invite.room_id != control).await?;
    assert!(invite.is_direct, "{invite:?}");
    person.join(&invite.room_id).await
}

scenario!(who_has_left_a_chat_gets_back_in in each_homeserver);
async fn who_has_left_a_chat_gets_back_in(world: &mut World) -> Result<()> {
    let (frank, greta) = (somebody(world, "frank").await?, somebody(world, "greta").await?);
    world.log_in().await?;
    let control = world.direct_chat_of(&frank).await?;
    let room = begin(world, &frank, &control, "You are invited").await?;
    world.matrix_says(&frank, &room, "from frank alone").await?;
    let direct = chat_with_bob(world)?;
    world.wait_on_slack(&direct, "from frank alone").await?;
    frank.leave(&room).await?;
    world.slack_says("bob", &direct, "is anybody there?")?;
    assert!(world.slack.wait_until_acknowledged(LIMIT).await);
    let again = begin(world, &frank, &control, "has a room already").await?;
    assert_eq!(again, room, "what was said is in the one room");
    frank.wait_for_text(&room, "is anybody there?").await?;

    // Nobody is left to invite her, and what frank said is not hers to read.
    frank.leave(&room).await?;
    let control = world.direct_chat_of(&greta).await?;
    let other = begin(world, &greta, &control, "Your chat with **bob**").await?;
    assert_ne!(other, room, "she reads what frank said");
    world.matrix_says(&greta, &other, "from greta alone").await?;
    world.wait_on_slack(&direct, "from greta alone").await?;
    world.slack_says("bob", &direct, "somebody else, then")?;
    greta.wait_for_text(&other, "somebody else, then").await?;
    eventually(LIMIT, "the bot to be gone", async || {
        anyhow::ensure!(!world.bot_rooms().await?.contains(&room), "it is in the room that was left");
        Ok(())
    })
    .await
}

scenario!(a_chat_is_begun_though_answers_are_lost in fakes);
async fn a_chat_is_begun_though_answers_are_lost(world: &mut World) -> Result<()> {
    let control = world.log_in().await?;
    world.fake().fail_next("POST */createRoom", Fault::ResetAfterEffect, 1);
    world.fake().fail_next("POST */join", Fault::Error(500, "M_UNKNOWN"), 1);
    let room = begin(world, &world.admin, &control, "Your chat with **bob**").await?;
    world.matrix_says(&world.admin, &room, "in the one room").await?;
    world.wait_on_slack(&chat_with_bob(world)?, "in the one room").await?;
    Ok(())
}

/// Waits until the bridge waits for the answer to making a room.
async fn wait_for_making(world: &World) -> Result<()> {
    eventually(LIMIT, "a room in the making", async || {
        let calls = world.fake().call_log();
        let mut calls = calls.iter().filter(|call| call.route.ends_with("/createRoom"));
        calls.any(|call| call.status.is_none()).then_some(()).ok_or("there is none")
    })
    .await
}

scenario!(nobody_is_invited_into_a_room_that_is_not_recorded in fakes);
async fn nobody_is_invited_into_a_room_that_is_not_recorded(world: &mut World) -> Result<()> {
    let control = world.log_in().await?;
    world.fake().fail_next("POST */createRoom", Fault::Slow(std::time::Duration::from_hours(1)), 1);
    world.admin.send_text(&control, "start-chat bob").await?;
    wait_for_making(world).await?;
    let is_other = |room: &str| room != control;
    let invites = world.admin.invites().await?;
    assert!(
        !invites.iter().any(|invite| is_other(&invite.room_id)),
        "what is written there is lost: {invites:?}"
    );
    world.crash_and_restart().await?;
    let invite = world.admin.wait_for_invite(|invite| is_other(&invite.room_id)).await?;
    let room = world.admin.join(&invite.room_id).await?;
    world.matrix_says(&world.admin, &room, "in the one room").await?;
    world.wait_on_slack(&chat_with_bob(world)?, "in the one room").await?;
    world.admin.wait_for_text_with(&control, "chat with **bob**").await?;
    let others = world.admin.invites().await?;
    assert!(!others.iter().any(|other| is_other(&other.room_id) && other.room_id != room), "{others:?}");
    Ok(())
}

scenario!(what_people_made_of_a_room_stays in each_homeserver);
async fn what_people_made_of_a_room_stays(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let ghost = world.ghost_id("U0BOB00001");
    let picture = world.admin.upload("us.png", "image/png", b"a picture".to_vec()).await?;
    let levels = json!({ "users": { world.admin.user_id(): 100, &ghost: 100 } });
    let body = json!({
        "room_version": "11", "preset": "private_chat", "is_direct": true, "invite": [ghost],
        "power_level_content_override": levels, "name": "The two of us", "topic": "Plans",
        "initial_state": [{ "type": "m.room.avatar", "content": { "url": picture } }],
    });
    let room = world.admin.create_room_with(body).await?;
    world.admin.wait_for_text_with(&room, "is now your chat").await?;
    let direct = chat_with_bob(world)?;
    world.slack_says("bob", &direct, "all set up")?;
    world.admin.wait_for_text(&room, "all set up").await?;
    let key = format!("slack://{}-{}", world.slack.team_id().to_lowercase(), direct.to_lowercase());
    world.slack.change_user("bob", &json!({ "display_name": "Bobby" }))?;
    eventually(LIMIT, "the room to follow bob's name", async || {
        let bridge = world.admin.state(&room, "m.bridge", &key).await?;
        anyhow::ensure!(bridge["channel"]["displayname"] == "Bobby", "it is {bridge}");
        Ok(())
    })
    .await?;
    for (kind, field, own) in [
        ("m.room.name", "name", "The two of us"),
        ("m.room.topic", "topic", "Plans"),
        ("m.room.avatar", "url", &picture),
    ] {
        let content: Value = world.admin.state(&room, kind, "").await?;
        assert_eq!(content[field].as_str().context("nothing is there")?, own, "{kind}");
    }
    Ok(())
}

scenario!(a_room_full_of_state_becomes_no_chat in fakes);
async fn a_room_full_of_state_becomes_no_chat(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let ghost = world.ghost_id("U0BOB00001");
    let room = world.admin.create_room_with(json!({ "is_direct": true })).await?;
    let much = json!({ "text": "x".repeat(60_000) });
    for number in 0..75 {
        world.admin.set_state(&room, "test.much", &number.to_string(), &much).await?;
    }
    world.admin.invite(&room, &ghost).await?;
    world.admin.wait_for_text_with(&room, "too large").await?;
    world.admin.wait_for_membership(&room, &ghost, "leave").await?;
    assert_eq!(world.slack.call_count("conversations.open"), 0);
    Ok(())
}
