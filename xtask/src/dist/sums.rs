//! Checksums of all files of a release.

use super::{UNFINISHED, files, write};
use crate::process;
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// The file that holds them, in the form of `sha256sum`.
pub(super) const FILE: &str = "SHA256SUMS";

/// Writes the checksums, has the files compared with them, and declares the release finished.
pub(super) fn make(folder: &Path) -> Result<()> {
    std::fs::remove_file(folder.join(UNFINISHED))?;
    let mut sums = Command::new("sha256sum");
    sums.current_dir(folder).arg("--");
    for file in files(folder)? {
        sums.arg(file.strip_prefix(folder)?);
    }
    write(&folder.join(FILE), &process::output(&mut sums)?)?;
    process::run(Command::new("sha256sum").current_dir(folder).args(["--check", "--quiet", "--strict", FILE]))
}
