//! What the state command of `by: command` prints: `state|started at|restarts`.

use super::{Seen, State, docker};

/// Reads the first line that is not empty. The error is a sentence.
pub(in crate::control) fn read(printed: &str) -> Result<Seen, String> {
    let line = printed.lines().map(str::trim).find(|line| !line.is_empty());
    let line =
        line.ok_or("The state command printed nothing; it has to print `state|started at|restarts`.")?;
    let mut parts = line.split('|').map(str::trim);
    let word = parts.next().unwrap_or_default();
    let state = match word.to_lowercase().replace(['_', '-'], " ").as_str() {
        "running" | "active" | "up" => State::Running,
        "restarting" | "starting" | "stopping" | "activating" | "deactivating" => State::Restarting,
        "unhealthy" => State::Unhealthy,
        "stopped" | "exited" | "inactive" | "failed" | "paused" | "created" | "dead" | "removing" => {
            State::Stopped
        }
        "not deployed" | "missing" | "absent" => State::NotDeployed,
        _ => {
            return Err(format!(
                "The state command printed the state \"{}\"; known are running, restarting, unhealthy, exited and not deployed.",
                short(word)
            ));
        }
    };
    let since = read_moment(parts.next().unwrap_or_default())?;
    let restarts = match parts.next().unwrap_or_default() {
        "" | "-" => None,
        number => Some(number.parse().map_err(|_| {
            format!("The state command printed \"{}\" in place of a number of restarts.", short(number))
        })?),
    };
    Ok(Seen { state, since, restarts, detail: None })
}

/// As of RFC 3339, or in seconds or milliseconds since 1970; nothing and `-` are none.
fn read_moment(text: &str) -> Result<Option<i64>, String> {
    if matches!(text, "" | "-") {
        return Ok(None);
    }
    if let Ok(number) = text.parse::<i64>() {
        // Seconds reach this in the year 5138.
        return Ok(Some(if number < 100_000_000_000 { number * 1_000 } else { number }).filter(|at| *at > 0));
    }
    if text.parse::<jiff::Timestamp>().is_err() {
        return Err(format!(
            "The state command printed the time \"{}\"; write it like 2026-11-29T09:13:00Z.",
            short(text)
        ));
    }
    Ok(docker::moment(text))
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::super::cases::check;
    use super::*;

    #[test]
    fn the_contract_is_read() {
        check(include_str!("cases/contract.txt"), read);
    }
}
