//! A child process: started, looked at through `/proc`, ended.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

/// Linux counts a process's time in hundredths of a second, on every architecture.
const TICKS_PER_SECOND: f64 = 100.0;
/// How long an orderly end may take.
const FAREWELL: Duration = Duration::from_secs(15);

/// The processor time of a program's threads.
#[derive(Debug, Clone)]
pub(crate) struct Cpu(BTreeMap<PathBuf, Thread>);

#[derive(Debug, Clone)]
struct Thread {
    name: String,
    seconds: f64,
}

impl Cpu {
    /// The seconds used since an earlier look, by the names of threads. Those of threads that ended in between are lost.
    pub(crate) fn since(&self, earlier: &Self) -> BTreeMap<String, f64> {
        let mut used = BTreeMap::new();
        for (path, thread) in &self.0 {
            let before = earlier.0.get(path).map_or(0.0, |thread| thread.seconds);
            *used.entry(thread.name.clone()).or_default() += thread.seconds - before;
        }
        used
    }
}

/// A thread's time so far: to the nanosecond where the kernel tells, else in hundredths of a second.
fn thread_seconds(thread: &Path) -> Option<f64> {
    let sched = std::fs::read_to_string(thread.join("sched")).unwrap_or_default();
    let line = sched.lines().find_map(|line| line.strip_prefix("se.sum_exec_runtime"));
    if let Some(milliseconds) = line.and_then(|line| line.rsplit(':').next()?.trim().parse::<f64>().ok()) {
        return Some(milliseconds / 1000.0);
    }
    let stat = std::fs::read_to_string(thread.join("stat")).ok()?;
    // The name may hold spaces; what follows its bracket does not.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
}

/// A running program. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    pid: u32,
}

impl Program {
    /// Starts it; what it writes goes to the file, except standard output if `stdout` says otherwise.
    pub(crate) fn start(mut command: Command, log: &Path, stdout: Option<Stdio>) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("{} could not be made.", log.display()))?;
        let stdout = match stdout {
            Some(stdout) => stdout,
            None => file.try_clone()?.into(),
        };
        let name = command.as_std().get_program().display().to_string();
        let child = command.stdin(Stdio::null()).stdout(stdout).stderr(file).kill_on_drop(true).spawn();
        let child = child.with_context(|| format!("{name} could not be started."))?;
        let pid = child.id().with_context(|| format!("{name} ended at once."))?;
        Ok(Self { child, pid })
    }

    /// Its standard output, once, if it was piped.
    pub(crate) fn stdout(&mut self) -> Option<tokio::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// Fails when it has ended.
    pub(crate) fn check_alive(&mut self) -> Result<()> {
        let ended = self.child.try_wait()?;
        ensure!(ended.is_none(), "The program ended with {}; see its log.", ended.unwrap_or_default());
        Ok(())
    }

    /// The processor time of each of its threads so far.
    pub(crate) fn cpu(&self) -> Result<Cpu> {
        let folder = format!("/proc/{}/task", self.pid);
        let mut threads = BTreeMap::new();
        for entry in std::fs::read_dir(&folder).with_context(|| format!("{folder} could not be read."))? {
            let path = entry?.path();
            // A thread may end while it is looked at.
            let Ok(name) = std::fs::read_to_string(path.join("comm")) else { continue };
            let Some(seconds) = thread_seconds(&path) else { continue };
            threads.insert(path, Thread { name: name.trim().to_owned(), seconds });
        }
        Ok(Cpu(threads))
    }

    /// Its resident memory now, in megabytes of a million bytes.
    pub(crate) fn resident_mb(&self) -> Result<f64> {
        self.memory("smaps_rollup", "Rss:")
    }

    /// What of its resident memory is data of its own, in megabytes. The rest are pages of its file, which the kernel maps in
    /// advance and drops when it needs the room.
    pub(crate) fn own_mb(&self) -> Result<f64> {
        self.memory("smaps_rollup", "Anonymous:")
    }

    /// Its memory now, in megabytes, of which what it shares with others counts in parts.
    pub(crate) fn proportional_mb(&self) -> Result<f64> {
        self.memory("smaps_rollup", "Pss:")
    }

    /// The processor time of all its threads so far, also of those that ended, in seconds.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let stat = self.read("stat")?;
        // The name may hold spaces; what follows its bracket does not.
        let fields: Vec<&str> =
            stat.rsplit_once(") ").map_or(Vec::new(), |(_, rest)| rest.split(' ').collect());
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
        let used = ticks(11).zip(ticks(12)).context("/proc/PID/stat names no processor time")?;
        Ok((used.0 + used.1) / TICKS_PER_SECOND)
    }

    /// The most resident memory it ever had, in megabytes.
    pub(crate) fn peak_mb(&self) -> Result<f64> {
        self.memory("status", "VmHWM:")
    }

    /// Begins to look for the most resident memory anew.
    pub(crate) fn forget_peak(&self) -> Result<()> {
        let path = format!("/proc/{}/clear_refs", self.pid);
        std::fs::write(&path, "5").with_context(|| format!("{path} could not be written."))
    }

    fn memory(&self, file: &str, key: &str) -> Result<f64> {
        let text = self.read(file)?;
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        Ok(number.with_context(|| format!("/proc/PID/{file} names no {key}"))? * 1024.0 / 1e6)
    }

    fn read(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.pid);
        std::fs::read_to_string(&path).with_context(|| format!("{path} could not be read."))
    }

    /// Asks it to end and waits for that; kills it when it takes too long, which is an error.
    pub(crate) async fn stop(mut self) -> Result<()> {
        if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            // Fails only when it has ended already.
            let _ = kill_process(pid, Signal::TERM);
        }
        let ended = tokio::time::timeout(FAREWELL, self.child.wait()).await;
        if ended.is_err() {
            self.child.kill().await?;
        }
        ensure!(ended.is_ok(), "The program did not end within {FAREWELL:?} of being asked to; see its log.");
        Ok(())
    }
}
