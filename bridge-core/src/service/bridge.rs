//! The program of a bridge: `main` is one call of this.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::cli::{Answer, Cli, DoctorArgs, Help, Verb, start};
use super::doctor::{self, Patient};
use super::ground::{self, Ground};
use super::run::{Program, Serving, introduce_bot};
use super::{common, init, letters, login, logins, pictures, public_files, rebuild, status, telemetry};
use crate::appservice::{Lookups, OwnEvents, RoomLanes};
use crate::config::{Config, Defaults};
use crate::engine::Bridge;
use crate::engine::bridge::Setup;
use crate::engine::command::catalogue;
use crate::matrix::PublicMedia;
use crate::network::Network;
use crate::queue::{Inbox, InboxError, Lane};
use crate::store::lease::{Lease, Role};

const INBOX_DEPTH: usize = 1_024;

/// Runs a bridge's program: reads the command line, carries the verb out, ends with 0 or with 1 and sentences.
pub fn main<N: Network>() -> ExitCode {
    start(help::<N>(), |cli| async move {
        match cli.verb {
            Verb::Status(order) => status::status::<N::Config>(&cli.config, order, &defaults::<N>()).await,
            _ => carry_out::<N>(cli).await.map(Answer::from),
        }
    })
}

/// What [`main`] says of itself on the command line.
pub fn help<N: Network>() -> Help {
    let documents = N::documents().into_iter().map(|document| (document.name, document.about));
    Help {
        name: format!("bridge-{}", N::INFO.id),
        about: format!("A bridge between Matrix and {}.", N::INFO.name),
        documents: documents.collect(),
        login: login::help(N::login_flows()),
        hidden: &[],
        verbs: Vec::new(),
    }
}

fn defaults<N: Network>() -> Defaults {
    let info = N::INFO;
    Defaults {
        id: info.id,
        name: info.name,
        bot: info.default_bot,
        port: info.default_port,
        notes: N::config_notes(),
    }
}

async fn carry_out<N: Network>(cli: Cli) -> Result<String, String> {
    match cli.verb {
        Verb::Run => run::<N>(&cli.config).await.map(|()| String::new()),
        Verb::Check => {
            network::<N>(load::<N>(&cli.config)?.own)?;
            common::carry_out::<N::Config>(cli, &defaults::<N>()).await
        }
        Verb::Init(args) => {
            let documents = N::documents();
            let documents: Vec<_> =
                documents.iter().map(|document| (document.name, document.about)).collect();
            init::init::<N::Config>(&cli.config, &args, &defaults::<N>(), &documents)
        }
        Verb::Doctor(args) => doctor::<N>(&cli.config, &args).await,
        Verb::Login(args) => login::login::<N>(&cli.config, args).await,
        Verb::Rebuild(args) => rebuild::rebuild::<N>(&cli.config, &args).await,
        Verb::DeadLetters(order) => {
            let config = load::<N>(&cli.config)?;
            let network = network::<N>(load::<N>(&cli.config)?.own)?;
            letters::carry_out(&config, &order, &|word| login::is_secret(&network, word)).await
        }
        Verb::MetricsList => Ok(common::metrics_list(N::metrics())),
        Verb::Commands => Ok(catalogue(format!("!{}", N::INFO.id)).document()),
        Verb::Document(name) => {
            let found = N::documents().into_iter().find(|document| document.name == name);
            found.map(|document| document.text).ok_or_else(|| "There is no such verb; see --help.".to_owned())
        }
        _ => common::carry_out::<N::Config>(cli, &defaults::<N>()).await,
    }
}

pub(super) fn load<N: Network>(path: &Path) -> Result<Config<N::Config>, String> {
    ground::load(path, &defaults::<N>())
}

/// The network of the program's own section. The error begins with the whole path of the key.
pub(super) fn network<N: Network>(own: N::Config) -> Result<N, String> {
    N::new(own).map_err(|why| format!("{}.{why}", N::INFO.id))
}

/// Prints what the doctor says; the error is empty where there is something to do.
async fn doctor<N: Network>(path: &Path, args: &DoctorArgs) -> Result<String, String> {
    let config = load::<N>(path);
    // The section goes with the network, so it is read once more.
    let config =
        config.and_then(|config| network::<N>(load::<N>(path)?.own).map(|network| (config, network)));
    let (config, network) = match config {
        Ok((config, network)) => (Ok(config), Some(network)),
        Err(why) => (Err(why), None),
    };
    let patient = Patient { path, config, defaults: &defaults::<N>(), components: &[] };
    let logins = async |rows: Option<_>| match network.as_ref().zip(rows) {
        Some((network, rows)) => doctor::logins::try_all(network, rows).await,
        None => Vec::new(),
    };
    doctor::doctor(patient, args, logins).await
}

async fn run<N: Network>(path: &Path) -> Result<(), String> {
    let mut config = load::<N>(path)?;
    telemetry::log(&config.logging, N::INFO.quiet)?;
    let network = network::<N>(std::mem::take(&mut config.own))?;
    let ground = Ground::prepare(config)?;
    let listener = ground.listen().await?;
    let store = ground.await_all(&listener, path, N::INFO.id).await?;
    let (inbox, deliveries) = Inbox::channel(INBOX_DEPTH);
    let public_media = ground
        .config
        .appservice
        .public_url
        .as_ref()
        .map(|base| PublicMedia::new(base, ground.hs_token.clone()));
    let bridge = Bridge::new(Setup {
        public_media: public_media.clone(),
        network,
        app: ground.app.clone(),
        store: store.clone(),
        inbox: inbox.clone(),
        permissions: ground.config.permissions.clone(),
        ghost_name: ground.config.appservice.ghost_name.clone(),
        members: ground.config.members.clone(),
        command_prefix: ground.config.appservice.command_prefix.clone(),
        delivery_events: ground.config.appservice.delivery_events,
    });
    let seen = Arc::clone(&bridge);
    let public = public_media.map(|media| {
        let pictures = pictures::router(ground.app.clone(), media.clone());
        pictures.merge(public_files::router(ground.app.clone(), media, store.clone()))
    });
    let program = Program {
        handler: Arc::clone(&bridge),
        inbox: (inbox, deliveries),
        lanes: Arc::new(Lanes(Arc::clone(&bridge))),
        lookups: Arc::new(Lanes(Arc::clone(&bridge))),
        own_events: OwnEvents::Drop,
        health: Arc::new(move || logins::own(&seen)),
        metrics: N::metrics(),
        routes: public.unwrap_or_default(),
    };
    let lease = store.lease().clone();
    let serving = Serving::start(&ground, listener, store, program);
    tracing::info!(version = env!("CARGO_PKG_VERSION"), listen = %ground.config.appservice.listen, "serving");
    Box::pin(serve(&ground, &bridge, &lease, serving)).await
}

/// Works when it is this process's turn, until the end.
async fn serve<N: Network>(
    ground: &Ground<N::Config>,
    bridge: &Arc<Bridge<N>>,
    lease: &Lease,
    mut serving: Serving<Bridge<N>>,
) -> Result<(), String> {
    if !serving.until_turn().await {
        return serving.stop().await;
    }
    if let Err(why) = serving.expect_calls().await {
        let _ = serving.stop().await;
        return Err(why);
    }
    // Before the queue: jobs that were left find their login.
    if let Err(error) = bridge.start_logins().await {
        // The work is left to another process at once.
        let _ = serving.stop().await;
        return Err(format!("database.url: {error}"));
    }
    let running = serving.work().await?;
    bridge.set_waker(running.queue().waker());
    bridge.watch_statuses();
    running.unless_told(introduce_bot(&ground.app, &ground.config.appservice)).await;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), listen = %ground.config.appservice.listen, "running");
    running.until_told().await;
    // While the queue runs, so that what is being stored can be acknowledged.
    if lease.role() != Role::Lost {
        bridge.stop_logins().await;
    }
    running.stop().await
}

/// The bridge as the server sees it.
struct Lanes<N: Network>(Arc<Bridge<N>>);

impl<N: Network> RoomLanes for Lanes<N> {
    fn lane<'a>(&'a self, room_id: &'a str) -> BoxFuture<'a, Result<Lane, InboxError>> {
        Box::pin(async move { self.0.lane(room_id).await.map_err(|error| InboxError(error.0)) })
    }

    fn to_store(&self, lane: &Lane, event: &str) -> Result<String, InboxError> {
        self.0.to_store(lane, event).map_err(|error| InboxError(error.0))
    }
}

impl<N: Network> Lookups for Lanes<N> {
    fn user_exists<'a>(&'a self, user_id: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let Some(remote) = self.0.app.ghosts().parse(user_id) else { return false };
            matches!(self.0.store.ghost(&remote).await, Ok(Some(_)))
        })
    }

    fn alias_exists<'a>(&'a self, _alias: &'a str) -> BoxFuture<'a, bool> {
        // Portals carry their alias from the moment they are made, so whoever asks here asks for none of ours.
        Box::pin(async { false })
    }
}
