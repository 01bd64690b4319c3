//! The verb `ctl`: what operators do with the running program from a shell.

mod answer;
pub(crate) mod order;
pub(crate) mod route;
mod services;

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use bridge_core::config::Config;
use bridge_core::secret::Secret;
use bridge_core::service::Ground;
use clap::{ArgMatches, FromArgMatches as _, Subcommand as _};

use crate::config::Section;
use order::Order;

/// How long an order may take: a plugin's start has 30 seconds.
const PATIENCE: Duration = Duration::from_mins(1);

/// The verb for the command line.
pub(crate) fn verb() -> clap::Command {
    // It brings a sentence of its own.
    let verb = Order::augment_subcommands(clap::Command::new("ctl"))
        .about("Accounts, bots and their config, while the program runs")
        .long_about(
            "Accounts, bots and their config, while the program runs.\n\nIt speaks to the program at appservice.listen of the \
             same config file, with a token made from the registration: run it as the program's user. What is changed here \
             lasts; what the config file declares is made as it says at the next start.",
        )
        .after_help(
            "From nothing to a bot:\n  ctl account helper --displayname Helper\n  ctl create greeter --plugin hello --account \
             helper\n  ctl list\nThen invite @bots_helper:your.server into a room. Why a bot failed: ctl logs greeter",
        );
    verb.subcommand_required(true).arg_required_else_help(true)
}

/// Hands an order to the running program and gives its answer. The error is a sentence.
pub(crate) async fn carry_out(config: Config<Section>, words: &ArgMatches) -> Result<String, String> {
    let mut order = Order::from_arg_matches(words).map_err(|error| error.to_string())?;
    read_files(&mut order)?;
    Line::of(config)?.order(&order).await
}

/// The way to the program that runs with a config.
#[derive(Debug)]
pub(crate) struct Line {
    address: SocketAddr,
    token: Secret,
    client: reqwest::Client,
}

impl Line {
    /// By what the config says. The error is a sentence.
    pub(crate) fn of(config: Config<Section>) -> Result<Self, String> {
        let address = config.appservice.listen;
        let ground = Ground::prepare(config)?;
        Ok(Self { address, token: Secret::new(route::token(&ground.hs_token)), client: client()? })
    }

    /// Hands an order over and gives the answer. The error is a sentence.
    pub(crate) async fn order(&self, order: &Order) -> Result<String, String> {
        let address = self.address;
        let call = self.client.post(format!("http://{address}{}", route::PATH));
        let sent = call.bearer_auth(self.token.expose()).json(order).send().await;
        let answer = sent.map_err(|_| {
            format!(
                "Nothing answers at {address} (appservice.listen). Start the program with `run`, then try again."
            )
        })?;
        let told: answer::Told = answer.json().await.map_err(|_| {
            format!(
                "What answers at {address} is not this program, or of another version. Look at appservice.listen."
            )
        })?;
        told.into_result()
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "speaks to the program's own listener, without TLS and with a time limit"
)]
fn client() -> Result<reqwest::Client, String> {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(PATIENCE)
        .build()
        .map_err(|error| format!("The call could not be made: {error}."))
}

/// Files are read here: the running program may not see them.
fn read_files(order: &mut Order) -> Result<(), String> {
    let file = match order {
        Order::Create { file, .. } => file.as_mut(),
        Order::Config { set, .. } => set.as_mut(),
        Order::Account { token_file, .. } => token_file.as_mut(),
        _ => None,
    };
    let Some(file) = file else { return Ok(()) };
    let mut text = String::new();
    let read = if file == "-" {
        std::io::stdin().read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(Path::new(file.as_str())).map(|read| text = read)
    };
    read.map_err(|error| format!("{file} could not be read: {error}."))?;
    *file = text;
    Ok(())
}
