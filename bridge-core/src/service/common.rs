//! The verbs that all programs carry out alike.

use std::path::PathBuf;

use bridge_registration::cli::produce;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cli::{Cli, Verb};
use super::ground::{self, Ground, plan};
use super::{backup, check, init, letters};
use crate::config::{Config, Defaults, example::example};
use crate::metrics::{Described, Kind, METRICS};
use crate::store::migrate::Component;

/// The fact that says where a program has its SQLite files.
pub const DATABASES: &str = "databases_folder";

/// What a program keeps beside the core's tables. `S` is its own config section.
#[derive(Debug)]
pub struct Kept<S> {
    /// Its tables.
    pub components: &'static [Component],
    /// A folder of SQLite files (`NAME.db`), which are backed up and restored with the database. A backup looks where the program
    /// says by the fact [`DATABASES`] that it has them.
    pub databases: Option<fn(&Config<S>) -> PathBuf>,
}

/// Carries out `init`, `registration`, `check`, `dead-letters`, `backup`, `restore`, `example-config` and `metrics-list`. Anything else is unknown to the
/// program. `S` is its own config section.
pub async fn carry_out<S>(cli: Cli, defaults: &Defaults) -> Result<String, String>
where
    S: Serialize + DeserializeOwned + Default,
{
    carry_out_with::<S>(cli, defaults, &Kept { components: &[], databases: None }).await
}

/// The same for a program that keeps something beside the core's tables.
pub async fn carry_out_with<S>(cli: Cli, defaults: &Defaults, kept: &Kept<S>) -> Result<String, String>
where
    S: Serialize + DeserializeOwned + Default,
{
    let load = || ground::load::<S>(&cli.config, defaults);
    match cli.verb {
        Verb::Init(args) => init::init::<S>(&cli.config, &args, defaults, &[]),
        Verb::Registration(output) => {
            let config = load()?;
            config.appservice.called_at()?;
            let produced = produce(&plan(&config, defaults), &output, Some(&config.appservice.registration));
            produced.map(|produced| produced.text).map_err(|error| error.to_string())
        }
        Verb::Check => {
            let ground = Ground::prepare(load()?)?;
            check::check(&ground, &cli.config, &plan(&ground.config, defaults)).await
        }
        Verb::DeadLetters(order) => letters::carry_out(&load()?, &order, &|_| false).await,
        Verb::Backup(args) => backup::back_up::<S>(&cli.config, &args, defaults, kept).await,
        Verb::Restore(args) => backup::restore::<S>(&cli.config, &args, defaults, kept).await,
        Verb::ExampleConfig => {
            let own = serde_yaml::to_string(&S::default()).map_err(|error| error.to_string())?;
            Ok(example(defaults, "example.org", &own))
        }
        Verb::MetricsList => Ok(metrics_list(&[])),
        Verb::Run
        | Verb::Status(_)
        | Verb::Login(_)
        | Verb::Rebuild(_)
        | Verb::Doctor(_)
        | Verb::Commands
        | Verb::Document(_)
        | Verb::Own(..) => Err("This program has no such verb; see --help.".to_owned()),
    }
}

/// All metrics as Markdown, the program's own after the core's.
pub fn metrics_list(own: &[Described]) -> String {
    let rows = METRICS.iter().chain(own).map(|(name, kind, sentence)| {
        let kind = match kind {
            Kind::Counter | Kind::CounterOf(_) | Kind::CounterBy => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram (seconds)",
        };
        format!("| `{name}` | {kind} | {sentence} |\n")
    });
    format!("# Metrics\n\n| name | kind | meaning |\n|---|---|---|\n{}", rows.collect::<String>())
}
