//! The command line and the run of the bot host.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use bridge_core::appservice::OwnEvents;
use bridge_core::config::{Config, Defaults};
use bridge_core::queue::Inbox;
use bridge_core::service::cli::{Answer, Cli, Help, Verb, start};
use bridge_core::service::common::Kept;
use bridge_core::service::doctor::{Patient, doctor};
use bridge_core::service::run::{Program, Serving, introduce_bot};
use bridge_core::service::{Ground, common, ground, status, telemetry};

use crate::admin::api::openapi;
use crate::admin::users::Users;
use crate::admin::{self, password};
use crate::checkup;
use crate::config::{NOTES, Section};
use crate::ctl;
use crate::host::{self, Host, Parts, Rooms, problems};
use crate::import;
use crate::metrics::METRICS;
use crate::plugin::Problem;
use crate::runtime::Runtime;
use crate::runtime::native::Plugins;
use crate::store::TABLES;
use tokio_util::sync::CancellationToken;

const DEFAULTS: Defaults = Defaults { id: "bots", name: "Bots", bot: "botsbot", port: 29_420, notes: NOTES };
/// What is kept beside the core's tables.
const KEPT: Kept<Section> = Kept { components: TABLES, databases: Some(host::database::folder) };
const INBOX_DEPTH: usize = 1_024;

/// Runs the program with the bots that come with it: reads the command line, carries the verb out, ends with 0 or with 1 and
/// sentences.
pub fn main() -> ExitCode {
    main_with(Plugins::built_in())
}

/// Like [`main`], with other bots.
pub fn main_with(plugins: Plugins) -> ExitCode {
    start(help(), |cli| async move {
        match cli.verb {
            Verb::Status(order) => status::status::<Section>(&cli.config, order, &DEFAULTS).await,
            _ => carry_out(cli, vec![Box::new(plugins)]).await.map(Answer::from),
        }
    })
}

/// What [`main`] says of itself on the command line.
pub fn help() -> Help {
    Help {
        name: "bridge-bots".to_owned(),
        about: "A host for Matrix bots.".to_owned(),
        hidden: &["login", "commands", "rebuild"],
        verbs: vec![ctl::verb(), password::verb(), import::verb(), openapi::verb()],
        ..Help::default()
    }
}

async fn carry_out(cli: Cli, runtimes: Vec<Box<dyn Runtime>>) -> Result<String, String> {
    match cli.verb {
        Verb::Run => Box::pin(run(&cli.config, runtimes)).await.map(|()| String::new()),
        Verb::Check => {
            let config = load(&cli.config, &runtimes)?;
            let report = common::carry_out_with(cli, &DEFAULTS, &KEPT).await?;
            match checkup::report(&config.own).await {
                Ok(beside) => Ok(report + &beside),
                Err(why) => Err(report + &why),
            }
        }
        Verb::Doctor(args) => {
            let config = load(&cli.config, &runtimes);
            let besides = config.as_ref().ok().cloned();
            let patient = Patient { path: &cli.config, config, defaults: &DEFAULTS, components: TABLES };
            // It has no logins, but perhaps accounts elsewhere.
            doctor(patient, &args, async |_| match &besides {
                Some(config) => checkup::besides(config).await,
                None => Vec::new(),
            })
            .await
        }
        Verb::MetricsList => Ok(common::metrics_list(METRICS)),
        Verb::Own(name, _) if name == password::VERB => password::carry_out(),
        Verb::Own(name, _) if name == openapi::VERB => openapi::text(),
        Verb::Own(name, words) if name == import::VERB => {
            import::carry_out(load(&cli.config, &runtimes)?, &runtimes, &words).await
        }
        Verb::Own(_, words) => ctl::carry_out(load(&cli.config, &runtimes)?, &words).await,
        _ => common::carry_out_with(cli, &DEFAULTS, &KEPT).await,
    }
}

/// The config file, with what it declares looked over. The error names all mistakes.
fn load(path: &Path, runtimes: &[Box<dyn Runtime>]) -> Result<Config<Section>, String> {
    let mut config: Config<Section> = ground::load(path, &DEFAULTS)?;
    for account in config.own.accounts.values_mut() {
        account.token_file = account.token_file.take().map(|file| config.folder.join(file));
    }
    let mut problems = problems(&config.own, &config.appservice.bot, runtimes);
    problems.extend(host::database::folder_problem(&config));
    problems.extend(Users::read(&config.own.admin, folder(path)).err().into_iter().flatten());
    if problems.is_empty() {
        return Ok(config);
    }
    Err(problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"))
}

/// Where files lie that the config names.
fn folder(config: &Path) -> &Path {
    config.parent().unwrap_or(Path::new(""))
}

async fn run(path: &Path, runtimes: Vec<Box<dyn Runtime>>) -> Result<(), String> {
    let config = load(path, &runtimes)?;
    telemetry::log(&config.logging, &[])?;
    let mut ground = Ground::prepare(config)?.with_components(TABLES);
    let listener = ground.listen().await?;
    let section = &mut ground.config.own.admin;
    let users = Users::read(section, folder(path)).map_err(|problems| crate::error::list(&problems))?;
    let admin_listener = admin::listen(section).await?;
    let store = ground.await_all(&listener, path, DEFAULTS.id).await?;
    let (inbox, deliveries) = Inbox::channel(INBOX_DEPTH);
    let host = Host::new(Parts {
        app: ground.app.clone(),
        homeserver: ground.config.homeserver.url.clone(),
        prefix: ground.config.appservice.user_prefix.clone(),
        store: store.clone(),
        inbox: inbox.clone(),
        permissions: ground.config.permissions.clone(),
        section: ground.config.own.clone(),
        databases: host::database::folder(&ground.config),
        runtimes,
    });
    let health = host.clone();
    let program = Program {
        handler: Arc::new(host.clone()),
        inbox: (inbox, deliveries),
        lanes: Arc::new(Rooms),
        lookups: Arc::new(host.clone()),
        own_events: OwnEvents::Keep,
        health: Arc::new(move || health.health()),
        metrics: METRICS,
        routes: ctl::route::router(host.clone(), &ground.hs_token),
    };
    let stop = CancellationToken::new();
    let _stopped = stop.clone().drop_guard();
    if let Some(listener) = admin_listener {
        let section = (ground.config.own.admin.clone(), ground.config.appservice.listen);
        admin::spawn(listener, host.clone(), users, section, stop.clone());
    }
    let mut serving = Serving::start(&ground, listener, store, program);
    if !serving.until_turn().await {
        return serving.stop().await;
    }
    if let Err(error) = host.open().await {
        serving.stop().await?;
        return Err(error.to_string());
    }
    let running = serving.work().await?;
    host.launch(stop.clone());
    running.unless_told(introduce_bot(&ground.app, &ground.config.appservice)).await;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), listen = %ground.config.appservice.listen, "running");
    running.until_told().await;
    stop.cancel();
    host.control().stop().await;
    let stopped = running.stop().await;
    host.close_databases().await;
    stopped
}
