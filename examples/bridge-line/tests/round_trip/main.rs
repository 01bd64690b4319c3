//! The bridge as people meet it: a login by chat, text both ways, and what must not go wrong.
#![allow(
    clippy::disallowed_methods,
    clippy::tests_outside_test_module,
    reason = "tests have real time and tasks"
)]

mod server;
mod world;

use testkit::{Fault, Kind, Result};

use world::World;

const KINDS: [Kind; 2] = [Kind::FakeSynapse, Kind::FakeContinuwuity];
/// The homeserver's route for messages.
const SEND: &str = "PUT */send/m.room.message/*";

#[tokio::test]
async fn text_goes_both_ways() -> Result<()> {
    for kind in KINDS {
        let world = World::start(kind).await?;
        world.log_in("ann").await?;
        let portal = world.portal("den").await?;
        let first = world.admin.wait_for_text(&portal, "the first line").await?;
        assert_eq!(first.sender, world.appservice.ghost_id("bob"));
        assert_eq!(world.admin.profile(&first.sender).await?["displayname"], "bob");
        assert_eq!(world.admin.state(&portal, "m.room.name", "").await?["name"], "den");

        world.admin.send_text(&portal, "two\nlines\tin one").await?;
        let out = ["bob: the first line", "ann: two\u{2028}lines\tin one"];
        world.server.wait_until_said("den", &out).await?;
        world.server.say("den", "bob", "two\u{2028}lines\tback");
        world.admin.wait_for_text(&portal, "two\nlines\tback").await?;

        let on_line = [&out[..], &["bob: two\u{2028}lines\tback"]].concat();
        let on_matrix = ["the first line", "two\nlines\tin one", "two\nlines\tback"];
        world.settle(&portal, &on_matrix, &on_line).await?;
    }
    Ok(())
}

#[tokio::test]
async fn who_has_no_login_is_relayed_by_name() -> Result<()> {
    let world = World::start(Kind::FakeSynapse).await?;
    world.log_in("ann").await?;
    let portal = world.portal("den").await?;
    let guest = world.homeserver.user("guest").await?;
    world.admin.invite(&portal, guest.user_id()).await?;
    guest.join(&portal).await?;
    guest.send_text(&portal, "may I?").await?;
    world.server.wait_until_said("den", &["bob: the first line", "ann: guest: may I?"]).await
}

#[tokio::test]
async fn a_line_that_comes_again_is_shown_once() -> Result<()> {
    for kind in KINDS {
        let mut world = World::start(kind).await?;
        world.log_in("ann").await?;
        let portal = world.portal("den").await?;
        world.server.ignore_acks(true);
        let id = world.server.say("den", "bob", "once, please");
        world.admin.wait_for_text(&portal, "once, please").await?;
        world.server.stop().await;
        world.server.ignore_acks(false);
        world.server.start_again()?;
        world.server.wait_until_handed_out("ann", id, 2).await?;
        world.server.wait_until_acknowledged("ann", id).await?;
        let on_line = ["bob: the first line", "bob: once, please"];
        world.settle(&portal, &["the first line", "once, please"], &on_line).await?;
    }
    Ok(())
}

#[tokio::test]
async fn killed_with_accepted_lines_it_brings_them_after_its_start() -> Result<()> {
    for kind in KINDS {
        let mut world = World::start(kind).await?;
        world.log_in("ann").await?;
        let portal = world.portal("den").await?;
        world.homeserver.fake()?.fail_next(SEND, Fault::Hang, 1);
        world.server.say("den", "bob", "accepted");
        let id = world.server.say("den", "bob", "and waiting");
        world.server.wait_until_acknowledged("ann", id).await?;
        world.kill_bridge()?;
        world.homeserver.fake()?.clear_faults();
        world.server.say("den", "bob", "said meanwhile");
        world.start_bridge().await?;
        let on_matrix = ["the first line", "accepted", "and waiting", "said meanwhile"];
        let on_line = on_matrix.map(|text| format!("bob: {text}"));
        let on_line = on_line.each_ref().map(String::as_str);
        world.settle(&portal, &on_matrix, &on_line).await?;
    }
    Ok(())
}

#[tokio::test]
async fn killed_before_the_answer_it_finds_what_it_has_said() -> Result<()> {
    for kind in KINDS {
        let mut world = World::start(kind).await?;
        world.log_in("ann").await?;
        let portal = world.portal("den").await?;
        world.server.withhold_answers(true);
        world.admin.send_text(&portal, "said, but nobody was told").await?;
        world.admin.send_text(&portal, "and this one comes next").await?;
        let mut on_line = vec!["bob: the first line", "ann: said, but nobody was told"];
        world.server.wait_until_said("den", &on_line).await?;
        world.kill_bridge()?;
        world.server.withhold_answers(false);
        world.start_bridge().await?;
        on_line.push("ann: and this one comes next");
        world.server.wait_until_said("den", &on_line).await?;
        let on_matrix = ["the first line", "said, but nobody was told", "and this one comes next"];
        world.settle(&portal, &on_matrix, &on_line).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_does_not_say_it_twice() -> Result<()> {
    for kind in KINDS {
        let mut world = World::start(kind).await?;
        world.log_in("ann").await?;
        let portal = world.portal("den").await?;
        world.server.withhold_answers(true);
        world.admin.send_text(&portal, "said, but the answer was lost").await?;
        let on_line = ["bob: the first line", "ann: said, but the answer was lost"];
        world.server.wait_until_said("den", &on_line).await?;
        world.server.stop().await;
        world.server.withhold_answers(false);
        world.server.start_again()?;
        let on_matrix = ["the first line", "said, but the answer was lost"];
        world.settle(&portal, &on_matrix, &on_line).await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_outage_of_the_server_loses_nothing() -> Result<()> {
    for kind in KINDS {
        let mut world = World::start(kind).await?;
        world.log_in("ann").await?;
        let portal = world.portal("den").await?;
        world.server.stop().await;
        world.admin.send_text(&portal, "into the dark").await?;
        world.server.say("den", "bob", "from the dark");
        world.server.start_again()?;
        world.admin.wait_for_text(&portal, "from the dark").await?;
        let on_line = ["bob: the first line", "bob: from the dark", "ann: into the dark"];
        world.server.wait_until_said("den", &on_line).await?;
        world.settle(&portal, &["the first line", "into the dark", "from the dark"], &on_line).await?;
    }
    Ok(())
}

#[tokio::test]
async fn who_is_sent_away_is_told() -> Result<()> {
    let mut world = World::start(Kind::FakeSynapse).await?;
    world.server.ban("eve");
    let room = world.log_in("ann").await?;
    world.ask(&room, "login line eve", "Not logged in. That name is not welcome.").await?;
    world.ask(&room, "bridge hall", "is bridged with").await?;
    world.ask(&room, "bridge attic", "No login of yours sees").await?;
    world.server.ban("ann");
    world.server.stop().await;
    world.server.start_again()?;
    world.admin.wait_for_text_with(&room, "has ended. That name is not welcome.").await?;
    Ok(())
}
