//! maubot from the Python package index, with a plugin that does what the host's own bot `echo` does.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use testkit::{Homeserver, Port};
use tokio::process::Command;

use crate::http_client;

/// The version that is compared with.
const PACKAGE: &str = "maubot==0.6.0";
/// Fails unless that version is installed.
const VERSION_CHECK: &str =
    "import sys, importlib.metadata as m; assert sys.argv[1] == 'maubot==' + m.version('maubot')";
/// The plugin, whose parts are packed when the bench runs.
const PLUGIN: &str = "test.bench.echo";
const MANIFEST: &str = include_str!("plugin/maubot.yaml");
const MODULE: &str = include_str!("plugin/bench_echo.py");
/// What the management API of a measured host takes in the place of a password.
const SECRET: &str = "not secret, a bench";

/// The program, and where it is set up now.
#[derive(Debug)]
pub(crate) struct Maubot {
    python: PathBuf,
    base: PathBuf,
    folder: PathBuf,
    port: Port,
    homeserver: String,
    /// Its accounts: id and access token.
    accounts: Vec<(String, String)>,
}

impl Maubot {
    /// Installs it into a Python environment, unless that is there.
    pub(crate) async fn install(venv: &Path, base: &Path) -> Result<Self> {
        let venv = std::path::absolute(venv)?;
        let python = venv.join("bin/python");
        let mut look = Command::new(&python);
        look.args(["-c", VERSION_CHECK]).arg(PACKAGE);
        if !look.output().await.is_ok_and(|output| output.status.success()) {
            eprintln!("installing {PACKAGE} into {}", venv.display());
            run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv)).await?;
            let quiet =
                ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", PACKAGE];
            run(Command::new(&python).args(quiet)).await?;
        }
        let (folder, homeserver) = (PathBuf::new(), String::new());
        Ok(Self {
            python,
            base: base.to_owned(),
            folder,
            port: Port::reserve()?,
            homeserver,
            accounts: Vec::new(),
        })
    }

    /// Writes config and plugin, and registers the bots' accounts.
    pub(crate) async fn set_up(&mut self, homeserver: &Homeserver, count: usize) -> Result<Vec<String>> {
        self.folder = self.base.join(format!("maubot-{count}"));
        for folder in ["plugins", "trash", "source"] {
            std::fs::create_dir_all(self.folder.join(folder))?;
        }
        std::fs::write(self.folder.join("config.yaml"), self.config().to_string())?;
        std::fs::write(self.folder.join("source/maubot.yaml"), MANIFEST)?;
        std::fs::write(self.folder.join("source/bench_echo.py"), MODULE)?;
        let mut pack = Command::new(&self.python);
        pack.args(["-m", "zipfile", "-c", "../plugins/echo.mbp", "maubot.yaml", "bench_echo.py"]);
        run(pack.current_dir(self.folder.join("source"))).await?;
        homeserver.base_url().clone_into(&mut self.homeserver);
        self.accounts.clear();
        for number in 0..count {
            let user = homeserver.user(&format!("m{count}x{number}")).await?;
            self.accounts.push((user.user_id().to_owned(), user.access_token().to_owned()));
        }
        Ok(self.accounts.iter().map(|(user_id, _)| user_id.clone()).collect())
    }

    /// What differs from its own example, which it reads beneath this file. JSON is YAML.
    fn config(&self) -> Value {
        json!({
            "database": "sqlite:maubot.db",
            "server": { "hostname": "127.0.0.1", "port": self.port.number(), "unshared_secret": SECRET },
            "logging": {
                "version": 1,
                "formatters": { "plain": { "format": "%(asctime)s %(levelname)s %(name)s %(message)s" } },
                "handlers": { "console": { "class": "logging.StreamHandler", "formatter": "plain" } },
                "root": { "level": "WARNING", "handlers": ["console"] },
            },
        })
    }

    /// What runs it.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.python);
        command.args(["-m", "maubot", "-c", "config.yaml"]).current_dir(&self.folder);
        command
    }

    /// Where its output goes.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Answers, that a token is missing, when the program serves its API.
    pub(crate) fn url(&self) -> String {
        self.route("version")
    }

    /// Makes a client and an instance for each account.
    pub(crate) async fn tell(&self, http: &Client) -> Result<()> {
        let login = json!({ "secret": SECRET, "user": "root" });
        let answer: Value = http_client::post(http, &self.route("auth/login"), &login).await?;
        let token = answer["token"].as_str().context("maubot gave no token")?;
        for (number, (user_id, access_token)) in self.accounts.iter().enumerate() {
            let client = json!({ "homeserver": self.homeserver, "access_token": access_token });
            self.call(http, token, Method::POST, "client/new", &client).await?;
            let instance = json!({ "type": PLUGIN, "primary_user": user_id, "enabled": true });
            self.call(http, token, Method::PUT, &format!("instance/echo{number}"), &instance).await?;
        }
        Ok(())
    }

    async fn call(&self, http: &Client, token: &str, method: Method, path: &str, body: &Value) -> Result<()> {
        let request = http.request(method, self.route(path)).bearer_auth(token);
        let request = request.header("content-type", "application/json").body(body.to_string());
        http_client::send(request).await.map(drop)
    }

    fn route(&self, path: &str) -> String {
        format!("{}/_matrix/maubot/v1/{path}", self.port.url())
    }
}

async fn run(command: &mut Command) -> Result<()> {
    let name = command.as_std().get_program().display().to_string();
    let output = command.output().await.with_context(|| format!("{name} could not be started."))?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name} ended with {}: {words}", output.status);
    Ok(())
}
