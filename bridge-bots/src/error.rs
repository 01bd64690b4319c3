//! What went wrong with a wish of the operator's.

use bridge_core::queue::InboxError;
use bridge_core::store::StoreError;

use crate::plugin::Problem;

/// Why the host did not do what it was told. Each text is a sentence with the remedy.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum HostError {
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// It cannot be done as things are.
    #[error("{0}")]
    Conflict(String),
    /// What was given is wrong; nothing was changed.
    #[error("{}", list(.0))]
    Invalid(Vec<Problem>),
    /// It was tried and did not work.
    #[error("{0}")]
    Failed(String),
}

impl HostError {
    /// There is no instance of this name.
    pub(crate) fn no_instance(name: &str) -> Self {
        Self::NotFound(format!("There is no instance {name}. `ctl list` lists those that there are."))
    }
}

impl From<StoreError> for HostError {
    fn from(error: StoreError) -> Self {
        Self::Failed(format!("The database did not take it: {error}. Nothing was changed; try again."))
    }
}

impl From<InboxError> for HostError {
    fn from(error: InboxError) -> Self {
        Self::Failed(format!("{error}. Try again."))
    }
}

/// A line for each.
pub(crate) fn list(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}
