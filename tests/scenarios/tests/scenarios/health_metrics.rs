//! The dashboard and the alerts ask for what the programs' own endpoints have.
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use regex::Regex;
use scenarios::{Bots, bots_scenario};
use serde_json::{Value, json};
use testkit::eventually;

use crate::{Result, World, scenario};

const LIMIT: std::time::Duration = scenarios::world::LIMIT;
/// Metrics that come only with what does not happen here.
const RARE: [&str; 4] = [
    "bridge_events_passed_over_total",
    "bridge_lease_generation",
    "slack_rate_limited_total",
    "bots_instagram_asked_total",
];
/// Labels that Prometheus adds, or that another's metrics have.
const FOREIGN: [&str; 4] = ["job", "instance", "program", "le"];

scenario!(the_bridge_has_what_is_asked_for in one);
async fn the_bridge_has_what_is_asked_for(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.matrix_says(&world.admin, &room, "there").await?;
    world.wait_for_slack_texts("general", &["there"]).await?;
    world.slack_says("alice", "general", "and back")?;
    world.wait_for_texts(&world.admin, &room, &["and back"]).await?;
    expect_answers(&world.bridge.url("/metrics"), "metrics.md", &["bots_"]).await?;
    let text = reqwest::get(world.bridge.url("/metrics")).await?.text().await?;
    for line in [
        "bridge_ready 1",
        "bridge_portals 1",
        r#"bridge_logins{state="connected"} 1"#,
        r#"bridge_logins{state="bad_credentials"} 0"#,
        r#"bridge_messages_total{direction="to_network",kind="message",result="ok"} 1"#,
        r#"bridge_messages_total{direction="to_matrix",kind="message",result="failed"} 0"#,
        "slack_acknowledged_late_total 0",
        "slack_sockets_opened_total 1",
    ] {
        ensure!(text.lines().any(|there| there == line), "there is no {line} in\n{text}");
    }
    Ok(())
}

bots_scenario!(the_bots_have_what_is_asked_for in one);
async fn the_bots_have_what_is_asked_for(world: &mut Bots) -> Result<()> {
    world.declare("greeter", "hello", &json!({}));
    world.start().await?;
    let room = world.room_with(&["greeter"]).await?;
    world.admin.send_text(&room, "!hello you").await?;
    world.wait_for_said(&room, "greeter", &["Hello, you!"]).await?;
    let listen = world.config["appservice"]["listen"].as_str().context("no address")?;
    expect_answers(&format!("http://{listen}/metrics"), "metrics-bots.md", &["slack_", "bridge_logins"]).await
}

/// Each metric of the list, and each label that a query groups by, is there.
async fn expect_answers(url: &str, list: &str, others: &[&str]) -> Result<()> {
    let listed = listed(list)?;
    let queries = queries()?;
    eventually(LIMIT, "every metric", async || {
        let text = reqwest::get(url).await?.text().await?;
        let missing: Vec<&String> = listed
            .iter()
            .filter(|name| {
                !RARE.contains(&name.as_str()) && !others.iter().any(|other| name.starts_with(other))
            })
            .filter(|name| !text.contains(&format!("# TYPE {name} ")))
            .collect();
        ensure!(missing.is_empty(), "not there: {missing:?}");
        for query in queries.iter().filter(|query| !others.iter().any(|other| query.contains(other))) {
            expect_labels(&text, &listed, query)?;
        }
        Ok(())
    })
    .await
}

/// The labels that a query groups by are those of its metrics.
fn expect_labels(text: &str, listed: &BTreeSet<String>, query: &str) -> Result<()> {
    let asked = listed.iter().find(|name| query.contains(name.as_str()) && !RARE.contains(&name.as_str()));
    let Some(metric) = asked else { return Ok(()) };
    let series: Vec<&str> = text.lines().filter(|line| line.starts_with(metric.as_str())).collect();
    for group in Regex::new(r"by \(([^)]*)\)")?.captures_iter(query) {
        for label in group[1].split(',').map(str::trim).filter(|label| !FOREIGN.contains(label)) {
            let is_there = series.iter().any(|line| line.contains(&format!("{label}=\"")));
            ensure!(is_there, "{query} groups by {label}, which {metric} does not have: {series:?}");
        }
    }
    Ok(())
}

/// The names in a generated list of metrics.
fn listed(list: &str) -> Result<BTreeSet<String>> {
    let text = std::fs::read_to_string(repository().join("docs/generated").join(list))?;
    let names = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    Ok(names.map(str::to_owned).collect())
}

/// What the dashboard and the alerts ask.
fn queries() -> Result<Vec<String>> {
    let folder = repository().join("deploy/monitoring");
    let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("grafana.json"))?)?;
    let panels = dashboard["panels"].as_array().into_iter().flatten();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let mut found: Vec<String> =
        targets.filter_map(|target| Some(target["expr"].as_str()?.to_owned())).collect();
    let rules: Value = serde_yaml::from_str(&std::fs::read_to_string(folder.join("rules.yml"))?)?;
    let groups = rules["groups"].as_array().into_iter().flatten();
    let rules = groups.flat_map(|group| group["rules"].as_array().into_iter().flatten());
    found.extend(rules.filter_map(|rule| Some(rule["expr"].as_str()?.to_owned())));
    ensure!(found.len() > 30, "only {} queries were found", found.len());
    Ok(found)
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
