//! The bridge as a program: its config file, its start, its end.
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use testkit::{Appservice, Program};

use crate::{Recovery, Result};

/// The environment variable that names the program to test, in place of the one built beside the tests.
pub const PROGRAM_VARIABLE: &str = "BRIDGE_SLACK";

/// How long a start or an orderly stop may take on a busy machine. A stop has time limits of its own, 20 s in all.
const PATIENCE: Duration = Duration::from_secs(40);

/// The bridge, with a folder of its own that holds config, registration, key and database.
#[derive(Debug)]
pub struct Bridge {
    program: Program,
    /// The config file as a value; it is written at every start.
    pub config: Value,
    /// What twins of it wrote that are gone. They share it.
    gone: Arc<Mutex<String>>,
    is_twin: bool,
    /// What a start waits for besides: none where the homeserver is no Synapse of the tests.
    recovery: Option<Recovery>,
}

/// Where the bridge finds what is around it.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// The homeserver's address.
    pub homeserver_url: &'a str,
    /// The bridge's names on it.
    pub appservice: &'a Appservice,
    /// The database's URL.
    pub database_url: &'a str,
    /// Slack's Web API.
    pub slack_api_url: &'a str,
    /// Who is the admin.
    pub admin: &'a str,
    /// What a real Synapse says of its recovery.
    pub recovery: Option<Recovery>,
}

impl Bridge {
    /// A bridge that is configured and not started.
    pub fn new(around: Surroundings<'_>) -> Result<Self> {
        let program = program()?.args(["--config", "config.yaml", "run"]);
        let key = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
        program.write("secret.key", &key)?;
        program.write("registration.yaml", &around.appservice.registration_yaml())?;
        let config = config(&around);
        let bridge =
            Self { program, config, gone: Arc::default(), is_twin: false, recovery: around.recovery };
        bridge.write_config()?;
        Ok(bridge)
    }

    /// One more process of the same bridge: the same names, key and database, and another address. Not started.
    pub fn twin(&self, listen: &str) -> Result<Self> {
        let program = program()?.args(["--config", "config.yaml", "run"]);
        for name in ["secret.key", "registration.yaml"] {
            program.write(name, &std::fs::read_to_string(self.folder().join(name))?)?;
        }
        let gone = Arc::clone(&self.gone);
        let recovery = self.recovery.clone();
        let mut twin = Self { program, config: self.config.clone(), gone, is_twin: true, recovery };
        twin.config["appservice"]["listen"] = listen.into();
        twin.write_config()?;
        Ok(twin)
    }

    /// The health document.
    pub async fn health(&self) -> Result<Value> {
        Ok(reqwest::Client::new().get(self.url("/health")).send().await?.json().await?)
    }

    /// Starts it and waits until it serves, and a real Synapse sends it what happens as it happens.
    pub async fn start(&mut self) -> Result<()> {
        self.launch()?;
        let url = self.url("/health/ready");
        self.program.wait_ready(&url, PATIENCE).await?;
        Recovery::wait_until_over(self.recovery.as_ref(), PATIENCE).await
    }

    /// From now on a start does not wait for a Synapse that recovers: for whoever wants to meet that moment.
    pub fn meet_recovery(&mut self) {
        self.recovery = None;
    }

    /// Starts it and does not wait.
    pub fn launch(&mut self) -> Result<()> {
        self.write_config()?;
        self.program.start()
    }

    /// Whether it runs.
    pub fn is_running(&mut self) -> bool {
        self.program.is_running()
    }

    /// Ends it as a crash does, by SIGKILL.
    pub fn kill9(&mut self) -> Result<()> {
        self.program.kill9()
    }

    /// Freezes it: its connections stay open and nothing answers.
    pub fn pause(&self) -> Result<()> {
        self.program.pause()
    }

    /// Lets it go on after [`Bridge::pause`].
    pub fn resume(&self) -> Result<()> {
        self.program.resume()
    }

    /// Ends it in order; fails if it does not end well.
    pub async fn stop(&mut self) -> Result<()> {
        let code = self.program.terminate(PATIENCE).await?;
        anyhow::ensure!(code == 0, "the bridge ended with exit code {code}\n{}", self.program.tail());
        Ok(())
    }

    /// Its resident memory, in bytes.
    pub fn resident_memory(&self) -> Result<u64> {
        self.program.resident_memory()
    }

    /// Sets an environment variable from the next start on.
    pub fn set_env(&mut self, name: &str, value: impl Into<std::ffi::OsString>) {
        self.program.set_env(name, value);
    }

    /// Runs it by another program from the next start on, such as a tracer.
    pub fn run_under(&mut self, above: Vec<std::ffi::OsString>) {
        self.program.run_under(above);
    }

    /// Runs another verb to its end; answers the exit code and what it wrote.
    pub async fn verb(&self, args: &[&str]) -> Result<(i32, String)> {
        self.write_config()?;
        let config = self.folder().join("config.yaml");
        program()?.arg("--config").arg(config).args(args).run(PATIENCE).await
    }

    /// Begins another verb and does not wait for it.
    pub fn begin_verb(&self, args: &[&str]) -> Result<Program> {
        self.write_config()?;
        let config = self.folder().join("config.yaml");
        let mut verb = program()?.arg("--config").arg(config).args(args);
        verb.start()?;
        Ok(verb)
    }

    /// Waits until it has ended by itself; answers the exit code and what all runs wrote.
    pub async fn wait_exit(&mut self) -> Result<(i32, String)> {
        Ok((self.program.wait_exit(PATIENCE).await?, self.program.log()))
    }

    /// Everything that all runs have written so far.
    pub fn log(&self) -> String {
        self.program.log()
    }

    /// Everything that its twins have written, once they are dropped.
    pub fn log_of_twins(&self) -> String {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The last lines it has written.
    pub fn tail(&self) -> String {
        self.program.tail()
    }

    /// The folder with its files.
    pub fn folder(&self) -> &Path {
        self.program.folder()
    }

    /// Replaces the config file's text until the next start.
    pub fn write_config_text(&self, text: &str) -> Result<PathBuf> {
        self.program.write("config.yaml", text)
    }

    /// An address of the bridge's own listener; `path` begins with a slash.
    pub fn url(&self, path: &str) -> String {
        let address = self.config["appservice"]["listen"].as_str().unwrap_or_default();
        format!("http://{address}{path}")
    }

    fn write_config(&self) -> Result<PathBuf> {
        let text = serde_yaml::to_string(&self.config).context("the config cannot be written")?;
        self.write_config_text(&text)
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        if self.is_twin {
            self.gone.lock().unwrap_or_else(PoisonError::into_inner).push_str(&self.program.log());
        }
    }
}

/// The program, not started, with no arguments.
pub fn program() -> Result<Program> {
    match std::env::var_os(PROGRAM_VARIABLE) {
        Some(path) => Program::new(PathBuf::from(path)),
        None => Program::of_workspace("bridge-slack"),
    }
}

fn config(around: &Surroundings<'_>) -> Value {
    let Appservice { id, bot, user_prefix, server_name, port, .. } = around.appservice;
    json!({
        "homeserver": { "url": around.homeserver_url, "name": server_name },
        "appservice": {
            "id": id, "bot": bot, "user_prefix": user_prefix, "listen": port.address(),
            "registration": "registration.yaml",
        },
        "database": { "url": around.database_url },
        "secret": { "key_file": "secret.key" },
        "logging": { "level": "debug,bridge_core=trace,bridge_slack=trace", "format": "text" },
        "permissions": { "*": "relay", around.admin: "admin" },
        "slack": { "api_url": around.slack_api_url, "rate_limits": "off" },
    })
}
