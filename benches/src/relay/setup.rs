//! The folders of a contender: config, registration, login, database.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;
use tokio::time::Instant;

use crate::homeserver::{Contact, Homeserver, SERVER_NAME};
use crate::http_client;
use crate::process::Program;
use crate::slack::{Info, Slack};

/// How long a start may take.
const START: Duration = Duration::from_mins(2);

/// What the skeleton shows to the homeserver, which does not look at it.
const SKELETON_TOKEN: &str = "skeleton";

/// Where everything is and whom it talks to.
#[derive(Debug)]
pub(crate) struct Setup {
    /// The run's folder.
    pub(crate) folder: PathBuf,
    bridge: PathBuf,
    homeserver: String,
    slack: Info,
    listen: String,
}

impl Setup {
    /// Chooses a port for the contenders, which run one after the other.
    pub(crate) fn new(folder: &Path, bridge: &Path, homeserver: &str, slack: &Info) -> Result<Self> {
        let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        Ok(Self {
            folder: folder.to_owned(),
            bridge: bridge.to_owned(),
            homeserver: homeserver.to_owned(),
            slack: slack.clone(),
            listen,
        })
    }

    /// The address of whichever contender runs.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// The folder of a bridge.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Sets a bridge up as an operator does: config, registration, login.
    pub(crate) async fn prepare(&self, name: &str) -> Result<()> {
        let place = self.place(name);
        std::fs::create_dir(&place)?;
        std::fs::write(place.join("config.yaml"), self.config())?;
        std::fs::write(place.join("secret.key"), "5a".repeat(32))?;
        let printed = self.perform(name, &["registration"]).await?;
        let registration = place.join("registration.yaml");
        if !registration.exists() {
            std::fs::write(&registration, printed)?;
        }
        let Info { bot_token, app_token, .. } = &self.slack;
        let owner = format!("@admin:{SERVER_NAME}");
        let login = ["login", "app", "--bot-token", bot_token, "--app-token", app_token, "--owner", &owner];
        self.perform(name, &login).await?;
        Ok(())
    }

    fn config(&self) -> String {
        let Self { homeserver, slack, listen, .. } = self;
        let api_url = &slack.api_url;
        format!(
            r#"homeserver:
  url: {homeserver}
  name: {SERVER_NAME}
appservice:
  id: slack
  bot: slackbot
  user_prefix: slack_
  listen: {listen}
  registration: registration.yaml
database:
  url: sqlite:bridge.db
secret:
  key_file: secret.key
logging:
  level: warn
permissions:
  "*": relay
  "@admin:{SERVER_NAME}": admin
slack:
  api_url: {api_url}
  rate_limits: off
"#
        )
    }

    async fn perform(&self, name: &str, verb: &[&str]) -> Result<Vec<u8>> {
        let mut command = self.command(name);
        let output = command.args(verb).stdin(Stdio::null()).output().await;
        let output = output
            .with_context(|| format!("{} could not be started; build it first.", self.bridge.display()))?;
        ensure!(
            output.status.success(),
            "`bridge-slack {}` ended with {}: {}",
            verb[0],
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(output.stdout)
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.bridge);
        command.arg("--config").arg(self.place(name).join("config.yaml"));
        command
    }

    /// The command that runs a bridge.
    pub(crate) fn run_bridge(&self, name: &str) -> Command {
        let mut command = self.command(name);
        command.arg("run");
        command
    }

    /// Starts a bridge, and waits until it is ready and has its socket. Answers how long it took to be ready, in milliseconds.
    pub(crate) async fn start_bridge(
        &self,
        name: &str,
        homeserver: &Homeserver,
        slack: &Slack,
    ) -> Result<(Program, f64)> {
        homeserver.serve_appservice(self.bridge_contact(name)?);
        let begun = Instant::now();
        let log = self.folder.join("bridge.log");
        let mut program = Program::start(self.run_bridge(name), &log, None)?;
        let (http, url) = (http_client::http_client()?, format!("{}/health/ready", self.url()));
        while http_client::send(http.get(&url)).await.is_err() {
            program.check_alive()?;
            ensure!(begun.elapsed() < START, "The bridge was not ready within {START:?}; see its log.");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let ready_ms = begun.elapsed().as_secs_f64() * 1000.0;
        slack.wait_for_sockets(1).await?;
        Ok((program, ready_ms))
    }

    /// The command that runs the skeleton.
    pub(crate) fn run_skeleton(&self) -> Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        let log = self.folder.join("skeleton.data");
        let Info { api_url, bot_token, app_token, .. } = &self.slack;
        command.args([
            "skeleton",
            "--slack-api",
            api_url,
            "--bot-token",
            bot_token,
            "--app-token",
            app_token,
        ]);
        command.args([
            "--homeserver",
            &self.homeserver,
            "--as-token",
            SKELETON_TOKEN,
            "--listen",
            &self.listen,
        ]);
        command.arg("--log").arg(log);
        Ok(command)
    }

    /// How the homeserver reaches a bridge: what its registration says.
    pub(crate) fn bridge_contact(&self, name: &str) -> Result<Contact> {
        let text = std::fs::read_to_string(self.place(name).join("registration.yaml"))?;
        let token = text.lines().find_map(|line| line.trim().strip_prefix("hs_token:"));
        let token = token.context("The registration names no hs_token.")?;
        Ok(Contact { url: self.url(), hs_token: token.trim().trim_matches(['"', '\'']).to_owned() })
    }

    /// How the homeserver reaches the skeleton.
    pub(crate) fn skeleton_contact(&self) -> Contact {
        Contact { url: self.url(), hs_token: SKELETON_TOKEN.to_owned() }
    }
}
