//! The database is lost, and comes back from the rooms and from Slack.
use std::collections::BTreeSet;

use anyhow::ensure;
use serde_json::json;
use testkit::eventually;

use crate::{Result, World, scenario};

const LIMIT: std::time::Duration = scenarios::world::LIMIT;

/// Logs in by the verb, as nothing else can be done on an empty database.
pub(crate) async fn log_in_by_verb(world: &World) -> Result<()> {
    let app = world.slack.app();
    let answers = ["login", "app", "--bot-token", &app.bot_token, "--app-token", &app.app_token];
    let (code, output) = world.bridge.verb(&answers).await?;
    ensure!(code == 0 && output.contains("Logged in"), "{code}: {output}");
    Ok(())
}

/// Runs `rebuild`; answers what it printed last, without what it logged.
pub(crate) async fn rebuild(world: &World) -> Result<String> {
    let (code, output) = world.bridge.verb(&["rebuild"]).await?;
    ensure!(code == 0, "{code}: {output}");
    let at = output.find("There again").unwrap_or_default();
    Ok(output[at..].to_owned())
}

async fn bot_rooms(world: &World) -> Result<BTreeSet<String>> {
    Ok(world.bot_rooms().await?.into_iter().collect())
}

/// Stops the bridge in order and takes its database.
pub(crate) async fn lose_database(world: &mut World) -> Result<()> {
    assert!(world.slack.wait_until_acknowledged(LIMIT).await);
    world.bridge.stop().await?;
    world.lose_database()
}

scenario!(what_was_lost_comes_back_from_the_rooms in everywhere);
async fn what_was_lost_comes_back_from_the_rooms(world: &mut World) -> Result<()> {
    let chat = world.log_in().await?;
    let room = world.portal("general").await?;
    let from_slack = world.slack_says("alice", "general", "said on Slack before")?;
    let event = world.admin.wait_for_text(&room, "said on Slack before").await?.event_id;
    let gone = world.slack_says("alice", "general", "deleted on Slack later")?;
    let gone_event = world.admin.wait_for_text(&room, "deleted on Slack later").await?.event_id;
    let answer = world.slack.reply_as("bob", "general", &from_slack, "answered on Slack before")?;
    world.admin.wait_for_text(&room, "answered on Slack before").await?;
    let sent = world.matrix_says(&world.admin, &room, "said on Matrix before").await?;
    let sent_ts = world.ts_of("general", "said on Matrix before").await?;
    let long = format!("{}\n{}", "first line ".repeat(300), "second line ".repeat(300));
    let long_event = world.admin.send_text(&room, &long).await?;
    eventually(LIMIT, "both posts of a long message", async || {
        let there = world
            .slack_texts("general")
            .iter()
            .filter(|text| text.contains("line first") || text.contains("line second"))
            .count();
        ensure!(there == 2, "{there} are there");
        Ok(())
    })
    .await?;
    let reaction = world.admin.react(&room, &event, "👍").await?;
    eventually(LIMIT, "the reaction on Slack", async || {
        let found = world.slack.message("general", &from_slack);
        ensure!(found.is_some_and(|it| it["reactions"][0]["name"] == "+1"), "none");
        Ok(())
    })
    .await?;
    world.settle("general", &room).await?;
    let rooms = bot_rooms(world).await?;
    lose_database(world).await?;

    let (code, output) = world.bridge.verb(&["rebuild"]).await?;
    ensure!(code == 1 && output.contains("holds no login"), "{code}: {output}");
    log_in_by_verb(world).await?;
    // Said while there is neither program nor database.
    world.slack_says("bob", "general", "said on Slack meanwhile")?;
    let first = rebuild(world).await?;
    ensure!(first.contains("rooms of chats 1,") && first.contains("direct chats with the bot 1"), "{first}");
    let second = rebuild(world).await?;
    let counts = |text: &str| text.split(". Ghosts").next().unwrap_or_default().to_owned();
    assert_eq!(counts(&first), counts(&second), "the second time other things were found");
    ensure!(second.contains("not known: 0."), "{second}");
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    world.wait_for_texts(&world.admin, &room, &["said on Slack before", "said on Slack meanwhile"]).await?;

    // From Slack: an edit, a deletion, an answer in a thread, a reaction.
    world.plant("said on Slack, and changed");
    world.slack.edit("general", &from_slack, "said on Slack, and changed")?;
    world.admin.wait_for_edit(&room, &event).await?;
    world.slack.delete("general", &gone)?;
    world.admin.wait_for_redaction(&room, &gone_event).await?;
    world.slack.reply_as("carol", "general", &from_slack, "answered on Slack since")?;
    let shown = world.admin.wait_for_text(&room, "answered on Slack since").await?;
    assert_eq!(shown.thread(), Some(event.as_str()));
    world.slack.react_as("bob", "general", &sent_ts, "wave")?;
    world.admin.wait_for_reaction(&room, &sent, "👋").await?;
    // From Matrix: an edit, a deletion of all parts, an answer in a thread, a reaction taken back.
    world.plant("said on Matrix, and changed");
    world.admin.edit(&room, &sent, "said on Matrix, and changed").await?;
    assert_eq!(world.ts_of("general", "said on Matrix, and changed").await?, sent_ts);
    world.admin.redact(&room, &long_event).await?;
    eventually(LIMIT, "both posts of the long message to be gone", async || {
        let texts = world.slack_texts("general");
        ensure!(
            !texts.iter().any(|text| text.contains("line first") || text.contains("line second")),
            "{texts:?}"
        );
        Ok(())
    })
    .await?;
    world.admin.send_in_thread(&room, &event, "answered on Matrix since").await?;
    let posted = world.wait_on_slack("general", "answered on Matrix since").await?;
    assert_eq!(posted["thread_ts"], from_slack.as_str(), "{answer}");
    world.admin.redact(&room, &reaction).await?;
    eventually(LIMIT, "the reaction to be gone", async || {
        let found = world.slack.message("general", &from_slack).unwrap_or_default();
        ensure!(found["reactions"].as_array().is_none_or(Vec::is_empty), "{found}");
        Ok(())
    })
    .await?;
    world.ask(&chat, "list-logins", "t0fake00001").await?;

    // No second room, and nothing twice.
    world.settle("general", &room).await?;
    assert_eq!(world.portal_room("general").await?, room);
    assert_eq!(bot_rooms(world).await?, rooms, "a second room was made");
    for text in ["said on Slack before", "answered on Slack before", "said on Slack meanwhile"] {
        world.ensure_once(&room, text).await?;
    }
    let texts = world.slack_texts("general");
    assert_eq!(texts.iter().filter(|text| *text == "said on Matrix, and changed").count(), 1, "{texts:?}");
    Ok(())
}

scenario!(files_are_known_again_and_not_doubled in each_homeserver);
async fn files_are_known_again_and_not_doubled(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let mxc = world.admin.upload("plan.txt", "text/plain", b"a plan of ours".to_vec()).await?;
    let content = json!({ "msgtype": "m.file", "body": "plan.txt", "url": mxc,
        "info": { "mimetype": "text/plain", "size": 14 } });
    let event = world.admin.send(&room, "m.room.message", &content).await?;
    let is_file = |message: &serde_json::Value| message["files"][0]["name"] == "plan.txt";
    ensure!(world.slack.wait_for_message("general", is_file, LIMIT).await.is_some(), "no file came");
    world.settle("general", &room).await?;
    lose_database(world).await?;
    log_in_by_verb(world).await?;
    rebuild(world).await?;
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    world.settle("general", &room).await?;
    let shown = world.admin.messages(&room).await?;
    let files = shown.iter().filter(|event| event.content["msgtype"] == "m.file").count();
    assert_eq!(files, 1, "the file was shown a second time");
    world.admin.redact(&room, &event).await?;
    eventually(LIMIT, "the file to be gone", async || {
        ensure!(!world.slack.messages("general").iter().any(is_file), "it is there");
        Ok(())
    })
    .await
}

scenario!(a_room_that_became_a_chat_comes_back in everywhere);
async fn a_room_that_became_a_chat_comes_back(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let ghost = world.ghost_id("U0BOB00001");
    let body = json!({ "preset": "trusted_private_chat", "is_direct": true, "invite": [ghost] });
    let room = world.admin.create_room_with(body).await?;
    world.admin.wait_for_text_with(&room, "is now your chat with").await?;
    let direct = world.slack.open_conversation(&["bob", &world.slack.app().bot_user_id])?;
    world.matrix_says(&world.admin, &room, "before the loss").await?;
    world.wait_on_slack(&direct, "before the loss").await?;
    let rooms = bot_rooms(world).await?;
    lose_database(world).await?;
    log_in_by_verb(world).await?;
    rebuild(world).await?;
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    world.slack_says("bob", &direct, "after the loss")?;
    let shown = world.admin.wait_for_text(&room, "after the loss").await?;
    assert_eq!(shown.sender, ghost);
    world.matrix_says(&world.admin, &room, "and back").await?;
    world.wait_on_slack(&direct, "and back").await?;
    assert_eq!(bot_rooms(world).await?, rooms, "a second room was made");
    Ok(())
}

scenario!(what_a_stranger_says_of_a_room_is_not_believed in each_homeserver);
async fn what_a_stranger_says_of_a_room_is_not_believed(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let key = {
        let state = world.admin.all_state(&room).await?;
        let bridge = state.iter().find(|event| event.kind == "m.bridge");
        bridge.map(|event| (event.state_key.clone().unwrap_or_default(), event.content.clone()))
    };
    let (key, content) = key.unwrap_or_default();
    // Somebody takes the bot into a room of their own, and says that it is the channel's, and what its events show.
    let eve = world.person("eve").await?;
    let bot = world.bot_id();
    let trap = eve.create_dm(&bot).await?;
    eve.wait_for_membership(&trap, &bot, "join").await?;
    eve.set_state(&trap, "m.bridge", &key, &content).await?;
    let mut other = content.clone();
    other["channel"]["id"] = "t0fake00001-c0random001".into();
    eve.set_state(&trap, "m.bridge", "slack://other", &other).await?;
    let ts = world.slack_says("alice", "general", "the words of alice")?;
    let event = world.admin.wait_for_text(&room, "the words of alice").await?;
    let mut forged = event.content.clone();
    forged["body"] = "not the words of alice".into();
    let forged = world.admin.send(&room, "m.room.message", &forged).await?;
    world.wait_on_slack("general", "not the words of alice").await?;
    lose_database(world).await?;
    log_in_by_verb(world).await?;
    let told = rebuild(world).await?;
    ensure!(told.contains("rooms of chats 1,"), "{told}");
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    world.plant("alice changes her words");
    world.slack.edit("general", &ts, "alice changes her words")?;
    world.admin.wait_for_edit(&room, &event.event_id).await?;
    world.settle("general", &room).await?;
    let seen = eve.texts(&trap).await?;
    ensure!(!seen.iter().any(|text| text.contains("words")), "eve reads along: {seen:?}");
    let edits = world.admin.messages(&room).await?;
    ensure!(
        !edits.iter().any(|edit| edit.replaces() == Some(forged.as_str())),
        "the forged event was changed"
    );
    Ok(())
}

scenario!(killed_while_it_rebuilds_it_goes_on in fakes);
async fn killed_while_it_rebuilds_it_goes_on(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let (general, random) = (world.portal("general").await?, world.portal("random").await?);
    let ts = world.slack_says("alice", "random", "in the second channel")?;
    let event = world.admin.wait_for_text(&random, "in the second channel").await?.event_id;
    let rooms = bot_rooms(world).await?;
    lose_database(world).await?;
    log_in_by_verb(world).await?;
    // One room is read and restored; the other one's timeline never comes.
    let once = testkit::Fault::Slow(std::time::Duration::from_millis(1));
    world.fake().fail_next_of_ghosts("GET */messages", once, 1);
    world.fake().fail_next_of_ghosts("GET */messages", testkit::Fault::Hang, 1);
    let mut cut_off = world.bridge.begin_verb(&["rebuild"])?;
    eventually(LIMIT, "a call without an answer", async || {
        let hangs = world.fake().call_log().iter().any(|call| call.hangs);
        hangs.then_some(()).ok_or("every call was answered")
    })
    .await?;
    cut_off.kill9()?;
    world.fake().clear_faults();
    let told = rebuild(world).await?;
    ensure!(told.contains("rooms of chats 2,"), "{told}");
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    world.plant("changed in the second channel");
    world.slack.edit("random", &ts, "changed in the second channel")?;
    world.admin.wait_for_edit(&random, &event).await?;
    world.settle("general", &general).await?;
    world.settle("random", &random).await?;
    world.ensure_once(&random, "in the second channel").await?;
    assert_eq!(bot_rooms(world).await?, rooms, "a second room was made");
    Ok(())
}

scenario!(without_a_rebuild_no_second_room_is_made in each_homeserver);
async fn without_a_rebuild_no_second_room_is_made(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack_says("alice", "general", "said and forgotten")?;
    world.admin.wait_for_text(&room, "said and forgotten").await?;
    let ghost = world.ghost_id("U0BOB00001");
    let body = json!({ "preset": "trusted_private_chat", "is_direct": true, "invite": [ghost] });
    let own = world.admin.create_room_with(body).await?;
    world.admin.wait_for_text_with(&own, "is now your chat with").await?;
    world.admin.wait_for_membership(&own, &world.bot_id(), "join").await?;
    let may_write = world.admin.all_state(&own).await?.iter().any(|event| event.kind == "m.bridge");
    let direct = world.slack.open_conversation(&["bob", &world.slack.app().bot_user_id])?;
    let rooms = bot_rooms(world).await?;
    lose_database(world).await?;
    log_in_by_verb(world).await?;
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    world.slack_says("bob", &direct, "into the same room")?;
    world.admin.wait_for_text(&own, "into the same room").await?;
    world.settle("general", &room).await?;
    world.ensure_once(&room, "said and forgotten").await?;
    assert_eq!(bot_rooms(world).await?, rooms, "a second room was made");
    // Afterwards it can still be done.
    world.bridge.stop().await?;
    let told = rebuild(world).await?;
    // In rooms of version 12 the ghost has no power to give: the bot may write no state there, and only the name tells.
    ensure!(told.contains("rooms of chats 2,"), "{may_write}: {told}");
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    world.settle("general", &room).await?;
    world.ensure_once(&room, "said and forgotten").await
}
