//! What programs log at work: nothing by default, a line for each message at debug, levels for the journal.
use serde_json::json;

use scenarios::{Bots, bots_scenario};

use crate::{Result, World, scenario};

/// How many messages go each way.
const MANY: usize = 50;

fn numbered(what: &str) -> Vec<String> {
    (0..MANY).map(|number| format!("{what} number {number:03}")).collect()
}

fn refs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

scenario!(a_bridge_at_work_logs_nothing in one);
async fn a_bridge_at_work_logs_nothing(world: &mut World) -> Result<()> {
    world.bridge.config["logging"]["level"] = json!("info");
    world.log_in().await?;
    let room = world.portal("general").await?;
    // Whoever speaks for the first time is introduced.
    world.matrix_says(&world.admin, &room, "the first of mine").await?;
    world.wait_on_slack("general", "the first of mine").await?;
    world.settle("general", &room).await?;
    let before = world.bridge.log();
    assert!(before.contains("running"), "it tells that it runs: {before}");
    let (from_slack, from_matrix) = (numbered("burst"), numbered("salvo"));
    for (there, here) in from_slack.iter().zip(&from_matrix) {
        world.slack_says("carol", "general", there)?;
        world.matrix_says(&world.admin, &room, here).await?;
    }
    world.wait_for_texts(&world.admin, &room, &refs(&from_slack)).await?;
    world.wait_for_slack_texts("general", &refs(&from_matrix)).await?;
    assert_eq!(world.bridge.log()[before.len()..], *"", "one hundred messages are no news");
    Ok(())
}

bots_scenario!(a_host_at_work_logs_nothing in one);
async fn a_host_at_work_logs_nothing(world: &mut Bots) -> Result<()> {
    world.config["logging"]["level"] = json!("info");
    world.declare("greeter", "hello", &json!({ "greeting": "good day {name}" }));
    world.start().await?;
    let room = world.room_with(&["greeter"]).await?;
    world.admin.send_text(&room, "!hello first").await?;
    world.wait_for_said(&room, "greeter", &["good day first"]).await?;
    let before = world.program().log();
    let mut expected = vec!["good day first".to_owned()];
    for number in 0..MANY {
        world.admin.send_text(&room, &format!("!hello guest{number:03}")).await?;
        expected.push(format!("good day guest{number:03}"));
    }
    world.wait_for_said(&room, "greeter", &refs(&expected)).await?;
    assert_eq!(world.program().log()[before.len()..], *"", "one hundred messages are no news");
    Ok(())
}

scenario!(each_message_is_one_line_at_debug in one);
async fn each_message_is_one_line_at_debug(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.settle("general", &room).await?;
    let before = world.bridge.log();
    let texts = numbered("burst");
    for text in &texts {
        world.slack_says("carol", "general", text)?;
    }
    world.wait_for_texts(&world.admin, &room, &refs(&texts)).await?;
    world.settle("general", &room).await?;
    let log = world.bridge.log();
    let done = |line: &&str| line.contains("an event is done") && line.contains("source=\"remote\"");
    let lines = log[before.len()..].lines().filter(done).count();
    // With the one that settles.
    assert!((MANY..=MANY + 2).contains(&lines), "{lines} lines for {MANY} messages");
    Ok(())
}

scenario!(the_journal_is_told_the_levels in one);
async fn the_journal_is_told_the_levels(world: &mut World) -> Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let log = world.bridge.folder().join("program.log");
    std::fs::write(&log, "")?;
    let file = std::fs::metadata(&log)?;
    world.bridge.set_env("JOURNAL_STREAM", format!("{}:{}", file.dev(), file.ino()));
    world.bridge.start().await?;
    world.bridge.config["logging"]["format"] = json!("json");
    world.crash_and_restart().await?;
    let lines = world.bridge.log();
    for start in ["<6> INFO bridge_core", "<7>DEBUG bridge_core", "<6>{\"timestamp\"", "<7>{\"timestamp\""] {
        assert!(lines.lines().any(|line| line.starts_with(start)), "no line begins with {start}: {lines}");
    }
    // Elsewhere the variable is inherited from whoever started the program.
    world.bridge.set_env("JOURNAL_STREAM", "1:1");
    world.crash_and_restart().await?;
    let all = world.bridge.log();
    assert!(all[lines.len()..].lines().all(|line| line.starts_with('{')), "{all}");
    Ok(())
}
