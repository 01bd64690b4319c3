//! What a channel is called and what stands on it, as its room shows it; what people change of it on Matrix.
use anyhow::Context as _;
use serde_json::{Value, json};
use testkit::user::Event;
use testkit::{User, eventually};

use crate::catch_up::wait_until_caught_up;
use crate::{Result, World, scenario};

const LIMIT: std::time::Duration = scenarios::world::LIMIT;

/// Waits until a room's state fits; answers its content.
async fn state(
    person: &User,
    room: &str,
    kind: &str,
    key: &str,
    fits: impl Fn(&Value) -> bool,
) -> Result<Value> {
    eventually(LIMIT, format!("{kind} to be as expected"), async || {
        let content = person.state(room, kind, key).await?;
        anyhow::ensure!(fits(&content), "it is {content}");
        Ok(content)
    })
    .await
}

/// The key of a channel's own state events.
fn key_of(world: &World, channel: &str) -> Result<String> {
    let id = world.slack.channel(channel, "alice")?["id"].as_str().context("no id")?.to_lowercase();
    Ok(format!("slack://{}-{id}", world.slack.team_id().to_lowercase()))
}

scenario!(the_bridge_state_is_complete_and_follows_a_new_name in each_homeserver);
async fn the_bridge_state_is_complete_and_follows_a_new_name(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("random").await?;
    let (admin, key) = (&world.admin, key_of(world, "random")?);
    let bridge = admin.state(&room, "m.bridge", &key).await?;
    assert_eq!(bridge["bridgebot"], world.bot_id());
    assert_eq!(bridge["creator"], admin.user_id());
    assert_eq!(bridge["protocol"]["id"], "slack");
    assert_eq!(bridge["network"]["displayname"], "Fake Workspace");
    assert_eq!(bridge["network"]["external_url"], "https://fake-workspace.slack.com/");
    assert!(
        bridge["network"]["avatar_url"].as_str().is_some_and(|url| url.starts_with("mxc://")),
        "{bridge}"
    );
    assert_eq!(bridge["channel"]["displayname"], "random");
    assert_eq!(bridge["channel"]["external_url"], "https://fake-workspace.slack.com/archives/C0RANDOM01");
    assert_eq!(admin.state(&room, "uk.half-shot.bridge", &key).await?, bridge);
    let features = admin.state(&room, "com.beeper.room_features", &key).await?;
    assert_eq!((&features["thread"], &features["edit"]), (&json!(2), &json!(2)), "{features}");
    assert_eq!(features["file"]["m.image"]["max_size"], 1_000_000_000);

    world.slack.rename("alice", "random", "at-random")?;
    state(admin, &room, "m.room.name", "", |content| content["name"] == "at-random").await?;
    state(admin, &room, "m.bridge", &key, |content| content["channel"]["displayname"] == "at-random").await?;
    // Two events tell of one change: the room is told once.
    world.settle("at-random", &room).await?;
    let names = admin.seen(&room).await?;
    let names = names.iter().filter(|event| event.kind == "m.room.name").count();
    assert_eq!(names, 2);
    Ok(())
}

scenario!(a_description_stands_in_for_a_topic in each_homeserver);
async fn a_description_stands_in_for_a_topic(world: &mut World) -> Result<()> {
    world.log_in().await?;
    world.slack.set_purpose("alice", "random", "Fish & <chips>")?;
    let room = world.portal("random").await?;
    let topic = |text: &'static str| move |content: &Value| content["topic"] == text;
    state(&world.admin, &room, "m.room.topic", "", topic("Fish & <chips>")).await?;
    world.slack.set_topic("alice", "random", "Friday")?;
    state(&world.admin, &room, "m.room.topic", "", topic("Friday")).await?;
    world.slack.set_topic("alice", "random", "")?;
    state(&world.admin, &room, "m.room.topic", "", topic("Fish & <chips>")).await?;
    // From Matrix it is always the topic, and the description stays.
    let room_topic = json!({ "topic": "Saturday" });
    world.admin.set_state(&room, "m.room.topic", "", &room_topic).await?;
    let value = |note: &'static str, text: &'static str| {
        move |slack: &fake_slack::Workspace| {
            let channel = slack.channel("random", "alice").ok()?;
            (channel[note]["value"] == text).then_some(())
        }
    };
    world.on_slack("the topic", value("topic", "Saturday")).await?;
    assert!(value("purpose", "Fish & <chips>")(&world.slack).is_some());
    world.admin.set_state(&room, "m.room.topic", "", &json!({ "topic": "" })).await?;
    world.on_slack("no topic", value("topic", "")).await?;
    let shown = state(&world.admin, &room, "m.room.topic", "", topic("Fish & <chips>")).await?;
    // Cleared once more, which changes nothing on Slack.
    world.admin.set_state(&room, "m.room.topic", "", &json!({ "topic": "" })).await?;
    assert_eq!(state(&world.admin, &room, "m.room.topic", "", topic("Fish & <chips>")).await?, shown);
    Ok(())
}

scenario!(what_slack_refuses_is_set_back in each_homeserver);
async fn what_slack_refuses_is_set_back(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("random").await?;
    let admin = &world.admin;
    admin.set_state(&room, "m.room.name", "", &json!({ "name": "better" })).await?;
    admin.wait_for_text_with(&room, "The room's name was set back").await?;
    state(admin, &room, "m.room.name", "", |content| content["name"] == "random").await?;
    admin.set_state(&room, "m.room.avatar", "", &json!({ "url": "mxc://hs.test/cat" })).await?;
    admin.wait_for_text_with(&room, "The room's picture was set back").await?;
    state(admin, &room, "m.room.avatar", "", |content| content.get("url").is_none()).await?;

    world.slack.add_scope(&world.slack.app().bot_token, "channels:manage")?;
    admin.set_state(&room, "m.room.name", "", &json!({ "name": "Much Better" })).await?;
    let renamed = |slack: &fake_slack::Workspace| slack.channel("much-better", "alice").ok().map(drop);
    world.on_slack("the new name", renamed).await?;
    state(admin, &room, "m.room.name", "", |content| content["name"] == "much-better").await?;
    Ok(())
}

scenario!(bookmarks_can_be_read in each_homeserver);
async fn bookmarks_can_be_read(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let first = world.slack.add_bookmark("alice", "random", "The wiki [new]", "https://wiki.example/a")?;
    let room = world.portal("random").await?;
    let key = key_of(world, "random")?;
    let kind = "dev.bridge-hub.bookmarks";
    let shown = world.admin.state(&room, kind, &key).await?;
    assert_eq!(shown["bookmarks"], json!([{ "title": "The wiki [new]", "url": "https://wiki.example/a" }]));
    let asked = world.admin.send_text(&room, "!slack bookmarks").await?;
    let answer = world.answer_to(&world.admin, &room, &asked, "The wiki").await?;
    let html = answer.content["formatted_body"].as_str().unwrap_or_default();
    assert!(html.contains("<a href=\"https://wiki.example/a\">The wiki [new]</a>"), "{html}");
    // Slack tells nobody of it; whoever asks sees what is there now.
    world.slack.remove_bookmark("random", &first)?;
    world.slack.add_bookmark("bob", "random", "Menu", "https://menu.example/")?;
    let asked = world.admin.send_text(&room, "!slack bookmarks").await?;
    world.answer_to(&world.admin, &room, &asked, "Menu").await?;
    state(&world.admin, &room, kind, &key, |content| content["bookmarks"][0]["title"] == "Menu").await?;

    let asked = world.admin.send_text(&room, "!slack capabilities").await?;
    let able = world.answer_to(&world.admin, &room, &asked, "What is written here is said on Slack").await?;
    assert!(able.body().contains("Files of up to 1000.0 MB"), "{}", able.body());
    Ok(())
}

scenario!(without_the_scope_bookmarks_are_left_out in one);
async fn without_the_scope_bookmarks_are_left_out(world: &mut World) -> Result<()> {
    world.slack.remove_scope(&world.slack.app().bot_token, "bookmarks:read")?;
    world.slack.remove_scope(&world.slack.app().bot_token, "team:read")?;
    world.log_in().await?;
    let room = world.portal("random").await?;
    let bridge = world.admin.state(&room, "m.bridge", &key_of(world, "random")?).await?;
    assert_eq!(bridge["network"]["displayname"], "Fake Workspace", "the login knows the name");
    let state = world.admin.all_state(&room).await?;
    assert!(!state.iter().any(|event| event.kind == "dev.bridge-hub.bookmarks"));
    let asked = world.admin.send_text(&room, "!slack bookmarks").await?;
    world.answer_to(&world.admin, &room, &asked, "does not tell the bridge").await?;
    Ok(())
}

scenario!(direct_chats_and_groups_are_called_after_people in each_homeserver);
async fn direct_chats_and_groups_are_called_after_people(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let bot = world.slack.app().bot_user_id;
    let alice = world.slack.user("alice")?["id"].as_str().context("no id")?.to_owned();
    let direct = world.slack.dm("alice")?;
    world.slack_says("alice", &direct, "only for the app")?;
    let room = world.portal_room(&direct).await?;
    let invite = world.admin.wait_for_invite(|invite| invite.room_id == room).await?;
    assert!(invite.is_direct, "{invite:?}");
    assert_eq!(invite.sender, world.ghost_id(&alice));
    world.admin.join(&room).await?;
    state(&world.admin, &room, "m.room.name", "", |content| content["name"] == "alice").await?;
    let picture = world.admin.state(&room, "m.room.avatar", "").await?;
    let ghost = world.admin.profile(&world.ghost_id(&alice)).await?;
    assert_eq!(picture["url"], ghost["avatar_url"]);
    let key = format!("slack://{}-{}", world.slack.team_id().to_lowercase(), direct.to_lowercase());
    let bridge = world.admin.state(&room, "m.bridge", &key).await?;
    assert_eq!(bridge["com.beeper.room_type"], "dm");

    let group = world.slack.open_conversation(&["alice", "bob", &bot])?;
    world.slack_says("bob", &group, "for the three of us")?;
    let group_room = world.portal_room(&group).await?;
    world.admin.wait_for_invite(|invite| invite.room_id == group_room).await?;
    world.admin.join(&group_room).await?;
    let called = |name: &'static str| move |content: &Value| content["name"] == name;
    state(&world.admin, &group_room, "m.room.name", "", called("alice, bob")).await?;

    world.slack.change_user("alice", &json!({ "display_name": "Ali" }))?;
    state(&world.admin, &room, "m.room.name", "", called("Ali")).await?;
    state(&world.admin, &group_room, "m.room.name", "", called("Ali, bob")).await?;
    state(&world.admin, &room, "m.bridge", &key, |content| content["channel"]["displayname"] == "Ali")
        .await?;
    Ok(())
}

scenario!(a_channel_with_a_new_id_keeps_its_room in each_homeserver);
async fn a_channel_with_a_new_id_keeps_its_room(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("random").await?;
    // What is read back after a start would be asked for under the new id, too, and could come before the news of it.
    wait_until_caught_up(world, false).await?;
    let old = key_of(world, "random")?;
    world.slack.change_channel_id("random", "C0SHARED01")?;
    let new = key_of(world, "random")?;
    state(&world.admin, &room, "m.bridge", &new, |content| content["channel"]["displayname"] == "random")
        .await?;
    state(&world.admin, &room, "m.bridge", &old, |content| *content == json!({})).await?;
    world.slack_says("bob", "random", "still here")?;
    world.admin.wait_for_text(&room, "still here").await?;
    world.matrix_says(&world.admin, &room, "so am I").await?;
    world.wait_on_slack("random", "so am I").await?;
    let is_shown = |event: &Event| event.kind == "m.room.message";
    assert!(world.admin.seen(&room).await?.iter().any(is_shown));
    assert_eq!(world.portal_room("random").await?, room, "the new id leads to another room");
    Ok(())
}
