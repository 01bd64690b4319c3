//! Child processes that end when we end, even by SIGKILL: they live as long as a pipe from us is open.
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Waits for the pipe to close, then ends the program that was given as arguments.
const SCRIPT: &str = r#""$@" & child=$!; read -r _; kill -INT "$child" 2>/dev/null; wait "$child""#;

/// A command that runs `program` under a small shell which ends it when our side of its standard input closes.
pub(crate) fn guarded(program: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(SCRIPT).arg("guard").arg(program).stdin(Stdio::piped());
    command
}

/// Closes the pipe and waits for the end; after `patience` the child is killed.
pub(crate) fn let_go(child: &mut Child, patience: Duration) {
    drop(child.stdin.take());
    let started = Instant::now();
    while matches!(child.try_wait(), Ok(None)) {
        if started.elapsed() > patience {
            let _ = child.kill();
            let _ = child.wait();
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
