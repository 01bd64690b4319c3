//! Python environments under the build folder, made once per list of packages.

use crate::{debian, process};
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Makes the environment `venv` and installs into it; does nothing when that was done before with the same
/// packages. `packages` are pip's arguments, `list` the text that decides whether they are the same.
pub(crate) fn environment(venv: &Path, packages: &[&str], list: &str) -> Result<()> {
    let stamp = Stamp::new(venv.with_extension("stamp"), list);
    let python = venv.join("bin/python");
    if stamp.holds() && process::succeeds(Command::new(&python).arg("--version")) {
        return Ok(());
    }
    stamp.clear()?;
    make(venv)?;
    println!("xtask: installing {} into {}", packages.join(" "), venv.display());
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]).args(packages);
    process::run(&mut pip)
        .context("Python packages could not be installed; is the package index reachable?")?;
    stamp.set()
}

fn make(venv: &Path) -> Result<()> {
    if process::find("python3").is_none() {
        println!("xtask: there is no python3 in PATH");
        debian::install(&["python3", "python3-venv"])?;
    }
    if !process::succeeds(
        Command::new("python3").args(["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]),
    ) {
        anyhow::bail!("python3 in PATH is older than 3.10; install a newer one and put it first in PATH");
    }
    // Debian ships Python without the module that puts pip into a new environment.
    if !process::succeeds(Command::new("python3").args(["-c", "import venv, ensurepip"])) {
        println!("xtask: this python3 cannot make environments (its modules venv and ensurepip are missing)");
        debian::install(&["python3-venv"])?;
    }
    let mut command = Command::new("python3");
    command.args(["-m", "venv", "--clear"]).arg(venv);
    process::run(&mut command)
        .with_context(|| format!("no Python environment could be made in {}", venv.display()))
}

/// A file that says with which input something was made.
pub(crate) struct Stamp {
    file: std::path::PathBuf,
    hash: String,
}

impl Stamp {
    /// A stamp at `file` for the given input; nothing is written yet.
    pub(crate) fn new(file: std::path::PathBuf, input: &str) -> Self {
        Self { file, hash: hash(input.as_bytes()) }
    }

    /// Whether it was made with this input.
    pub(crate) fn holds(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|text| text.trim() == self.hash)
    }

    /// Forgets what was made, so that a broken installation is not taken for a good one.
    pub(crate) fn clear(&self) -> Result<()> {
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{} could not be removed", self.file.display()))
            }
            _ => Ok(()),
        }
    }

    /// Records that it was made.
    pub(crate) fn set(&self) -> Result<()> {
        fs::write(&self.file, format!("{}\n", self.hash))
            .with_context(|| format!("{} could not be written", self.file.display()))
    }
}

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
