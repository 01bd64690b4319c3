//! Grafana's dashboard: whether each query is understood and asks for metrics that exist.

use super::monitoring::parse;
use super::names::{Known, metrics};
use super::text;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeSet;

/// Checks the dashboard's queries, and that no metric of ours is left out.
pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let file = workspace.root.join("deploy/monitoring/grafana.json");
    let dashboard: Value = serde_json::from_str(&text(&file)?).context("grafana.json is no JSON")?;
    let known = Known::read(workspace)?;
    let mut shown = BTreeSet::new();
    let mut exprs = Vec::new();
    for panel in dashboard["panels"].as_array().into_iter().flatten() {
        let title = panel["title"].as_str().unwrap_or("a panel without a title");
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expr = target["expr"].as_str().with_context(|| format!("{title}: a query has no text"))?;
            known.expect(title, metrics(expr))?;
            shown.extend(metrics(expr).into_iter().map(|name| known.family(name).to_owned()));
            // What Grafana puts in place of its own words.
            exprs.push(expr.replace("$__rate_interval", "5m").replace("$job", ".*"));
        }
    }
    for variable in dashboard["templating"]["list"].as_array().into_iter().flatten() {
        let query = variable["query"].as_str().unwrap_or_default();
        if let Some((metric, _)) = query.strip_prefix("label_values(").and_then(|rest| rest.split_once(',')) {
            known.expect("a variable", vec![metric])?;
        }
    }
    let missing: Vec<&str> = known.ours().filter(|name| !shown.contains(*name)).collect();
    if !missing.is_empty() {
        bail!("the dashboard shows nothing of {}", missing.join(", "));
    }
    println!("deploy: the dashboard has {} queries of {} metrics", exprs.len(), shown.len());
    parse(workspace, &exprs)
}
