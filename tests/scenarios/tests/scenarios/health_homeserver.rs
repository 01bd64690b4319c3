//! A homeserver that is away in any way is told within a minute, and soon after its return all is well by itself.
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use scenarios::Place;
use serde_json::Value;
use testkit::{Fault, eventually};

use crate::{Result, World, scenario};

/// Within this time it is told.
const TOLD_WITHIN: Duration = Duration::from_mins(1);
/// Within this time of its return all is well.
const WELL_WITHIN: Duration = Duration::from_secs(30);
/// So often the operator is told of one outage.
const TOLD: [&str; 3] = ["is not there both ways", "could not be nudged", "but sends us none"];

scenario!(@tests one_that_is_stopped: fake_synapse_sqlite, fake_continuwuity_sqlite);
async fn one_that_is_stopped(world: &mut World) -> Result<()> {
    goes_and_returns(
        world,
        "homeserver_unreachable",
        async |world| world.homeserver.stop().await,
        async |world| world.homeserver.start_again().await,
    )
    .await
}

/// With a Synapse of its own, which costs some seconds more.
#[tokio::test]
async fn one_that_is_stopped_for_real() {
    let name = "one_that_is_stopped_for_real in synapse_sqlite";
    scenarios::run_alone(name, Place::synapse_sqlite(), one_that_is_stopped).await;
}

scenario!(@tests one_that_hangs: fake_synapse_sqlite, fake_continuwuity_sqlite);
async fn one_that_hangs(world: &mut World) -> Result<()> {
    goes_and_returns(
        world,
        "homeserver_unreachable",
        async |world| {
            world.fake().push_down(true);
            fail_all(world, Fault::Hang);
            Ok(())
        },
        async |world| {
            return_from_faults(world);
            Ok(())
        },
    )
    .await
}

scenario!(@tests one_that_refuses_our_token: fake_synapse_sqlite, fake_continuwuity_sqlite);
async fn one_that_refuses_our_token(world: &mut World) -> Result<()> {
    goes_and_returns(
        world,
        "homeserver_refuses",
        async |world| {
            fail_all(world, Fault::Error(401, "M_UNKNOWN_TOKEN"));
            Ok(())
        },
        async |world| {
            return_from_faults(world);
            Ok(())
        },
    )
    .await
}

scenario!(@tests one_that_runs_and_is_silent: fake_synapse_sqlite, fake_continuwuity_sqlite);
async fn one_that_runs_and_is_silent(world: &mut World) -> Result<()> {
    goes_and_returns(
        world,
        "homeserver_silent",
        async |world| {
            world.fake().push_down(true);
            Ok(())
        },
        async |world| {
            return_from_faults(world);
            Ok(())
        },
    )
    .await
}

fn fail_all(world: &World, fault: Fault) {
    world.fake().fail_next("*", fault, usize::MAX);
}

fn return_from_faults(world: &World) {
    world.fake().push_down(false);
    world.fake().clear_faults();
}

scenario!(@tests one_that_is_not_there_at_the_start: fake_synapse_sqlite, fake_continuwuity_sqlite);
async fn one_that_is_not_there_at_the_start(world: &mut World) -> Result<()> {
    world.homeserver.stop().await?;
    world.bridge.launch()?;
    ready(world, TOLD_WITHIN, Some("homeserver_unreachable")).await?;
    let (exit, told) = world.bridge.verb(&["status"]).await?;
    ensure!(
        exit == 2 && told.contains("waits at its start for the homeserver"),
        "it ended with {exit}: {told}"
    );
    let (_, told) = world.bridge.verb(&["doctor"]).await?;
    ensure!(told.contains("It runs, and says of homeserver") && !told.contains("another program"), "{told}");
    world.homeserver.start_again().await?;
    ready(world, WELL_WITHIN, None).await?;
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.matrix_says(&world.admin, &room, "after").await?;
    world.wait_for_slack_texts("general", &["after"]).await
}

/// What was said meanwhile arrives, too.
async fn goes_and_returns(
    world: &mut World,
    code: &str,
    go: impl AsyncFn(&World) -> Result<()>,
    come_back: impl AsyncFn(&World) -> Result<()>,
) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.matrix_says(&world.admin, &room, "before").await?;
    world.wait_for_slack_texts("general", &["before"]).await?;
    ready(world, WELL_WITHIN, None).await?;
    for part in TOLD {
        world.expect_in_log(part);
    }
    go(world).await?;
    let gone = Instant::now();
    ready(world, TOLD_WITHIN, Some(code)).await?;
    println!("{code} was told after {:?}", gone.elapsed());
    let (exit, told) = world.bridge.verb(&["status"]).await?;
    ensure!(exit == 2 && told.contains(code), "status ended with {exit}: {told}");
    let warned =
        world.bridge.log().lines().filter(|line| TOLD.iter().any(|part| line.contains(part))).count();
    ensure!(warned == 1, "the operator was told {warned} times\n{}", world.bridge.tail());
    come_back(world).await?;
    let back = Instant::now();
    ready(world, WELL_WITHIN, None).await?;
    println!("all was well {:?} after its return", back.elapsed());
    world.matrix_says(&world.admin, &room, "after").await?;
    world.wait_for_slack_texts("general", &["before", "after"]).await
}

/// Waits until the bridge says that it is ready, or not for this reason.
async fn ready(world: &World, within: Duration, code: Option<&str>) -> Result<()> {
    let http = reqwest::Client::new();
    eventually(within, format!("ready with {code:?}"), async || {
        let answer = http.get(world.bridge.url("/health/ready")).send().await.context("nobody answers")?;
        let (status, document): (_, Value) = (answer.status(), answer.json().await?);
        let expected = if code.is_none() { 200 } else { 503 };
        ensure!(status == expected, "it answered {status}: {document}");
        let homeserver = &document["homeserver"];
        ensure!(homeserver["code"].as_str() == code, "{homeserver}");
        if let Some(code) = code {
            ensure!(document["state"] == "down" && document["problems"][0]["code"] == code, "{document}");
            ensure!(homeserver["reason"].is_string() && homeserver["remedy"].is_string(), "{homeserver}");
        }
        Ok(())
    })
    .await
}
