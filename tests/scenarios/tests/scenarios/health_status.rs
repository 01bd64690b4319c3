//! The verb `status` says how the program is, in words and by its exit code.
use anyhow::{Context as _, ensure};
use scenarios::{Bots, bots_scenario};
use serde_json::{Value, json};
use testkit::eventually;

use crate::{Result, World, scenario};

const LIMIT: std::time::Duration = scenarios::world::LIMIT;

scenario!(status_of_a_bridge in one);
async fn status_of_a_bridge(world: &mut World) -> Result<()> {
    let (code, told) = world.bridge.verb(&["status"]).await?;
    ensure!(code == 3 && told.contains("not deployed") && told.contains("bridge.db"), "{code}: {told}");
    let (code, told) = world.bridge.verb(&["status", "--json"]).await?;
    let document: Value = serde_json::from_str(&told).with_context(|| told.clone())?;
    ensure!(code == 3 && document["state"] == "not deployed", "{code}: {document}");
    let room = world.log_in().await?;
    let portal = world.portal("general").await?;
    world.matrix_says(&world.admin, &portal, "a message that went").await?;
    world.wait_for_slack_texts("general", &["a message that went"]).await?;
    let told = status(world, 0).await?;
    ensure!(told.starts_with("bridge-slack is ") && !told.contains("(login_"), "{told}");
    ensure!(told.contains(", last message ") && !told.contains("a message that went"), "{told}");
    for part in ["program", "database", "homeserver", "queue", "dead letters", "disk", "login t0fake00001"] {
        ensure!(told.contains(&format!("\n  {part}")), "nothing of {part}: {told}");
    }
    let (code, told) = world.bridge.verb(&["status", "--json"]).await?;
    let document: Value = serde_json::from_str(&told).with_context(|| told.clone())?;
    ensure!(code == well(&told) && problems(&document).is_empty(), "{document}");
    let login = &document["parts"][0];
    ensure!(login["connection"] == "connected" && login["last_to_network_at"].is_i64(), "{login}");
    ensure!(
        document["disk"]["free_bytes"].is_u64() && document["database"]["latency_ms"].is_u64(),
        "{document}"
    );
    // Only a new login helps: the rest goes on.
    world.slack.revoke_token(&world.slack.app().bot_token)?;
    world.admin.wait_for_text_with(&room, "token was revoked").await?;
    let told = status(world, 1).await?;
    ensure!(told.starts_with("bridge-slack is degraded") && told.contains("(login_refused)"), "{told}");
    ensure!(world.bridge.verb(&["status", "--check"]).await?.0 == 0, "a supervisor has no use for that");
    world.bridge.stop().await?;
    let told = status(world, 2).await?;
    ensure!(told.starts_with("bridge-slack is down: nobody answers at "), "{told}");
    ensure!(world.bridge.verb(&["status", "--check"]).await?.0 == 1, "it is down");
    let nowhere = world.bridge.folder().join("nowhere.yaml");
    let (code, told) =
        scenarios::world::bridge::program()?.arg("--config").arg(nowhere).arg("status").run(LIMIT).await?;
    ensure!(code == 3 && told.contains("no config file"), "{code}: {told}");
    Ok(())
}

/// Waits until `status` ends with this code; answers what it said.
async fn status(world: &World, expected: i32) -> Result<String> {
    eventually(LIMIT, format!("status {expected}"), async || {
        let (code, told) = world.bridge.verb(&["status"]).await?;
        ensure!(code == if expected == 0 { well(&told) } else { expected }, "it ended with {code}: {told}");
        Ok(told)
    })
    .await
}

/// The code where all is well but, perhaps, the disk of the machine that the tests run on.
fn well(told: &str) -> i32 {
    i32::from(told.contains("disk_nearly_full"))
}

/// The codes of a document, without that of the machine's disk.
fn problems(document: &Value) -> Vec<&str> {
    let problems = document["problems"].as_array().into_iter().flatten();
    problems
        .filter_map(|problem| problem["code"].as_str())
        .filter(|code| *code != "disk_nearly_full")
        .collect()
}

bots_scenario!(status_of_bots by "trouble-bots" in one);
async fn status_of_bots(world: &mut Bots) -> Result<()> {
    world.config["bots"]["event_limit"] = 3.into();
    world.declare("trouble", "trouble", &json!({}));
    world.start().await?;
    let room = world.room_with(&["trouble"]).await?;
    let (code, told) = world.verb(&["status"]).await?;
    ensure!(code == well(&told) && told.starts_with("bridge-bots is "), "{code}: {told}");
    ensure!(told.contains("bot trouble") && !told.contains("(bot_failing)"), "{told}");
    world.admin.send_text(&room, "panic").await?;
    eventually(LIMIT, "the bot to be told", async || {
        let (code, told) = world.verb(&["status"]).await?;
        ensure!(code == 1 && told.contains("(bot_failing)"), "{code}: {told}");
        Ok(())
    })
    .await
}
