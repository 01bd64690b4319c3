//! Two processes of one bridge on one database: both accept, one works, and the other takes over when that one is gone.
use std::time::{Duration, Instant};

use crate::{Result, World, scenario};
use anyhow::ensure;
use fake_slack::Fault as SlackFault;
use scenarios::Dam;
use scenarios::world::{Bridge, Second, TAKE_OVER};
use testkit::eventually;

const LIMIT: Duration = scenarios::world::LIMIT;
/// How long a stop may take that waits for nothing, on a machine that does much else.
const STOPS_WITHIN: Duration = Duration::from_secs(2);

/// Starts both and logs the admin in.
async fn two(world: &mut World) -> Result<Second> {
    let second = world.start_two().await?;
    world.log_in().await?;
    Ok(second)
}

/// The other one is the world's from now on, and is looked over at the end.
fn swap(world: &mut World, second: &mut Second) {
    std::mem::swap(&mut world.bridge, &mut second.bridge);
}

/// Stops a process that has nothing at work: that takes a moment.
async fn stop_soon(bridge: &mut Bridge) -> Result<()> {
    let begun = Instant::now();
    bridge.stop().await?;
    let took = begun.elapsed();
    ensure!(took < STOPS_WITHIN, "a stop took {took:?}:\n{}", bridge.tail());
    Ok(())
}

/// Says things on both sides; adds what was said.
async fn talk(world: &World, room: &str, said: &mut Said, count: usize) -> Result<()> {
    for _ in 0..count {
        let number = said.inward.len();
        let (inner, outer) = (format!("inward number {number}"), format!("outward number {number}"));
        world.slack_says("bob", "general", &inner)?;
        world.matrix_says(&world.admin, room, &outer).await?;
        said.inward.push(inner);
        said.outward.push(outer);
    }
    Ok(())
}

#[derive(Default)]
struct Said {
    inward: Vec<String>,
    outward: Vec<String>,
}

impl Said {
    /// All of it is on the other side, once and in its order.
    async fn arrives(&self, world: &World, room: &str) -> Result<()> {
        let outward: Vec<&str> = self.outward.iter().map(String::as_str).collect();
        let inward: Vec<&str> = self.inward.iter().map(String::as_str).collect();
        world.wait_for_slack_texts("general", &outward).await?;
        world.wait_for_texts_within(LIMIT * 2, &world.admin, room, &inward).await?;
        world.settle("general", room).await?;
        for text in self.inward.iter().chain(&self.outward) {
            world.ensure_once(room, text).await?;
        }
        world.wait_for_texts(&world.admin, room, &inward).await?;
        world.wait_for_slack_texts("general", &outward).await
    }
}

scenario!(both_accept_and_one_works in two);
async fn both_accept_and_one_works(world: &mut World) -> Result<()> {
    let mut second = two(world).await?;
    let room = world.portal("general").await?;
    let mut said = Said::default();
    talk(world, &room, &mut said, 20).await?;
    said.arrives(world, &room).await?;
    for bridge in [&world.bridge, &second.bridge] {
        let health = bridge.health().await?;
        assert!(health["homeserver"]["last_transaction_at"].is_i64(), "it accepted nothing: {health}");
    }
    second.bridge.wait_for_role("standby").await?;
    stop_soon(&mut second.bridge).await?;
    talk(world, &room, &mut said, 2).await?;
    said.arrives(world, &room).await
}

scenario!(killed_the_one_that_works_leaves_all_to_the_other in two);
async fn killed_the_one_that_works_leaves_all_to_the_other(world: &mut World) -> Result<()> {
    let mut second = two(world).await?;
    let room = world.portal("general").await?;
    let mut said = Said::default();
    talk(world, &room, &mut said, 5).await?;
    world.bridge.kill9()?;
    let killed = Instant::now();
    swap(world, &mut second);
    talk(world, &room, &mut said, 5).await?;
    world.bridge.wait_for_role("working").await?;
    let taken = killed.elapsed();
    ensure!(taken < TAKE_OVER, "it took {taken:?}");
    talk(world, &room, &mut said, 5).await?;
    world.wait_for_socket().await?;
    said.arrives(world, &room).await?;
    // The killed one comes back, and stands by.
    second.bridge.start().await?;
    second.bridge.wait_for_role("standby").await?;
    talk(world, &room, &mut said, 5).await?;
    said.arrives(world, &room).await?;
    second.bridge.stop().await
}

scenario!(killed_the_one_that_stands_by_is_not_missed in two);
async fn killed_the_one_that_stands_by_is_not_missed(world: &mut World) -> Result<()> {
    let mut second = two(world).await?;
    let room = world.portal("general").await?;
    let mut said = Said::default();
    talk(world, &room, &mut said, 5).await?;
    second.bridge.kill9()?;
    talk(world, &room, &mut said, 5).await?;
    said.arrives(world, &room).await?;
    world.bridge.wait_for_role("working").await
}

scenario!(frozen_the_one_that_works_is_fenced_off in two);
async fn frozen_the_one_that_works_is_fenced_off(world: &mut World) -> Result<()> {
    let mut second = two(world).await?;
    let room = world.portal("general").await?;
    let mut said = Said::default();
    talk(world, &room, &mut said, 3).await?;
    said.arrives(world, &room).await?;
    // It freezes with a post of which it does not know what became, and with more behind it.
    world.slack.fail_next("chat.postMessage", SlackFault::HangAfter, 1);
    talk(world, &room, &mut said, 5).await?;
    let stalled = world.slack.wait_for_call("chat.postMessage", |call| call.fault.is_some(), LIMIT).await;
    ensure!(stalled.is_some(), "nothing was posted");
    world.bridge.pause()?;
    // A statement may have to wait until the database cuts off what the frozen one has begun.
    world.expect_in_log("slow statement");
    swap(world, &mut second);
    talk(world, &room, &mut said, 3).await?;
    world.bridge.wait_for_role("working").await?;
    world.wait_on_slack("general", said.outward.last().expect("something was said")).await?;
    second.bridge.resume()?;
    let (code, log) = second.bridge.wait_exit().await?;
    ensure!(code == 1, "it ended with exit code {code}");
    ensure!(log.contains("Another process has taken the work over"), "it does not say why:\n{log}");
    talk(world, &room, &mut said, 3).await?;
    said.arrives(world, &room).await?;
    // Whoever supervises it starts it again.
    second.bridge.start().await?;
    second.bridge.wait_for_role("standby").await?;
    second.bridge.stop().await
}

scenario!(a_stop_hands_the_work_over in two);
async fn a_stop_hands_the_work_over(world: &mut World) -> Result<()> {
    let mut second = two(world).await?;
    let room = world.portal("general").await?;
    let mut said = Said::default();
    talk(world, &room, &mut said, 5).await?;
    said.arrives(world, &room).await?;
    let begun = Instant::now();
    stop_soon(&mut world.bridge).await?;
    swap(world, &mut second);
    world.bridge.wait_for_role("working").await?;
    let taken = begun.elapsed();
    ensure!(taken < Duration::from_secs(3), "it took {taken:?}");
    talk(world, &room, &mut said, 5).await?;
    said.arrives(world, &room).await
}

scenario!(a_stop_in_the_middle_of_talk_is_short_and_keeps_the_order in two);
async fn a_stop_in_the_middle_of_talk_is_short_and_keeps_the_order(world: &mut World) -> Result<()> {
    let mut second = two(world).await?;
    let room = world.portal("general").await?;
    let mut said = Said::default();
    for _ in 0..2 {
        talk(world, &room, &mut said, 5).await?;
        world.wait_on_slack("general", &said.outward[said.outward.len() - 4]).await?;
        stop_soon(&mut world.bridge).await?;
        swap(world, &mut second);
        world.bridge.wait_for_role("working").await?;
        talk(world, &room, &mut said, 2).await?;
        second.bridge.start().await?;
    }
    said.arrives(world, &room).await?;
    stop_soon(&mut second.bridge).await
}

scenario!(what_slack_sends_to_a_frozen_process_comes_in_its_order in two);
async fn what_slack_sends_to_a_frozen_process_comes_in_its_order(world: &mut World) -> Result<()> {
    let mut second = two(world).await?;
    let room = world.portal("general").await?;
    world.bridge.pause()?;
    world.expect_in_log("slow statement");
    swap(world, &mut second);
    world.bridge.wait_for_role("working").await?;
    ensure!(world.slack.wait_for_sockets(2, LIMIT).await, "there are no two sockets");
    // What was missed until then is caught up on with the first of these. Of the rest Slack sends every other one to the
    // frozen process at first.
    let texts: Vec<String> = (0..9).map(|number| format!("said beside a frozen process {number}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for text in &texts[..1] {
        world.slack_says("alice", "general", text)?;
    }
    world.wait_for_texts(&world.admin, &room, &texts[..1]).await?;
    for pair in texts[1..].chunks(2) {
        for text in pair {
            world.slack_says("alice", "general", text)?;
        }
        // One of each two is there soon, and the other one no later than Slack's next try.
        world.wait_for_texts(&world.admin, &room, pair).await?;
    }
    world.wait_for_texts(&world.admin, &room, &texts).await?;
    second.bridge.resume()?;
    let (code, _) = second.bridge.wait_exit().await?;
    ensure!(code == 1, "it ended with exit code {code}");
    world.settle("general", &room).await?;
    world.wait_for_texts(&world.admin, &room, &texts).await
}

/// Only the one that works loses the database, in this way, while both sides go on talking.
async fn cut_off(world: &mut World, cut: impl FnOnce(&Dam)) -> Result<()> {
    let direct = world.bridge.config["database"]["url"].clone();
    let dam = world.dam_database().await?;
    let mut second = world.start_two_apart(direct).await?;
    world.log_in().await?;
    let room = world.portal("general").await?;
    let mut said = Said::default();
    talk(world, &room, &mut said, 5).await?;
    said.arrives(world, &room).await?;
    world.expect_in_log("slow statement");
    // It waits for an answer that does not come, to a post that is there.
    world.slack.fail_next("chat.postMessage", SlackFault::HangAfter, 1);
    talk(world, &room, &mut said, 2).await?;
    let stalled = world.slack.wait_for_call("chat.postMessage", |call| call.fault.is_some(), LIMIT).await;
    ensure!(stalled.is_some(), "nothing was posted");
    cut(&dam);
    let cut_at = Instant::now();
    talk(world, &room, &mut said, 3).await?;
    swap(world, &mut second);
    world.bridge.wait_for_role("working").await?;
    let taken = cut_at.elapsed();
    ensure!(taken < TAKE_OVER, "it took {taken:?}");
    // The other one has let its sockets go by then: all that is said from now on comes to the one that works.
    eventually(LIMIT, "one socket, which is the other one's", async || {
        let (sockets, health) = (world.slack.sockets().len(), world.bridge.health().await?);
        let connection = &health["own"]["logins"][0]["connection"]["state"];
        ensure!(sockets == 1 && connection == "connected", "there are {sockets}; this one is {connection}");
        Ok(())
    })
    .await?;
    for _ in 0..5 {
        talk(world, &room, &mut said, 1).await?;
        world.wait_on_slack("general", said.outward.last().expect("something was said")).await?;
    }
    said.arrives(world, &room).await?;
    dam.open();
    let (code, log) = second.bridge.wait_exit().await?;
    ensure!(code == 1, "it ended with exit code {code}");
    ensure!(log.contains("Another process has taken the work over"), "it does not say why:\n{log}");
    talk(world, &room, &mut said, 3).await?;
    said.arrives(world, &room).await
}

scenario!(cut_off_from_the_database_the_one_that_works_lets_go in two);
async fn cut_off_from_the_database_the_one_that_works_lets_go(world: &mut World) -> Result<()> {
    cut_off(world, Dam::cut).await
}

scenario!(a_database_that_never_answers_is_not_waited_for in two);
async fn a_database_that_never_answers_is_not_waited_for(world: &mut World) -> Result<()> {
    cut_off(world, Dam::close).await
}
