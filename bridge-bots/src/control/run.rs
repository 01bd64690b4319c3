//! Runs a command of the config: in a process group of its own, without input, within a time, and never left behind.

use std::io::ErrorKind;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::output::Stream;

/// How long a command that is ended has for ending by itself.
const GRACE: Duration = Duration::from_secs(2);
/// How often it is looked whether it did.
const LOOK: Duration = Duration::from_millis(20);
/// How long is waited for the rest of what was written: what it started in the background may hold the pipe for ever.
const REST: Duration = Duration::from_millis(500);
/// What systemd told this program only.
const NOT_THEIRS: [&str; 4] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "CREDENTIALS_DIRECTORY"];

/// How it ended.
#[derive(Debug)]
pub(crate) enum End {
    /// By itself.
    Ended(ExitStatus),
    /// It could not be started; why, in a sentence.
    NotStarted(String),
    /// It took longer than it may, and was ended.
    TooLong,
    /// This program stops, so it was ended.
    CutOff,
}

/// Runs a command and hands over what it writes.
pub(crate) async fn run(
    words: &[String],
    limit: Duration,
    stop: &CancellationToken,
    mut take: impl FnMut(Stream, &[u8]),
) -> End {
    let mut child = match spawn(words) {
        Ok(child) => child,
        Err(why) => return End::NotStarted(why),
    };
    let mut pipes = Pipes { out: child.stdout.take(), error: child.stderr.take() };
    let deadline = Instant::now() + limit;
    let end = loop {
        tokio::select! {
            (stream, bytes) = pipes.next() => take(stream, &bytes),
            status = child.wait() => break match status {
                Ok(status) => End::Ended(status),
                Err(error) => End::NotStarted(format!("It is not known how it ended: {error}.")),
            },
            () = tokio::time::sleep_until(deadline) => {
                end_group(&mut child).await;
                break End::TooLong;
            }
            () = stop.cancelled() => {
                end_group(&mut child).await;
                break End::CutOff;
            }
        }
    };
    let rest = async {
        while !pipes.is_done() {
            let (stream, bytes) = pipes.next().await;
            take(stream, &bytes);
        }
    };
    let _ = timeout(REST, rest).await;
    end
}

fn spawn(words: &[String]) -> Result<Child, String> {
    let (program, words) = words.split_first().ok_or("There is no command.")?;
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0).kill_on_drop(true);
    for name in NOT_THEIRS {
        command.env_remove(name);
    }
    command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            format!("There is no program {program} on this machine, or not where this program looks.")
        }
        ErrorKind::PermissionDenied => format!("{program} may not be run by this program's user."),
        _ => format!("{program} could not be started: {error}."),
    })
}

/// Ends a command with all that it started in its group. Its number is not given to another process before it was waited for.
async fn end_group(child: &mut Child) {
    let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) else { return };
    let _ = kill_process_group(pid, Signal::TERM);
    let deadline = Instant::now() + GRACE;
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    while Instant::now() < deadline && matches!(waitid(WaitId::Pid(pid), look), Ok(None)) {
        sleep(LOOK).await;
    }
    let _ = kill_process_group(pid, Signal::KILL);
    let _ = child.wait().await;
}

/// What it writes to.
struct Pipes<O, E> {
    out: Option<O>,
    error: Option<E>,
}

impl<O: AsyncRead + Unpin, E: AsyncRead + Unpin> Pipes<O, E> {
    fn is_done(&self) -> bool {
        self.out.is_none() && self.error.is_none()
    }

    /// The next piece, empty at the end of one; never once both have ended.
    async fn next(&mut self) -> (Stream, Vec<u8>) {
        let (mut first, mut second) = (vec![0; 8_192], vec![0; 8_192]);
        tokio::select! {
            biased;
            read = read(&mut self.out, &mut first) => {
                first.truncate(read);
                (Stream::Out, first)
            }
            read = read(&mut self.error, &mut second) => {
                second.truncate(read);
                (Stream::Error, second)
            }
        }
    }
}

async fn read(pipe: &mut Option<impl AsyncRead + Unpin>, bytes: &mut [u8]) -> usize {
    let Some(open) = pipe else { return std::future::pending().await };
    // A pipe that cannot be read has ended.
    let read = open.read(bytes).await.unwrap_or_default();
    if read == 0 {
        *pipe = None;
    }
    read
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;

    async fn ran(script: &str, limit: Duration, stop: &CancellationToken) -> (End, String) {
        let words = ["sh", "-c", script].map(str::to_owned);
        let mut written = Vec::new();
        let end = run(&words, limit, stop, |_, bytes| written.extend_from_slice(bytes)).await;
        (end, String::from_utf8(written).unwrap())
    }

    fn is_alive(pid: &str) -> bool {
        // One that has ended and was not waited for yet is a zombie.
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    }

    #[tokio::test]
    async fn a_command_ends_by_itself_with_its_code_and_its_words() {
        let stop = CancellationToken::new();
        let (end, written) = ran("read x; echo \"got:$x\"; echo bad >&2; exit 3", LONG, &stop).await;
        let End::Ended(status) = end else { panic!("{end:?}") };
        assert_eq!(status.code(), Some(3));
        assert!(written.contains("got:\n") && written.contains("bad\n"), "{written}");
    }

    const LONG: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn what_takes_too_long_is_ended_with_all_that_it_started_even_if_it_does_not_want_to() {
        let stop = CancellationToken::new();
        let script = "trap '' TERM; sleep 1000 & echo $! $$; while :; do wait; done";
        let (end, written) = ran(script, Duration::from_millis(300), &stop).await;
        assert!(matches!(end, End::TooLong), "{end:?}");
        let pids: Vec<&str> = written.split_whitespace().collect();
        assert_eq!(pids.len(), 2, "{written}");
        let gone = async {
            while pids.iter().any(|pid| is_alive(pid)) {
                tokio::task::yield_now().await;
            }
        };
        timeout(LONG, gone).await.unwrap();
    }

    #[tokio::test]
    async fn a_stop_of_the_program_ends_it() {
        let stop = CancellationToken::new();
        let stopper = stop.clone();
        let words = ["sh", "-c", "echo begun; sleep 1000"].map(str::to_owned);
        let end = run(&words, LONG, &stop, |_, _| stopper.cancel()).await;
        assert!(matches!(end, End::CutOff), "{end:?}");
    }

    #[tokio::test]
    async fn what_it_leaves_in_the_background_is_left_alone_and_not_waited_for() {
        let stop = CancellationToken::new();
        let (end, written) = ran("sleep 1000 & echo $!", LONG, &stop).await;
        assert!(matches!(end, End::Ended(status) if status.success()));
        let pid = written.trim();
        assert!(is_alive(pid), "{pid}");
        rustix::process::kill_process(Pid::from_raw(pid.parse().unwrap()).unwrap(), Signal::KILL).unwrap();
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_told_so() {
        let words = ["/nowhere/at-all".to_owned()];
        let end = run(&words, LONG, &CancellationToken::new(), |_, _| ()).await;
        assert!(
            matches!(&end, End::NotStarted(why) if why.contains("There is no program /nowhere/at-all")),
            "{end:?}"
        );
    }
}
