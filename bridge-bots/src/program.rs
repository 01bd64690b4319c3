//! The command line and the run of the bot host.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use bridge_core::appservice::OwnEvents;
use bridge_core::appservice::query::NoLookups;
use bridge_core::config::{Config, Defaults};
use bridge_core::queue::Inbox;
use bridge_core::service::cli::{Cli, Help, Verb, start};
use bridge_core::service::run::{Program, Serving, introduce_bot};
use bridge_core::service::{Ground, common, telemetry};
use serde::{Deserialize, Serialize};

use crate::host::{Host, Rooms};

const DEFAULTS: Defaults = Defaults { id: "bots", name: "Bots", bot: "botsbot", port: 29_420, notes: &[] };
const INBOX_DEPTH: usize = 1_024;

/// The section `bots`, which has no keys yet.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {}

/// Runs the program: reads the command line, carries the verb out, ends with 0 or with 1 and sentences.
pub fn main() -> ExitCode {
    let help = Help {
        name: "bridge-bots".to_owned(),
        about: "A host for Matrix bots.".to_owned(),
        hidden: &["login", "commands", "rebuild"],
        ..Help::default()
    };
    start(help, carry_out)
}

async fn carry_out(cli: Cli) -> Result<String, String> {
    match cli.verb {
        Verb::Run => Box::pin(run(&cli.config)).await.map(|()| String::new()),
        _ => common::carry_out::<Section>(cli, &DEFAULTS).await,
    }
}

async fn run(path: &Path) -> Result<(), String> {
    let config: Config<Section> = Config::load(path, &DEFAULTS).map_err(|error| error.to_string())?;
    telemetry::log(&config.logging, &[])?;
    let ground = Ground::prepare(config)?;
    let listener = ground.listen().await?;
    ground.meet_homeserver(ground.config.homeserver.startup_wait).await?;
    let store = ground.open_store(path, DEFAULTS.id).await?;
    let host = Host {
        app: ground.app.clone(),
        permissions: ground.config.permissions.clone(),
        clock: store.clock().clone(),
    };
    let program = Program {
        handler: Arc::new(host),
        inbox: Inbox::channel(INBOX_DEPTH),
        lanes: Arc::new(Rooms),
        lookups: Arc::new(NoLookups),
        own_events: OwnEvents::Keep,
        health: Arc::new(|| serde_json::json!({})),
        metrics: &[],
        routes: axum::Router::new(),
    };
    let mut serving = Serving::start(&ground, listener, store, program);
    if !serving.until_turn().await {
        return serving.stop().await;
    }
    let running = serving.work().await?;
    running.unless_told(introduce_bot(&ground.app, &ground.config.appservice)).await;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), listen = %ground.config.appservice.listen, "running");
    running.until_told().await;
    running.stop().await
}
