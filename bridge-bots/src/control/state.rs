//! How a service is, as what runs it says.

pub(super) mod contract;
pub(super) mod docker;
pub(super) mod systemd;

use serde::Serialize;
use utoipa::ToSchema;

/// The states that are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ServiceState)]
pub(crate) enum State {
    /// Its process runs, and nothing says that it is not well.
    Running,
    /// It is on its way: started, stopped, or started again after a fault.
    Restarting,
    /// Its process runs, and is not well.
    Unhealthy,
    /// It is there and does not run.
    Stopped,
    /// There is no such unit or container.
    NotDeployed,
    /// It could not be found out.
    Unknown,
}

impl State {
    /// For people.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::Unhealthy => "unhealthy",
            Self::Stopped => "stopped",
            Self::NotDeployed => "not deployed",
            Self::Unknown => "unknown",
        }
    }
}

/// What was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) state: State,
    /// Since when, in milliseconds since 1970.
    pub(crate) since: Option<i64>,
    /// How often it was started again by itself.
    pub(crate) restarts: Option<u64>,
    /// What else was told that matters, as a sentence.
    pub(crate) detail: Option<String>,
}

impl Seen {
    /// A state of which nothing else is known.
    pub(super) fn only(state: State) -> Self {
        Self { state, since: None, restarts: None, detail: None }
    }

    /// With something to tell.
    fn told(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }
}

#[cfg(test)]
pub(super) mod cases {
    //! Cases in a file: what was printed, and what is read from it.
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;

    /// Goes through a file of cases: blocks that begin with `### ` and what is expected, `state|since|restarts|detail`.
    pub(in super::super) fn check(cases: &str, read: impl Fn(&str) -> Result<Seen, String>) {
        let blocks: Vec<&str> = cases.split("### ").skip(1).collect();
        assert!(blocks.len() > 3, "the file of cases is not read");
        for block in blocks {
            let (expected, printed) = block.split_once('\n').unwrap();
            let told = match read(printed) {
                Ok(Seen { state, since, restarts, detail }) => {
                    let since = since.map(|since| since.to_string()).unwrap_or_default();
                    let restarts = restarts.map(|restarts| restarts.to_string()).unwrap_or_default();
                    format!("{}|{since}|{restarts}|{}", state.word(), detail.unwrap_or_default())
                }
                Err(why) => format!("error|{why}"),
            };
            assert_eq!(told, expected, "{printed}");
        }
    }
}
