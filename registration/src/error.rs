//! What can go wrong while a registration is read, made or written.

use std::{fmt::Write, io, path::PathBuf};

use crate::Problem;

/// Why a registration could not be read, made or written. Its text never holds a token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system gave no random bytes for a token.
    #[error("The operating system gave no random bytes, so no token could be made; try again.")]
    Random,
    /// The registration, or the plan it was to be made from, has these mistakes.
    #[error("The registration cannot be used as it is:{}", listed(.0))]
    Broken(Vec<Problem>),
    /// The folder a file was to be written to is not there.
    #[error(
        "There is no folder {0}, so the registration cannot be written into it; create the folder first."
    )]
    Folder(PathBuf),
    /// A file could not be read.
    #[error("The registration {path} cannot be read; check the path and its permissions.")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file belongs to others, to whom this user cannot give a new one; it is untouched.
    #[error(
        "The file {0} belongs to another user, or to a group that this user is not in, and would be theirs no more; it is as it was. \
         Do this as root, who leaves it to them."
    )]
    Owners(PathBuf),
    /// A file could not be written; an older one at its place is untouched.
    #[error(
        "The file {path} could not be written and is as it was; check the folder's permissions and space."
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The registration holds a value that the format asked for cannot express.
    #[error("The registration holds an unknown key whose value cannot be written as {0}; remove that key.")]
    Format(&'static str),
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |mut list, problem| {
        let _ = write!(list, "\n  {problem}");
        list
    })
}
