//! Services in words for a terminal.

use std::fmt::Write as _;
use std::time::Duration;

use super::answer::{restarted, time};
use crate::control::action::Outcome;
use crate::control::verb::Verb;
use crate::control::view::ServiceView;
use crate::error::HostError;
use crate::host::Host;

/// Who has something done from a shell.
const WHO: &str = "ctl";
/// How long is waited for the end: less than whoever asked waits.
const PATIENCE: Duration = Duration::from_secs(45);

/// All of them.
pub(super) fn list(host: &Host) -> String {
    host.control().look();
    let views = host.control().list();
    if views.is_empty() {
        return "There are no services. Name them in the config file, below bots.services.".to_owned();
    }
    views.iter().map(line).collect()
}

fn line(view: &ServiceView) -> String {
    let mut text = format!("{}: {}", view.name, view.word());
    if let Some(since) = view.since {
        let _ = write!(text, " since {}", time(since));
    }
    if let Some(restarts) = view.restarts.filter(|restarts| *restarts > 0) {
        text.push_str(&restarted(restarts));
    }
    if let Some(row) = &view.at_work {
        let _ = write!(text, ", {} of {} goes on", row.action, row.who);
    }
    text.push('\n');
    for reason in &view.reasons {
        let _ = writeln!(text, "  {} {}", reason.text, reason.remedy.as_deref().unwrap_or_default());
    }
    text
}

/// Has something done and waits for its end, for a while.
pub(super) async fn act(host: &Host, name: &str, verb: Verb) -> Result<String, HostError> {
    let control = host.control();
    let id = control.begin(name, verb, WHO).await?;
    let Ok(row) = tokio::time::timeout(PATIENCE, control.ended(name, id)).await else {
        return Ok(format!("It goes on. The page *Services* shows it as number {id}, and how it ends."));
    };
    let row = row?;
    match Outcome::of(&row) {
        Some(Outcome::Done) => Ok(row.tail),
        _ => Err(HostError::Failed(row.error.unwrap_or_else(|| "It did not work.".to_owned()))),
    }
}
