//! A real Synapse as a child process: own folder, `SQLite`, no limits, gone with us.
mod config;
mod pool;

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::sync::Mutex;

use super::registration::Registration;
use crate::guard::let_go;
use crate::http_client::http_client;
use crate::{Port, Result, eventually};

pub(crate) use pool::lease;

/// The environment variable that names the virtual environment to use.
pub const VENV_VARIABLE: &str = "SYNAPSE_VENV";

/// Runs Synapse, and ends the process when its standard input closes, so that it cannot outlive the test.
const LEASH: &str = "\
import os, runpy, sys, threading
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
runpy.run_module('synapse.app.homeserver', run_name='__main__', alter_sys=True)
";

/// How long a start may take on a busy machine; usually three seconds.
const START_PATIENCE: Duration = Duration::from_secs(90);

/// One Synapse.
#[derive(Debug)]
pub(crate) struct Synapse {
    folder: TempDir,
    port: Port,
    python: PathBuf,
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    child: Option<Child>,
    /// Files by registration id.
    registrations: Vec<(String, PathBuf)>,
}

impl Synapse {
    /// Starts one that knows these appservices.
    pub(crate) async fn start(registrations: &[&str]) -> Result<Arc<Self>> {
        let python = find_python()?;
        let folder = tempfile::Builder::new().prefix("testkit-synapse-").tempdir()?;
        let port = Port::reserve()?;
        let synapse = Self { folder, port, python, running: Mutex::default() };
        let mut running = synapse.running.lock().await;
        for registration in registrations {
            synapse.write_registration(&mut running, registration)?;
        }
        synapse.launch(&mut running).await?;
        drop(running);
        Ok(Arc::new(synapse))
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join(config::DATABASE)
    }

    pub(crate) fn base_url(&self) -> String {
        self.port.url()
    }

    /// Adds or replaces an appservice. Registrations are read only at start, so a running server starts again.
    pub(crate) async fn register_appservice(&self, yaml: &str) -> Result<()> {
        let mut running = self.running.lock().await;
        self.write_registration(&mut running, yaml)?;
        if running.child.is_some() {
            end(&mut running, Signal::TERM)?;
            self.launch(&mut running).await?;
        }
        Ok(())
    }

    /// Ends it in order (SIGTERM), or as a crash would (SIGKILL).
    pub(crate) async fn stop(&self, is_crash: bool) -> Result<()> {
        end(&mut *self.running.lock().await, if is_crash { Signal::KILL } else { Signal::TERM })
    }

    pub(crate) async fn start_again(&self) -> Result<()> {
        let mut running = self.running.lock().await;
        ensure!(running.child.is_none(), "Synapse runs already");
        self.launch(&mut running).await
    }

    fn write_registration(&self, running: &mut Running, yaml: &str) -> Result<()> {
        let id = Registration::parse(yaml)?.id;
        let path = self.folder.path().join(format!("registration-{}.yaml", running.registrations.len()));
        running.registrations.retain(|(known, _)| *known != id);
        std::fs::write(&path, yaml)?;
        running.registrations.push((id, path));
        Ok(())
    }

    async fn launch(&self, running: &mut Running) -> Result<()> {
        let folder = self.folder.path();
        let files: Vec<&Path> = running.registrations.iter().map(|(_, path)| path.as_path()).collect();
        let config = config::write(folder, self.port.number(), &files)?;
        let log = File::options().create(true).append(true).open(folder.join("synapse.log"))?;
        let mut command = Command::new(&self.python);
        command.arg("-c").arg(LEASH).arg("-c").arg(config).current_dir(folder);
        command.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log);
        running.child =
            Some(command.spawn().with_context(|| format!("cannot run {}", self.python.display()))?);
        let (http, url) = (http_client(), format!("{}/_matrix/client/versions", self.base_url()));
        let up = eventually(START_PATIENCE, "Synapse to answer", async || {
            let ended = running.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if let Some(status) = ended {
                return Ok(Err(anyhow!("Synapse ended at its start: {status}")));
            }
            match http.get(&url).send().await {
                Ok(answer) if answer.status() == 200 => Ok(Ok(())),
                Ok(answer) => Err(answer.status().to_string()),
                Err(error) => Err(error.to_string()),
            }
        });
        let outcome = up.await.and_then(|outcome| outcome);
        outcome.map_err(|error| anyhow!("{error}\n{}", self.tail()))
    }

    fn tail(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("synapse.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        format!("── last output of Synapse ──\n{}", lines[lines.len().saturating_sub(40)..].join("\n"))
    }
}

impl Drop for Synapse {
    fn drop(&mut self) {
        if let Some(child) = &mut self.running.get_mut().child {
            let_go(child, Duration::from_secs(5));
        }
    }
}

fn end(running: &mut Running, signal: Signal) -> Result<()> {
    let mut child = running.child.take().context("Synapse does not run")?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("an impossible process id")?;
    kill_process(pid, signal)?;
    child.wait()?;
    Ok(())
}

/// Whether a Synapse is installed where the tests look for it.
pub fn is_installed() -> bool {
    find_python().is_ok()
}

/// For tests that compare with Synapse: `true` if it is there. If not, says so on standard error and answers `false`,
/// but panics where `CI` is `true`, so that nothing is left out there unnoticed.
pub fn is_available_or_skip(test: &str) -> bool {
    let Err(error) = find_python() else { return true };
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{error}");
    let _ = writeln!(std::io::stderr(), "skipped {test}: {error}");
    false
}

/// The interpreter of the virtual environment: named by [`VENV_VARIABLE`], else `synapse/venv` in the target folder.
fn find_python() -> Result<PathBuf> {
    let given = std::env::var_os(VENV_VARIABLE).map(PathBuf::from);
    let mut places: Vec<PathBuf> = given.into_iter().collect();
    if places.is_empty() {
        let binary = std::env::current_exe()?;
        places.extend(binary.ancestors().skip(1).take(4).map(|folder| folder.join("synapse/venv")));
        let here = std::env::current_dir()?;
        places.extend(here.ancestors().map(|folder| folder.join("target/synapse/venv")));
    }
    let found = places.iter().find(|venv| venv.join("bin/synapse_homeserver").is_file());
    match found {
        Some(venv) => Ok(venv.join("bin/python")),
        None => bail!(
            "Synapse is not installed. Run `cargo xtask synapse`, or name a virtual environment in {VENV_VARIABLE}."
        ),
    }
}
