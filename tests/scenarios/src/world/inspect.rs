//! What must be true after every scenario, whatever it was about.
use anyhow::{Context as _, ensure};
use fake_slack::DeliveryState;

use super::{LIMIT, World};
use crate::Result;

impl World {
    /// Something that must not come up in the bridge's log.
    pub fn plant(&self, words: &str) {
        self.planted.words(words);
    }

    /// Everything that the bridge was given to keep to itself, and all that went through it.
    fn plant_all(&self) -> Result<()> {
        for app in self.slack.apps() {
            self.planted.secret(&app.bot_token);
            self.planted.secret(&app.app_token);
        }
        self.planted.secret(&self.appservice.as_token);
        self.planted.secret(&self.appservice.hs_token);
        self.planted.secret(testkit::user::PASSWORD);
        self.planted.secret(std::fs::read_to_string(self.bridge.folder().join("secret.key"))?.trim());
        let database = self.bridge.config["database"]["url"].as_str().unwrap_or_default();
        if let Some(password) =
            reqwest::Url::parse(database).ok().and_then(|url| url.password().map(str::to_owned))
        {
            self.planted.secret(&password);
        }
        for person in self.people.borrow().iter().chain([&self.admin]) {
            self.planted.secret(person.access_token());
            person.said().iter().for_each(|words| self.planted.words(words));
        }
        self.slack.said().iter().for_each(|words| self.planted.words(words));
        Ok(())
    }

    /// A part of log lines above `info` that belong to this scenario.
    pub fn expect_in_log(&self, part: &str) {
        self.expected.borrow_mut().push(part.to_owned());
    }

    /// The bridge has no socket at the end, so what Slack says then is not acknowledged.
    pub fn expect_unacknowledged(&mut self) {
        self.may_be_unacknowledged = true;
    }

    /// Stops the bridge and looks over what it left: every event acknowledged, an orderly end, no warning that the
    /// scenario does not expect, no secret and nobody's words in the log.
    pub async fn finish(&mut self) -> Result<()> {
        if self.bridge.is_running() && !self.may_be_unacknowledged {
            let settled = self.slack.wait_until_acknowledged(LIMIT).await;
            ensure!(settled, "Slack waits for acknowledgements:\n{:#?}", self.unacknowledged());
            let lost = self.slack.delivery_count(DeliveryState::Lost);
            ensure!(lost == 0, "{lost} events were never acknowledged");
        }
        if self.bridge.is_running() {
            self.bridge.stop().await.context("the bridge does not stop in order")?;
        }
        self.inspect_log()
    }

    fn inspect_log(&self) -> Result<()> {
        let log = self.bridge.log();
        let expected = self.expected.borrow();
        let is_trouble =
            |line: &&str| ["WARN", "ERROR", "panicked at"].iter().any(|word| line.contains(word));
        let is_expected = |line: &&str| expected.iter().any(|part| line.contains(part.as_str()));
        let troubles: Vec<&str> = log.lines().filter(is_trouble).filter(|line| !is_expected(line)).collect();
        ensure!(troubles.is_empty(), "the bridge complained:\n{}", troubles.join("\n"));
        self.plant_all()?;
        self.planted.ensure_absent("the bridge", &log)?;
        self.planted.ensure_absent("another process of the bridge", &self.bridge.log_of_twins())
    }

    fn unacknowledged(&self) -> Vec<fake_slack::Delivery> {
        let mut deliveries = self.slack.deliveries();
        deliveries.retain(|delivery| delivery.state == DeliveryState::Waiting);
        deliveries
    }
}
