//! One cell: an event, a kill at a point, a restart, and what is there in the end.
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use testkit::eventually;

use super::chat::Chat;
use super::kind::Kind;
use super::report::Outcome;
use super::transcript::difference;
use crate::world::{LIMIT, Place};
use crate::{Result, World};

/// A file that may have been shown is looked for during a minute.
const PATIENCE: Duration = Duration::from_mins(3);

/// A world in which one kind of event happens again and again.
pub(super) struct Stage {
    world: World,
    kind: Kind,
    folder: PathBuf,
    number: usize,
}

impl Stage {
    /// A new world, its bridge started with its points in our hand.
    pub(super) async fn set(place: Place, kind: Kind) -> Result<Self> {
        let mut world = World::prepare(place).await?;
        world.bridge.meet_recovery();
        let folder = world.bridge.folder().join("failpoints");
        fs::create_dir_all(&folder)?;
        world.bridge.set_env("BRIDGE_FAILPOINTS", &folder);
        world.log_in().await?;
        Ok(Self { world, kind, folder, number: 0 })
    }

    /// Lets the event happen without a kill, twice: answers what is there then, which has to be the same both times, and
    /// the points that were passed.
    pub(super) async fn undisturbed(&mut self) -> Result<(Value, Vec<String>)> {
        let (first, passed) = self.watched().await?;
        let (second, _) = self.watched().await?;
        let difference = difference(&first, &second);
        ensure!(difference.is_none(), "two runs without a kill differ: {}", difference.unwrap_or_default());
        Ok((first, passed))
    }

    async fn watched(&mut self) -> Result<(Value, Vec<String>)> {
        let mut chat = self.prepare().await?;
        let notes = self.folder.join("passed");
        fs::write(&notes, "")?;
        chat.act(&self.world, self.kind).await?;
        self.calm().await?;
        let passed = fs::read_to_string(&notes)?.lines().map(str::to_owned).collect();
        fs::remove_file(&notes)?;
        self.finish(&mut chat).await?;
        Ok((chat.transcript(&self.world).await?, passed))
    }

    /// Lets the event happen, with a kill at a passing of a point.
    pub(super) async fn killed_at(
        &mut self,
        point: &'static str,
        time: usize,
        golden: &Value,
    ) -> Result<Outcome> {
        let mut chat = self.prepare().await?;
        let armed = self.folder.join("armed");
        fs::write(&armed, format!("{} {point} {time}", self.number))?;
        chat.act(&self.world, self.kind).await?;
        self.calm().await?;
        // Whoever removes it decides: a point passed after that ends nothing.
        let was_killed = fs::remove_file(&armed).is_err();
        let ended = async {
            if was_killed {
                self.world.bridge.wait_exit().await?;
                self.world.bridge.start().await?;
                // What is said next comes behind it on both sides.
                self.calm().await?;
            }
            self.finish(&mut chat).await?;
            eventually(LIMIT, "both sides to be as without a kill", async || {
                let found = chat.transcript(&self.world).await?;
                difference(golden, &found).map_or(Ok(()), |difference| Err(anyhow::anyhow!(difference)))
            })
            .await
        };
        Ok(match ended.await {
            Err(error) => Outcome::Different(format!("{error:#}")),
            Ok(()) if was_killed => Outcome::Equal,
            Ok(()) => Outcome::NotPassed,
        })
    }

    /// Everything that the bridge has written.
    pub(super) fn log(&self) -> String {
        self.world.bridge.log()
    }

    async fn prepare(&mut self) -> Result<Chat> {
        self.number += 1;
        let chat = Chat::prepare(&self.world, self.kind, self.number).await.context("before the event")?;
        self.calm().await?;
        Ok(chat)
    }

    /// Waits until nothing is under way, or the bridge is dead.
    async fn calm(&mut self) -> Result<()> {
        let (world, http) = (&mut self.world, reqwest::Client::new());
        let url = world.bridge.url("/health");
        eventually(PATIENCE, "everything to be done", async || {
            for _ in 0..2 {
                if !world.bridge.is_running() {
                    return Ok(());
                }
                let health = async { http.get(&url).send().await?.json::<Value>().await };
                let health = health.await.context("no health")?;
                let waiting = &health["queue"]["waiting"];
                ensure!(*waiting == 0, "{waiting} jobs wait");
                let is_waiting =
                    |delivery: &fake_slack::Delivery| delivery.state == fake_slack::DeliveryState::Waiting;
                ensure!(!world.slack.deliveries().iter().any(is_waiting), "Slack waits for acknowledgements");
                if let Ok(fake) = world.homeserver.fake() {
                    ensure!(fake.is_drained(&world.appservice.id), "the homeserver has more to push");
                }
            }
            Ok(())
        })
        .await
    }

    async fn finish(&mut self, chat: &mut Chat) -> Result<()> {
        chat.enter(&self.world).await?;
        if self.kind == Kind::MatrixRefused {
            self.world.admin.wait_for_text_with(&chat.room, "not").await?;
            self.world.slack.clear_faults();
        }
        chat.settle(&self.world).await?;
        self.calm().await
    }
}
