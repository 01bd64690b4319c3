//! Prometheus' rules: whether they are understood, whether each alert is heard when it should be, whether the metrics exist.

use super::names::{Known, metrics};
use super::{files, scratch, text};
use crate::workspace::{Workspace, make_folder};
use crate::{debian, process};
use anyhow::{Context, Result, bail};
use serde_yaml::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

/// Checks rules and their tests.
pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let folder = workspace.root.join("deploy/monitoring");
    let promtool = promtool(workspace)?;
    let run = |words: &[&str]| process::run(Command::new(&promtool).current_dir(&folder).args(words));
    run(&["check", "config", "prometheus.yml"])?;
    run(&["test", "rules", "rules.test.yml", "rules.days.test.yml"])?;
    let rules = rules(&serde_yaml::from_str(&text(&folder.join("rules.yml"))?)?);
    let known = Known::read(workspace)?;
    for (alert, expr) in &rules {
        known.expect(alert, metrics(expr))?;
    }
    let mut tested = BTreeSet::new();
    for file in files(workspace, "deploy/monitoring", ".test.yml")? {
        tested.extend(alerts_heard(&serde_yaml::from_str(&text(&file)?)?));
    }
    let untested: Vec<&str> =
        rules.iter().map(|(alert, _)| alert.as_str()).filter(|alert| !tested.contains(*alert)).collect();
    if rules.is_empty() || !untested.is_empty() {
        bail!("no test hears these alerts: {}", untested.join(", "));
    }
    Ok(())
}

/// Each alert with its expression.
fn rules(document: &Value) -> Vec<(String, String)> {
    let groups = document["groups"].as_sequence().into_iter().flatten();
    let rules = groups.flat_map(|group| group["rules"].as_sequence().into_iter().flatten());
    rules.filter_map(|rule| Some((rule["alert"].as_str()?.into(), rule["expr"].as_str()?.into()))).collect()
}

/// The alerts that a file of tests expects to be heard at least once.
fn alerts_heard(document: &Value) -> Vec<String> {
    let tests = document["tests"].as_sequence().into_iter().flatten();
    let cases = tests.flat_map(|test| test["alert_rule_test"].as_sequence().into_iter().flatten());
    let heard =
        cases.filter(|case| case["exp_alerts"].as_sequence().is_some_and(|alerts| !alerts.is_empty()));
    heard.filter_map(|case| Some(case["alertname"].as_str()?.to_owned())).collect()
}

/// Prometheus' own tool: the one in PATH, else the one from Debian's package, unpacked under the build folder. Installing the
/// package would start a server, which nobody here needs.
pub(super) fn promtool(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(program) = process::find("promtool") {
        return Ok(program);
    }
    let folder = workspace.target.join("tools/prometheus");
    let program = folder.join("usr/bin/promtool");
    if !process::succeeds(Command::new(&program).arg("--version")) {
        make_folder(&folder)?;
        debian::unpack("prometheus", &folder).context("Prometheus' tool promtool is missing")?;
    }
    Ok(program)
}

/// Has Prometheus read expressions that stand in no file of rules.
pub(super) fn parse(workspace: &Workspace, exprs: &[String]) -> Result<()> {
    let rule =
        |(at, expr): (usize, &String)| serde_json::json!({ "record": format!("query:{at}"), "expr": expr });
    let rules: Vec<_> = exprs.iter().enumerate().map(rule).collect();
    let document = serde_json::json!({ "groups": [{ "name": "queries", "rules": rules }] });
    // JSON is YAML, too.
    let file = scratch(workspace, "dashboard")?.join("queries.yml");
    std::fs::write(&file, serde_json::to_string_pretty(&document)?)?;
    process::run(Command::new(promtool(workspace)?).args(["check", "rules"]).arg(file))
}
