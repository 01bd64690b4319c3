//! How far a rebuild reaches: what was missed is read, and what stands behind it is not shown anew.
use std::time::Duration;

use anyhow::ensure;
use testkit::eventually;

use crate::rebuild::{log_in_by_verb, lose_database, rebuild};
use crate::{Result, World, scenario};

/// Longer than what is looked at again after every cut.
const HOUR: Duration = Duration::from_hours(1);

scenario!(each_chat_is_read_from_where_it_stopped in each_homeserver);
async fn each_chat_is_read_from_where_it_stopped(world: &mut World) -> Result<()> {
    world.slack.set_clock_behind(HOUR * 3);
    world.log_in().await?;
    let general = world.portal("general").await?;
    let random = world.portal("random").await?;
    world.slack_says("alice", "general", "the last that came through here")?;
    world.admin.wait_for_text(&general, "the last that came through here").await?;
    // One channel lagged behind when the database was lost.
    world.slack.set_clock_behind(HOUR * 2);
    world.slack.hold_events();
    world.slack_says("alice", "general", "accepted and not yet delivered")?;
    world.slack.forget_held_events();
    world.expect_unacknowledged();
    world.slack.set_clock_behind(HOUR);
    world.slack_says("bob", "random", "the last of all")?;
    world.admin.wait_for_text(&random, "the last of all").await?;
    world.slack.set_clock_behind(Duration::ZERO);
    lose_database(world).await?;
    log_in_by_verb(world).await?;
    rebuild(world).await?;
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    world.admin.wait_for_text(&general, "accepted and not yet delivered").await?;
    world.settle("general", &general).await?;
    world.settle("random", &random).await?;
    for (room, text) in [
        (&general, "the last that came through here"),
        (&general, "accepted and not yet delivered"),
        (&random, "the last of all"),
    ] {
        world.ensure_once(room, text).await?;
    }
    Ok(())
}

scenario!(a_rebuild_after_the_start_reads_what_was_said_before_it in each_homeserver);
async fn a_rebuild_after_the_start_reads_what_was_said_before_it(world: &mut World) -> Result<()> {
    world.slack.set_clock_behind(HOUR * 2);
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ts = world.slack_says("alice", "general", "before the loss")?;
    let event = world.admin.wait_for_text(&room, "before the loss").await?.event_id;
    lose_database(world).await?;
    world.slack.set_clock_behind(HOUR);
    world.slack.hold_events();
    world.slack_says("alice", "general", "between the loss and the start")?;
    world.slack.forget_held_events();
    world.expect_unacknowledged();
    world.slack.set_clock_behind(Duration::ZERO);
    log_in_by_verb(world).await?;
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    world.slack_says("alice", "general", "since the start")?;
    world.admin.wait_for_text(&room, "since the start").await?;
    world.settle("general", &room).await?;
    world.bridge.stop().await?;
    rebuild(world).await?;
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    world.admin.wait_for_text(&room, "between the loss and the start").await?;
    world.plant("changed after all");
    world.slack.edit("general", &ts, "changed after all")?;
    world.admin.wait_for_edit(&room, &event).await?;
    world.settle("general", &room).await?;
    for text in ["before the loss", "between the loss and the start", "since the start"] {
        world.ensure_once(&room, text).await?;
    }
    Ok(())
}

scenario!(what_stands_behind_the_reach_is_not_shown_anew in each_homeserver);
async fn what_stands_behind_the_reach_is_not_shown_anew(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let old = world.slack_says("alice", "general", "behind the reach")?;
    let beginning = world.slack_says("bob", "general", "begins an old thread")?;
    let answered = world.slack_says("bob", "general", "begins a thread that goes on")?;
    let event = world.admin.wait_for_text(&room, "begins a thread that goes on").await?.event_id;
    // More than a page of the timeline, and of Slack's.
    for number in 0..210 {
        world.slack_says("carol", "general", &format!("filler {number}"))?;
    }
    // A real homeserver takes a while for so many.
    eventually(scenarios::world::LIMIT * 6, "the last filler", async || {
        let texts = world.admin.texts(&room).await?;
        ensure!(texts.last().is_some_and(|text| text == "filler 209"), "{:?}", texts.last());
        Ok(())
    })
    .await?;
    let answer = world.admin.send_in_thread(&room, &event, "answers from Matrix").await?;
    world.wait_on_slack("general", "answers from Matrix").await?;
    let gone = world.slack_says("alice", "general", "taken away on Matrix")?;
    let gone_event = world.admin.wait_for_text(&room, "taken away on Matrix").await?.event_id;
    lose_database(world).await?;
    world.admin.redact(&room, &gone_event).await?;
    log_in_by_verb(world).await?;
    let (code, output) = world.bridge.verb(&["rebuild", "--events", "1"]).await?;
    ensure!(code == 0, "{code}: {output}");
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    for (ts, text) in [(&old, "behind the reach, changed"), (&gone, "taken away, changed")] {
        world.plant(text);
        world.slack.edit("general", ts, text)?;
    }
    world.plant("answers in an old thread");
    world.slack.reply_as("carol", "general", &beginning, "answers in an old thread")?;
    let shown = world.admin.wait_for_text(&room, "answers in an old thread").await?;
    ensure!(shown.thread().is_none(), "its beginning is not known: {}", shown.content);
    // An answer of ours in a thread that begins as far back.
    world.plant("answers from Matrix, corrected");
    world.admin.edit(&room, &answer, "answers from Matrix, corrected").await?;
    eventually(scenarios::world::LIMIT, "the answer to be corrected", async || {
        let thread = world.slack.thread("general", &answered);
        let texts: Vec<String> = thread.iter().map(|message| world.slack.shown_text(message)).collect();
        ensure!(texts.len() == 2 && texts[1] == "answers from Matrix, corrected", "{texts:?}");
        Ok(())
    })
    .await?;
    world.settle("general", &room).await?;
    let texts = world.admin.texts(&room).await?;
    for text in ["changed", "taken away"] {
        ensure!(!texts.iter().any(|shown| shown.contains(text)), "shown anew: {text}");
    }
    world.ensure_once(&room, "begins an old thread").await?;
    // What was read is changed as ever, and what is new comes.
    world.slack_says("alice", "general", "and something new")?;
    world.admin.wait_for_text(&room, "and something new").await?;
    Ok(())
}

scenario!(a_name_that_leads_elsewhere_is_led_back in each_homeserver);
async fn a_name_that_leads_elsewhere_is_led_back(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ts = world.slack_says("alice", "general", "said in the chat's room")?;
    let event = world.admin.wait_for_text(&room, "said in the chat's room").await?.event_id;
    let (eve, bot) = (world.person("eve").await?, world.bot_id());
    let elsewhere = eve.create_dm(&bot).await?;
    eve.wait_for_membership(&elsewhere, &bot, "join").await?;
    lose_database(world).await?;
    let alias = world.alias("general")?;
    world.lead_alias(&alias, &elsewhere).await?;
    log_in_by_verb(world).await?;
    let told = rebuild(world).await?;
    ensure!(told.contains("rooms of chats 1,") && told.contains(&elsewhere), "{told}");
    assert_eq!(world.resolve(&alias).await?, Some(room.clone()));
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    world.plant("changed in the chat's room");
    world.slack.edit("general", &ts, "changed in the chat's room")?;
    world.admin.wait_for_edit(&room, &event).await?;
    let seen = eve.texts(&elsewhere).await?;
    ensure!(!seen.iter().any(|text| text.contains("the chat's room")), "eve reads along: {seen:?}");
    Ok(())
}
