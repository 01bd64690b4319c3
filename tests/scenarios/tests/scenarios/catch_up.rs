//! What is said on Slack while nobody listens is caught up on, in order, once.
//!
//! Held events are those that Slack could not deliver; released, they come late, as Slack's retries do.
use anyhow::ensure;
use testkit::eventually;

use crate::{Result, World, scenario};

const LIMIT: std::time::Duration = scenarios::world::LIMIT;

/// How long Slack lets nobody read, in seconds.
const HELD_BACK: u64 = 6;
/// The texts that were missed, in the order in which they were said.
const MISSED: [&str; 4] =
    ["missed the first", "missed, in the thread", "missed the second", "missed the third"];

scenario!(what_is_missed_while_the_bridge_is_down_is_caught_up_on in everywhere);
async fn what_is_missed_while_the_bridge_is_down_is_caught_up_on(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let said = ["begins a thread", "will be changed", "will be taken back", "gets reactions"];
    let mut ts = Vec::new();
    for text in said {
        ts.push(world.slack_says("alice", "general", text)?);
    }
    world.wait_for_texts(&world.admin, &room, &said).await?;
    let changed = world.admin.wait_for_text(&room, said[1]).await?.event_id;
    let removed = world.admin.wait_for_text(&room, said[2]).await?.event_id;
    let reacted = world.admin.wait_for_text(&room, said[3]).await?.event_id;
    world.slack.react_as("bob", "general", &ts[3], "thumbsup")?;
    let withdrawn = world.admin.wait_for_reaction(&room, &reacted, "👍").await?.event_id;

    world.bridge.kill9()?;
    world.slack.hold_events();
    world.plant("changed meanwhile");
    for text in MISSED {
        world.plant(text);
    }
    world.slack.post_as("bob", "general", MISSED[0])?;
    world.slack.reply_as("carol", "general", &ts[0], MISSED[1])?;
    world.slack.edit("general", &ts[1], "changed meanwhile")?;
    world.slack.post_as("alice", "general", MISSED[2])?;
    world.slack.delete("general", &ts[2])?;
    world.slack.unreact_as("bob", "general", &ts[3], "thumbsup")?;
    world.slack.react_as("carol", "general", &ts[3], "tada")?;
    world.slack.post_as("bob", "general", MISSED[3])?;
    world.bridge.start().await?;

    world.wait_for_texts(&world.admin, &room, &MISSED).await?;
    let answer = world.admin.wait_for_text(&room, MISSED[1]).await?;
    assert_eq!(answer.content["m.relates_to"]["rel_type"], "m.thread");
    let edit = world.admin.wait_for_edit(&room, &changed).await?;
    assert_eq!(edit.content["m.new_content"]["body"], "changed meanwhile");
    world.admin.wait_for_redaction(&room, &removed).await?;
    world.admin.wait_for_redaction(&room, &withdrawn).await?;
    world.admin.wait_for_reaction(&room, &reacted, "🎉").await?;

    // What Slack delivers late changes nothing more.
    world.slack.release_events(false);
    world.settle("general", &room).await?;
    world.wait_for_texts(&world.admin, &room, &MISSED).await?;
    let events = world.admin.messages(&room).await?;
    let count =
        |fits: &dyn Fn(&testkit::user::Event) -> bool| events.iter().filter(|event| fits(event)).count();
    assert_eq!(count(&|event| event.replaces() == Some(&changed)), 1, "one edit");
    assert_eq!(count(&|event| event.kind == "m.reaction" && event.content["m.relates_to"]["key"] == "🎉"), 1);
    Ok(())
}

scenario!(what_is_missed_on_a_dead_socket_comes_before_what_is_newer in each_homeserver);
async fn what_is_missed_on_a_dead_socket_comes_before_what_is_newer(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let texts = ["said on the dead socket", "said a little later", "the newest"];
    world.slack.hold_events();
    for text in texts {
        world.slack_says("alice", "general", text)?;
    }
    let before = world.slack.sockets();
    world.slack.drop_sockets();
    world
        .on_slack("another socket", |slack| {
            let is_new = |id: u64| before.iter().all(|old| old.socket_id != id);
            slack.sockets().iter().any(|socket| is_new(socket.socket_id)).then_some(())
        })
        .await?;
    // The newest comes first, and what is before it is looked up.
    world.slack.release_events(true);
    world.wait_for_texts(&world.admin, &room, &texts).await?;
    world.settle("general", &room).await?;
    world.wait_for_texts(&world.admin, &room, &texts).await
}

scenario!(a_first_message_that_is_missed_makes_the_room in each_homeserver);
async fn a_first_message_that_is_missed_makes_the_room(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack_says("alice", "general", "before the cut")?;
    world.admin.wait_for_text(&room, "before the cut").await?;
    // In order, so that nothing of the other chat waits to be done once more.
    world.bridge.stop().await?;
    world.slack.hold_events();
    world.plant("somebody writes to the app");
    let chat = world.slack.dm("alice")?;
    world.slack.post_as("alice", &chat, "somebody writes to the app")?;
    world.slack.clear_calls();
    world.bridge.start().await?;
    let made = world.portal_room(&chat).await?;
    world.admin.wait_for_invite(|invite| invite.room_id == made).await?;
    world.admin.join(&made).await?;
    world.wait_for_texts(&world.admin, &made, &["somebody writes to the app"]).await?;
    // A chat in which nothing happened costs one call.
    let asked = |slack: &fake_slack::Workspace| {
        let calls = slack.calls_of("conversations.history");
        calls.iter().filter(|call| call.arguments["channel"] == "C0GENERAL1").count()
    };
    world.on_slack("the other chat looked through", |slack| (asked(slack) >= 1).then_some(())).await?;
    assert_eq!(asked(&world.slack), 1);
    world.slack.release_events(false);
    world.settle("general", &room).await
}

scenario!(who_looks_sees_that_it_is_still_catching_up in each_homeserver);
async fn who_looks_sees_that_it_is_still_catching_up(world: &mut World) -> Result<()> {
    let chat = world.log_in().await?;
    let room = world.portal("general").await?;
    wait_until_caught_up(world, false).await?;
    world.bridge.kill9()?;
    world.slack.hold_events();
    world.slack_says("alice", "general", "read when Slack allows it")?;
    world.slack.rate_limit_next("conversations.history", HELD_BACK, 1);
    world.bridge.start().await?;
    wait_until_caught_up(world, true).await?;
    world.ask(&chat, "list-logins", "connected, catching up on what was missed").await?;
    world.wait_for_texts(&world.admin, &room, &["read when Slack allows it"]).await?;
    wait_until_caught_up(world, false).await?;
    world.slack.release_events(false);
    world.settle("general", &room).await
}

/// Waits until the health document says this of the login.
pub(crate) async fn wait_until_caught_up(world: &World, is_catching_up: bool) -> Result<()> {
    eventually(LIMIT, format!("catching_up to be {is_catching_up}"), async || {
        let health = reqwest::get(world.bridge.url("/health")).await?.json::<serde_json::Value>().await?;
        let login = &health["own"]["logins"][0];
        ensure!(login["connection"]["state"] == "connected", "{health}");
        ensure!(login["catching_up"] == is_catching_up, "{health}");
        Ok(())
    })
    .await
}

scenario!(pages_of_what_is_missed_come_in_their_order in fakes);
async fn pages_of_what_is_missed_come_in_their_order(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.bridge.kill9()?;
    world.slack.hold_events();
    let texts: Vec<String> = (0..450).map(|number| format!("missed number {number}")).collect();
    for text in &texts {
        world.slack.post_as("alice", "general", text)?;
    }
    world.bridge.start().await?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    world.wait_for_texts_within(LIMIT * 3, &world.admin, &room, &texts).await?;
    // A crash before it is noted that all is there looks through it all again.
    world.crash_and_restart().await?;
    world.slack.release_events(false);
    world.settle("general", &room).await?;
    world.wait_for_texts(&world.admin, &room, &texts).await
}

scenario!(what_came_between_two_cuts_stays_behind_what_was_missed in each_homeserver);
async fn what_came_between_two_cuts_stays_behind_what_was_missed(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.bridge.kill9()?;
    let texts = ["missed at the first cut", "said between the cuts"];
    world.slack.hold_events();
    for text in texts {
        world.slack_says("alice", "general", text)?;
    }
    // The second is delivered, and waits in its lane: what is before it cannot be read yet.
    world.slack.fail_next("conversations.history", fake_slack::Fault::Status(503), 1_000);
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    world.slack.release_events(true);
    assert!(world.slack.wait_until_acknowledged(LIMIT).await);
    world.bridge.kill9()?;
    world.slack.clear_faults();
    world.bridge.start().await?;
    world.wait_for_texts(&world.admin, &room, &texts).await?;
    world.settle("general", &room).await?;
    world.wait_for_texts(&world.admin, &room, &texts).await
}

scenario!(what_is_taken_back_meanwhile_goes_wherever_it_stood in each_homeserver);
async fn what_is_taken_back_meanwhile_goes_wherever_it_stood(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let beginning = world.slack_says("alice", "general", "begins a thread that shrinks")?;
    let mut gone = Vec::new();
    for text in ["an answer that goes", "an answer that stays"] {
        world.plant(text);
        gone.push(world.slack.reply_as("bob", "general", &beginning, text)?);
    }
    gone[1] = world.slack_says("alice", "general", "the newest of all")?;
    let texts =
        ["begins a thread that shrinks", "an answer that goes", "an answer that stays", "the newest of all"];
    world.wait_for_texts(&world.admin, &room, &texts).await?;
    let mut events = Vec::new();
    for text in [texts[1], texts[3]] {
        events.push(world.admin.wait_for_text(&room, text).await?.event_id);
    }
    world.bridge.kill9()?;
    world.slack.hold_events();
    for ts in &gone {
        world.slack.delete("general", ts)?;
    }
    world.bridge.start().await?;
    for event in &events {
        world.admin.wait_for_redaction(&room, event).await?;
    }
    world.slack.release_events(false);
    world.settle("general", &room).await?;
    world.wait_for_texts(&world.admin, &room, &[texts[0], texts[2]]).await
}

scenario!(what_slack_tells_late_and_in_any_order_undoes_nothing in each_homeserver);
async fn what_slack_tells_late_and_in_any_order_undoes_nothing(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("random").await?;
    let ts = world.slack_says("alice", "random", "much ado about this")?;
    let event = world.admin.wait_for_text(&room, "much ado about this").await?.event_id;
    let dora = world.slack.add_user("dora", "Dora D.");
    world.slack.join(&dora, "random")?;
    world.admin.wait_for_membership(&room, &world.ghost_id(&dora), "join").await?;
    world.bridge.kill9()?;
    world.slack.hold_events();
    world.slack.leave(&dora, "random")?;
    world.slack.join(&dora, "random")?;
    for text in ["the first change", "the last change"] {
        world.plant(text);
        world.slack.edit("random", &ts, text)?;
    }
    world.slack.react_as("bob", "random", &ts, "tada")?;
    world.slack.unreact_as("bob", "random", &ts, "tada")?;
    let gone = world.slack_says("carol", "random", "said and taken back")?;
    world.slack_says("carol", "random", "said and kept")?;
    world.slack.delete("random", &gone)?;
    world.bridge.start().await?;
    world.wait_for_texts(&world.admin, &room, &["said and kept"]).await?;
    world.slack.release_events(true);
    assert!(world.slack.wait_until_acknowledged(LIMIT).await);
    world.settle("random", &room).await?;
    let events = world.admin.messages(&room).await?;
    let edits: Vec<_> = events.iter().filter(|edit| edit.replaces() == Some(&event)).collect();
    assert!(
        !edits.is_empty()
            && edits.iter().all(|edit| edit.content["m.new_content"]["body"] == "the last change")
    );
    assert!(!events.iter().any(|event| event.kind == "m.reaction" && !event.is_redacted()));
    assert!(!events.iter().any(|event| event.body() == "said and taken back"));
    let ghost = world.ghost_id(&dora);
    let last = events.iter().rfind(|event| event.state_key.as_deref() == Some(&ghost));
    assert_eq!(last.and_then(|event| event.content["membership"].as_str()), Some("join"));
    Ok(())
}
