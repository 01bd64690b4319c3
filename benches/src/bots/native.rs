//! The bot host of this repository, with its bot `echo`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use testkit::{Appservice, Homeserver, User};
use tokio::process::Command;

/// The program, and where it is set up now.
#[derive(Debug)]
pub(crate) struct Native {
    program: PathBuf,
    appservice: Appservice,
    base: PathBuf,
    folder: PathBuf,
}

impl Native {
    /// A program that is on the homeserver by this appservice.
    pub(crate) fn new(program: &Path, appservice: Appservice, base: &Path) -> Result<Self> {
        let program = std::path::absolute(program)?;
        let found = program.is_file().then_some(());
        found.with_context(|| format!("There is no {}; build it first.", program.display()))?;
        Ok(Self { program, appservice, base: base.to_owned(), folder: PathBuf::new() })
    }

    /// Writes the config, as an operator does.
    pub(crate) fn set_up(
        &mut self,
        homeserver: &Homeserver,
        person: &User,
        count: usize,
    ) -> Result<Vec<String>> {
        self.folder = self.base.join(format!("native-{count}"));
        std::fs::create_dir(&self.folder)?;
        let app = &self.appservice;
        let names: Vec<String> = (0..count).map(|number| format!("n{count}x{number}")).collect();
        let accounts: Map<String, Value> = names.iter().map(|name| (name.clone(), json!({}))).collect();
        let instances = names.iter().map(|name| (name.clone(), json!({ "plugin": "echo", "account": name })));
        let instances: Map<String, Value> = instances.collect();
        // JSON is YAML.
        let config = json!({
            "homeserver": { "url": homeserver.base_url(), "name": app.server_name },
            "appservice": {
                "id": app.id, "bot": app.bot, "user_prefix": app.user_prefix, "listen": app.port.address(),
                "registration": "registration.yaml",
            },
            "database": { "url": "sqlite:bridge.db" },
            "secret": { "key_file": "secret.key" },
            "logging": { "level": "warn" },
            "permissions": { "*": "relay", app.server_name.as_str(): "user", person.user_id(): "admin" },
            "bots": { "admin": { "listen": null }, "accounts": accounts, "instances": instances },
        });
        std::fs::write(self.folder.join("config.yaml"), config.to_string())?;
        std::fs::write(self.folder.join("registration.yaml"), app.registration_yaml())?;
        std::fs::write(self.folder.join("secret.key"), "5a".repeat(32))?;
        Ok(names.iter().map(|name| app.ghost_id(name)).collect())
    }

    /// What runs it.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(self.folder.join("config.yaml")).arg("run");
        command
    }

    /// Where its output goes.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Answers with success when the program is ready.
    pub(crate) fn url(&self) -> String {
        format!("{}/health/ready", self.appservice.port.url())
    }
}
