//! What commands do happens once and is answered once, whatever becomes of the answers.
use std::path::Path;
use std::time::Duration;

use fake_slack::Fault as SlackFault;
use testkit::Fault;

use crate::{Result, World, scenario};

const LIMIT: Duration = scenarios::world::LIMIT;
/// The homeserver's route for messages.
const SEND: &str = "PUT */send/m.room.message/*";
/// Slack's method that lists the chats.
const LIST: &str = "users.conversations";

/// A direct chat in which the bot may delete what others say, so that its answers are all that it sends.
async fn chat_with_power(world: &World) -> Result<String> {
    let bot = world.bot_id();
    let body = serde_json::json!({
        "preset": "private_chat", "is_direct": true, "invite": [bot], "room_version": "11",
        "power_level_content_override": { "users": { world.admin.user_id(): 100, bot.as_str(): 100 } },
    });
    let room = world.admin.create_room_with(body).await?;
    world.admin.wait_for_text_with(&room, "help").await?;
    Ok(room)
}

/// The admin writes a line whose answer the homeserver refuses twice; answers the bot's texts since.
async fn ask_through_trouble(world: &World, room: &str, line: &str, answer: &str) -> Result<Vec<String>> {
    // The first fault is for the line itself, and lets it through.
    world.fake().fail_next(SEND, Fault::Slow(Duration::ZERO), 1);
    world.fake().fail_next(SEND, Fault::Error(502, "M_UNKNOWN"), 2);
    let asked = world.admin.send_text(room, line).await?;
    world.answer_to(&world.admin, room, &asked, answer).await?;
    let bot = world.bot_id();
    let seen = world.admin.seen(room).await?;
    let since = seen.iter().skip_while(|event| event.event_id != asked);
    let said = since.filter(|event| event.sender == bot && event.kind == "m.room.message");
    Ok(said.map(|event| event.body().to_owned()).collect())
}

scenario!(a_command_tried_again_gives_the_same_answer in fakes);
async fn a_command_tried_again_gives_the_same_answer(world: &mut World) -> Result<()> {
    world.bridge.start().await?;
    let room = chat_with_power(world).await?;
    let app = world.slack.app();
    ask_through_trouble(world, &room, "login app", "xoxb-").await?;
    let said = ask_through_trouble(world, &room, &app.bot_token, "xapp-").await?;
    assert!(said.len() == 1 && !said[0].contains("again"), "the token was taken for two answers: {said:?}");
    ask_through_trouble(world, &room, &app.app_token, "Logged in").await?;
    ask_through_trouble(world, &room, "logout", "Logged out").await?;
    world.ask(&room, "list-logins", "no login").await?;
    world.ask(&room, "login app", "xoxb-").await?;
    ask_through_trouble(world, &room, "cancel", "Cancelled").await?;
    world.ask(&room, "cancel", "nothing to cancel").await?;
    Ok(())
}

scenario!(a_login_asked_for_elsewhere_begins_once in fakes);
async fn a_login_asked_for_elsewhere_begins_once(world: &mut World) -> Result<()> {
    let room = world.log_in().await?;
    let portal = world.portal("general").await?;
    // The question arrives in the direct chat; only the answer in the portal does not get through.
    let here = format!("PUT */rooms/{portal}/send/m.room.message/*");
    world.fake().fail_next(&here, Fault::Slow(Duration::ZERO), 1);
    world.fake().fail_next(&here, Fault::Error(502, "M_UNKNOWN"), 3);
    let before = world.ask(&room, "version", "version 0.").await?.event_id;
    world.admin.send_text(&portal, "!slack login app").await?;
    world.answer_to(&world.admin, &room, &before, "xoxb-").await?;
    let first = world.admin.send_text(&room, &world.slack.app().bot_token).await?;
    world.answer_to(&world.admin, &room, &first, "xapp-").await?;
    world.admin.wait_for_text_with(&portal, "direct chat").await?;
    // Had the command begun anew, this were the answer to its first question.
    world.ask(&room, &world.slack.app().app_token, "Logged in").await?;
    Ok(())
}

scenario!(an_answer_to_a_forgotten_question_is_told_so in fakes);
async fn an_answer_to_a_forgotten_question_is_told_so(world: &mut World) -> Result<()> {
    world.bridge.start().await?;
    let room = chat_with_power(world).await?;
    let app = world.slack.app();
    world.ask(&room, "login app", "xoxb-").await?;
    world.ask(&room, &app.bot_token, "xapp-").await?;
    world.fake().fail_next(SEND, Fault::Slow(Duration::ZERO), 1);
    world.fake().fail_next(SEND, Fault::Hang, 1);
    let last = world.admin.send_text(&room, &app.app_token).await?;
    world.wait_for_hanging_call(&room).await?;
    world.crash_and_restart().await?;
    world.answer_to(&world.admin, &room, &last, "`login` begins anew").await?;
    world.ask(&room, "list-logins", "t0fake00001").await?;
    Ok(())
}

scenario!(a_logout_cut_off_by_a_crash_is_answered in fakes);
async fn a_logout_cut_off_by_a_crash_is_answered(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = chat_with_power(world).await?;
    world.fake().fail_next(SEND, Fault::Slow(Duration::ZERO), 1);
    world.fake().fail_next(SEND, Fault::Hang, 1);
    let asked = world.admin.send_text(&room, "logout").await?;
    world.wait_for_hanging_call(&room).await?;
    world.crash_and_restart().await?;
    world.answer_to(&world.admin, &room, &asked, "restarted after you asked").await?;
    Ok(())
}

scenario!(sync_holds_up_nothing in each_homeserver);
async fn sync_holds_up_nothing(world: &mut World) -> Result<()> {
    let room = world.log_in().await?;
    // The login itself lists the chats first.
    let listed = world.slack.wait_for_call(LIST, |call| call.ok, LIMIT).await;
    assert!(listed.is_some(), "the login did not list the chats");
    world.slack.fail_next(LIST, SlackFault::Hang, 1);
    world.ask(&room, "sync", "I am looking").await?;
    let stalled = world.slack.wait_for_call(LIST, |call| call.fault.is_some(), LIMIT).await;
    assert!(stalled.is_some(), "the chats were not listed");
    world.ask(&room, "version", "version 0.").await?;
    world.ask(&room, "sync", "still looking").await?;
    // A stop in the middle is in order, and the next `sync` is none the worse.
    world.bridge.stop().await?;
    world.bridge.start().await?;
    let asked = world.admin.send_text(&room, "sync").await?;
    world.answer_to(&world.admin, &room, &asked, "I am looking").await?;
    world.answer_to(&world.admin, &room, &asked, "made just now").await?;
    assert!(world.resolve(&world.alias("general")?).await?.is_some(), "no room was made");
    world.ask(&room, "sync", "no room had to be made").await?;
    Ok(())
}

scenario!(a_sync_that_slack_refuses_is_told in one);
async fn a_sync_that_slack_refuses_is_told(world: &mut World) -> Result<()> {
    let room = world.log_in().await?;
    let listed = world.slack.wait_for_call(LIST, |call| call.ok, LIMIT).await;
    assert!(listed.is_some(), "the login did not list the chats");
    world.slack.fail_next(LIST, SlackFault::Error("missing_scope".to_owned()), 1);
    world.ask(&room, "sync", "could not finish").await?;
    world.ask(&room, "sync", "Done: ").await?;
    Ok(())
}

scenario!(a_login_that_cannot_be_started_is_listed_and_ended in fakes);
async fn a_login_that_cannot_be_started_is_listed_and_ended(world: &mut World) -> Result<()> {
    let room = world.log_in().await?;
    world.bridge.stop().await?;
    world.expect_in_log("could not be started");
    world.expect_unacknowledged();
    replace_key(world.bridge.folder())?;
    world.bridge.start().await?;
    let listed = world.ask(&room, "list-logins", "t0fake00001").await?;
    assert!(listed.body().contains("not started"), "{}", listed.body());
    assert!(listed.body().contains("Put back the key"), "{}", listed.body());
    world.ask(&room, "ping", "not started").await?;
    world.ask(&room, "sync", "could be started").await?;
    world.ask(&room, "logout", "Logged out").await?;
    world.ask(&room, "list-logins", "no login").await?;
    Ok(())
}

/// Another key than the one that the tokens were sealed with.
fn replace_key(folder: &Path) -> Result<()> {
    Ok(std::fs::write(folder.join("secret.key"), "5a".repeat(32))?)
}
