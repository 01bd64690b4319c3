//! What `docker inspect` prints of a container.

use jiff::Timestamp;
use serde_json::Value;

use super::{Seen, State};

/// Reads its JSON. The error is a sentence.
pub(in crate::control) fn read(printed: &str) -> Result<Seen, String> {
    let told: Value =
        serde_json::from_str(printed).map_err(|_| "What docker printed is no JSON.".to_owned())?;
    let one = &told[0];
    let state = &one["State"];
    let status = state["Status"].as_str().ok_or("What docker printed has no state in it.")?;
    let health = state["Health"]["Status"].as_str().unwrap_or_default();
    let moment_of = |key: &str| state[key].as_str().and_then(moment);
    let (kept, since) = match status {
        "running" if health == "unhealthy" => (State::Unhealthy, moment_of("StartedAt")),
        "running" => (State::Running, moment_of("StartedAt")),
        "restarting" => (State::Restarting, moment_of("FinishedAt")),
        "paused" | "created" | "exited" | "dead" | "removing" => (State::Stopped, moment_of("FinishedAt")),
        other => return Err(format!("docker calls the container {other}, which is not known here.")),
    };
    let seen = Seen { state: kept, since, restarts: one["RestartCount"].as_u64(), detail: None };
    Ok(match detail(status, state, health) {
        Some(detail) => seen.told(detail),
        None => seen,
    })
}

/// Whether an error of docker's says that there is no such container.
pub(in crate::control) fn is_missing(error: &str) -> bool {
    let error = error.to_lowercase();
    error.contains("no such object") || error.contains("no such container")
}

fn detail(status: &str, state: &Value, health: &str) -> Option<String> {
    let code = state["ExitCode"].as_i64().unwrap_or_default();
    let error = state["Error"].as_str().filter(|error| !error.is_empty());
    match status {
        "paused" => Some("It is paused: `docker unpause` lets it go on.".to_owned()),
        "created" => Some("It was made and never started.".to_owned()),
        "dead" => Some("Docker could not take it away; `docker rm` may.".to_owned()),
        "running" if health == "unhealthy" => {
            let last = state["Health"]["Log"].as_array().and_then(|log| log.last());
            let said =
                last.and_then(|last| last["Output"].as_str()).map(str::trim).filter(|said| !said.is_empty());
            Some(format!(
                "Its own health check fails{}",
                said.map_or_else(|| ".".to_owned(), |said| format!(": {said}"))
            ))
        }
        "running" if health == "starting" => Some("Its own health check has not passed yet.".to_owned()),
        _ if status != "running" && state["OOMKilled"] == true => {
            Some("It took too much memory and was ended.".to_owned())
        }
        "exited" | "restarting" if error.is_some() => error.map(str::to_owned),
        "exited" | "restarting" if code != 0 => Some(format!("It ended with exit code {code}.")),
        _ => None,
    }
}

/// A moment as docker writes it; the year 1 stands for never.
pub(super) fn moment(text: &str) -> Option<i64> {
    let at: Timestamp = text.trim().parse().ok()?;
    Some(at.as_millisecond()).filter(|at| *at > 0)
}

#[cfg(test)]
mod tests {
    use super::super::cases::check;
    use super::*;

    #[test]
    fn what_docker_prints_is_read() {
        check(include_str!("cases/docker.txt"), read);
    }

    #[test]
    fn a_container_that_is_not_there_is_told_from_a_docker_that_is_not() {
        for error in [
            "Error: No such object: a",
            "Error response from daemon: No such container: a",
            "error: no such object: a",
        ] {
            assert!(is_missing(error), "{error}");
        }
        assert!(!is_missing("Cannot connect to the Docker daemon at unix:///var/run/docker.sock."));
    }
}
