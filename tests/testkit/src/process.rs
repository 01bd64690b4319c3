//! A program under test: started with arguments and environment, watched, killed, started again.
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use regex::Regex;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::http_client::http_client;
use crate::{Result, eventually};

/// How many of the last lines of output stand in a failure's text.
const TAIL_LINES: usize = 60;

/// One program with a working folder of its own. Its output goes to `program.log` there; the process is killed when
/// this value is dropped.
#[derive(Debug)]
pub struct Program {
    path: PathBuf,
    args: Vec<OsString>,
    envs: Vec<(OsString, OsString)>,
    /// A program that runs this one, with its arguments.
    above: Vec<OsString>,
    folder: TempDir,
    child: Option<Child>,
    last_exit: Option<ExitStatus>,
}

impl Program {
    /// A program by path, not started yet. Fails if there is no such file.
    pub fn new(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        ensure!(path.is_file(), "There is no program at {}. Build it first.", path.display());
        let folder = tempfile::Builder::new().prefix("testkit-program-").tempdir()?;
        Ok(Self { path, args: vec![], envs: vec![], above: vec![], folder, child: None, last_exit: None })
    }

    /// A program of the workspace whose test is running: looks beside the test's own binary in the target folder.
    pub fn of_workspace(name: &str) -> Result<Self> {
        let test_binary = std::env::current_exe()?;
        let found = test_binary
            .ancestors()
            .skip(1)
            .take(3)
            .map(|folder| folder.join(name))
            .find(|path| path.is_file());
        let path = found.with_context(|| {
            format!("The program {name} is not built. Run `cargo build -p {name}` with the same profile as the tests.")
        })?;
        Self::new(path)
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable; later ones win. Also usable between two starts.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.set_env(name, value);
        self
    }

    /// Like [`Program::env`], for a program that was started already: holds from the next start on.
    pub fn set_env(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.envs.push((name.into(), value.into()));
    }

    /// Runs it from the next start on by another program, whose words come before its own path. That one has to let the
    /// program be our own child, or it does not get the signals.
    pub fn run_under(&mut self, above: Vec<OsString>) {
        self.above = above;
    }

    /// The working folder: empty at first, kept over restarts, removed with this value.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the working folder and answers its path.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder().join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// Starts it. Does not wait until it serves; see [`Program::wait_ready`].
    pub fn start(&mut self) -> Result<()> {
        ensure!(!self.is_running(), "{} runs already", self.name());
        let log = OpenOptions::new().create(true).append(true).open(self.log_path())?;
        let mut words = self.above.iter().map(OsString::as_os_str).chain([self.path.as_os_str()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).args(&self.args).envs(self.envs.iter().cloned()).current_dir(self.folder());
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.child = Some(command.spawn().with_context(|| format!("cannot start {}", self.path.display()))?);
        self.last_exit = None;
        Ok(())
    }

    /// Runs it to its end and answers its exit code and what it wrote in this run. For verbs such as `check`.
    pub async fn run(&mut self, deadline: Duration) -> Result<(i32, String)> {
        let from = self.log_position();
        self.start()?;
        let code = self.wait_exit(deadline).await?;
        Ok((code, self.log_since(from)))
    }

    /// Kills it at once (SIGKILL), as a crash would, and waits until it is gone.
    pub fn kill9(&mut self) -> Result<()> {
        let mut child = self.child.take().with_context(|| format!("{} does not run", self.name()))?;
        child.kill()?;
        self.last_exit = Some(child.wait()?);
        Ok(())
    }

    /// Asks it to stop (SIGTERM) and waits for its end; answers the exit code.
    pub async fn terminate(&mut self, deadline: Duration) -> Result<i32> {
        self.signal(Signal::TERM)?;
        self.wait_exit(deadline).await
    }

    /// Freezes it (SIGSTOP): its sockets stay open and nothing answers.
    pub fn pause(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on after [`Program::pause`].
    pub fn resume(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// Kills it if it runs and starts it again with the same folder, arguments and environment.
    pub fn restart(&mut self) -> Result<()> {
        if self.is_running() {
            self.kill9()?;
        }
        self.start()
    }

    /// Whether it runs now.
    pub fn is_running(&mut self) -> bool {
        self.notice_exit();
        self.child.is_some()
    }

    /// How it ended, if it has: the exit code, or minus the number of the signal.
    pub fn exit_code(&mut self) -> Option<i32> {
        use std::os::unix::process::ExitStatusExt as _;
        self.notice_exit();
        self.last_exit.map(|status| status.code().unwrap_or_else(|| -status.signal().unwrap_or(0)))
    }

    /// Waits until it has ended by itself; answers the exit code as [`Program::exit_code`] does.
    pub async fn wait_exit(&mut self, deadline: Duration) -> Result<i32> {
        let what = format!("{} to end", self.name());
        let ended = eventually(deadline, what, async || self.exit_code().ok_or("it still runs")).await;
        ended.map_err(|error| anyhow!("{error}\n{}", self.tail()))
    }

    /// Waits until `url` answers 200. Fails at once when the program ends before that.
    pub async fn wait_ready(&mut self, url: &str, deadline: Duration) -> Result<()> {
        let http = http_client();
        let what = format!("{} to answer at {url}", self.name());
        let ready = eventually(deadline, what, async || {
            if let Some(code) = self.exit_code() {
                return Ok(Err(anyhow!("{} ended with exit code {code} before it was ready", self.name())));
            }
            match http.get(url).send().await {
                Ok(answer) if answer.status() == 200 => Ok(Ok(())),
                Ok(answer) => {
                    let status = answer.status();
                    Err(format!("it answered {status}: {}", answer.text().await.unwrap_or_default()))
                }
                Err(error) => Err(format!("no answer: {error}")),
            }
        });
        let outcome = ready.await.and_then(|outcome| outcome);
        outcome.map_err(|error| anyhow!("{error}\n{}", self.tail()))
    }

    /// Waits until the output written since `from` (see [`Program::log_position`]) has a line that matches the regular
    /// expression; answers that line.
    pub async fn wait_for_log(&mut self, pattern: &str, from: u64, deadline: Duration) -> Result<String> {
        let regex = Regex::new(pattern).with_context(|| format!("bad pattern {pattern}"))?;
        let what = format!("a line like /{pattern}/ from {}", self.name());
        let found = eventually(deadline, what, async || {
            let log = self.log_since(from);
            if let Some(line) = log.lines().find(|line| regex.is_match(line)) {
                return Ok(Ok(line.to_owned()));
            }
            match self.exit_code() {
                Some(code) => {
                    Ok(Err(anyhow!("{} ended with {code} without a line like /{pattern}/", self.name())))
                }
                None => Err("no such line yet"),
            }
        });
        let outcome = found.await.and_then(|outcome| outcome);
        outcome.map_err(|error| anyhow!("{error}\n{}", self.tail()))
    }

    /// Everything written by all runs so far.
    pub fn log(&self) -> String {
        self.log_since(0)
    }

    /// Where the output ends now, in bytes.
    pub fn log_position(&self) -> u64 {
        File::open(self.log_path()).and_then(|file| file.metadata()).map_or(0, |data| data.len())
    }

    /// What was written after a position.
    pub fn log_since(&self, from: u64) -> String {
        let bytes = std::fs::read(self.log_path()).unwrap_or_default();
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len());
        String::from_utf8_lossy(&bytes[from..]).into_owned()
    }

    /// The last lines of output, headed by the program's name: for failure texts.
    pub fn tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let mut text = format!("── last output of {} ──\n", self.name());
        for line in &lines[lines.len().saturating_sub(TAIL_LINES)..] {
            let _ = writeln!(text, "{line}");
        }
        text
    }

    /// The process id while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Resident memory now, in bytes.
    pub fn resident_memory(&self) -> Result<u64> {
        let pid = self.pid().with_context(|| format!("{} does not run", self.name()))?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line =
            status.lines().find(|line| line.starts_with("VmRSS:")).context("the kernel told no VmRSS")?;
        let kilobytes: u64 = line.split_whitespace().nth(1).context("an empty VmRSS line")?.parse()?;
        Ok(kilobytes * 1024)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let Some(pid) = self.pid().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) else {
            bail!("{} does not run, so it cannot get a signal", self.name());
        };
        Ok(kill_process(pid, signal)?)
    }

    fn notice_exit(&mut self) {
        if let Some(child) = &mut self.child
            && let Ok(Some(status)) = child.try_wait()
        {
            self.last_exit = Some(status);
            self.child = None;
        }
    }

    fn log_path(&self) -> PathBuf {
        self.folder().join("program.log")
    }

    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.is_running() {
            let _ = self.kill9();
        }
        if std::thread::panicking() {
            eprintln!("{}", self.tail());
        }
    }
}

#[cfg(test)]
mod tests;
