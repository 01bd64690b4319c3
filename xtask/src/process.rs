//! Running other programs, with errors that say what to do.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs a command with its output shown; an exit code other than 0 is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = words(command);
    let status = command.status().with_context(|| cannot_start(&name))?;
    if !status.success() {
        bail!("`{name}` failed ({status}); its output above says why");
    }
    Ok(())
}

/// Runs a command and returns what it printed; its errors are shown.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = words(command);
    let out = command.stderr(Stdio::inherit()).output().with_context(|| cannot_start(&name))?;
    if !out.status.success() {
        bail!("`{name}` failed ({}); its output above says why", out.status);
    }
    String::from_utf8(out.stdout).with_context(|| format!("`{name}` printed something that is not UTF-8"))
}

/// What a command printed, or nothing when it cannot be run or fails; its errors are dropped.
pub(crate) fn quiet_output(command: &mut Command) -> Option<String> {
    let out = command.stdin(Stdio::null()).output().ok().filter(|out| out.status.success())?;
    String::from_utf8(out.stdout).ok()
}

/// Whether a command ends well; its output is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Finds a program in `PATH`.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// Asks a process to end as Ctrl-C would.
pub(crate) fn interrupt(pid: u32) {
    succeeds(Command::new("sh").args(["-c", &format!("kill -INT {pid}")]));
}

/// The command as a person would type it.
pub(crate) fn words(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut text = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}

fn cannot_start(name: &str) -> String {
    format!("`{name}` could not be started; is the program installed and in PATH?")
}
