//! What `systemctl show` prints of a unit.

use std::collections::HashMap;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Seen, State};

/// Reads its lines. The error is a sentence.
pub(in crate::control) fn read(printed: &str) -> Result<Seen, String> {
    let told: HashMap<&str, &str> = printed.lines().filter_map(|line| line.trim().split_once('=')).collect();
    let of = |key: &str| told.get(key).copied().unwrap_or_default();
    if of("LoadState").is_empty() || of("ActiveState").is_empty() {
        return Err("What systemctl printed has no state in it.".to_owned());
    }
    if of("LoadState") == "not-found" {
        return Ok(Seen::only(State::NotDeployed));
    }
    let state = match of("ActiveState") {
        "active" | "reloading" | "refreshing" => State::Running,
        "activating" | "deactivating" => State::Restarting,
        "inactive" | "failed" => State::Stopped,
        other => return Err(format!("systemd calls the unit {other}, which is not known here.")),
    };
    let since = match state {
        State::Running => of("ActiveEnterTimestamp"),
        State::Stopped => of("InactiveEnterTimestamp"),
        _ => of("StateChangeTimestamp"),
    };
    let seen = Seen { state, since: moment(since), restarts: of("NRestarts").parse().ok(), detail: None };
    Ok(match detail(&of) {
        Some(detail) => seen.told(detail),
        None => seen,
    })
}

fn detail<'a>(of: &impl Fn(&str) -> &'a str) -> Option<String> {
    match (of("LoadState"), of("ActiveState"), of("SubState")) {
        ("masked", ..) => {
            Some("The unit is masked, so it cannot be started: `systemctl unmask` allows it.".to_owned())
        }
        ("loaded", "failed", _) => Some(failed(of("Result"), of("ExecMainStatus"))),
        ("loaded", "activating", sub) if sub.starts_with("auto-restart") => {
            Some(format!("It ended and is started again. {}", failed(of("Result"), of("ExecMainStatus"))))
        }
        ("loaded", "activating", _) => Some("It is being started.".to_owned()),
        ("loaded", "deactivating", _) => Some("It is being stopped.".to_owned()),
        ("loaded", ..) => None,
        (other, ..) => Some(format!("systemd cannot load the unit ({other}); `systemctl status` says why.")),
    }
}

fn failed(result: &str, code: &str) -> String {
    match result {
        "exit-code" => format!("It ended with exit code {code}."),
        "signal" | "core-dump" => format!("It was ended by signal {code}."),
        "timeout" => "It took too long and was ended.".to_owned(),
        "watchdog" => "It gave no sign of life and was ended.".to_owned(),
        "oom-kill" => "It took too much memory and was ended.".to_owned(),
        "start-limit-hit" => "It failed too often in a short time, so systemd starts it no more.".to_owned(),
        "success" | "" => "It did not fail.".to_owned(),
        other => format!("systemd calls its end {other}."),
    }
}

/// A moment as systemd writes it in UTC, such as `Sun 2026-11-29 09:13:00 UTC`.
fn moment(text: &str) -> Option<i64> {
    let (_, text) = text.split_once(' ')?;
    let at = DateTime::strptime("%Y-%m-%d %H:%M:%S UTC", text).ok()?;
    Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::super::cases::check;
    use super::*;

    #[test]
    fn what_systemctl_prints_is_read() {
        check(include_str!("cases/systemd.txt"), read);
    }
}
