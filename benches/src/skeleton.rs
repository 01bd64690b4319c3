//! The bare path of a bridge, to compare with: socket or transaction in, one durable append, acknowledgement, call out.
//! No database, no conversion, no retries: what remains is what every bridge has to pay.

mod appservice;
mod commit;
mod lanes;
mod socket;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::{Context, Result};

use crate::homeserver::SERVER_NAME;
use crate::http_client;
use commit::Commits;
use lanes::Lanes;

/// How the skeleton is started.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// The Web API's address, with a slash at its end.
    #[arg(long)]
    slack_api: String,
    #[arg(long)]
    bot_token: String,
    #[arg(long)]
    app_token: String,
    /// The homeserver's address, without a slash at its end.
    #[arg(long)]
    homeserver: String,
    #[arg(long)]
    as_token: String,
    /// Where transactions are received.
    #[arg(long)]
    listen: SocketAddr,
    /// The file that everything accepted is appended to.
    #[arg(long)]
    log: PathBuf,
}

/// What all parts share.
struct Shared {
    options: Options,
    http: reqwest::Client,
    commits: Commits,
    to_matrix: Lanes,
    to_slack: Lanes,
    connected: AtomicBool,
    txn_ids: AtomicU64,
}

/// Runs until the process is ended.
pub(crate) async fn run(options: Options) -> Result<()> {
    let commits = Commits::start(&options.log)?;
    let listener = tokio::net::TcpListener::bind(options.listen).await?;
    let shared = Arc::new(Shared {
        http: http_client::http_client()?,
        commits,
        to_matrix: Lanes::default(),
        to_slack: Lanes::default(),
        connected: AtomicBool::new(false),
        txn_ids: AtomicU64::new(0),
        options,
    });
    tokio::try_join!(socket::run(&shared), appservice::serve(listener, Arc::clone(&shared)))?;
    Ok(())
}

/// The room of a channel.
fn room_of(channel: &str) -> String {
    format!("!{channel}:{SERVER_NAME}")
}

/// The channel of a room.
fn channel_of(room: &str) -> Option<&str> {
    room.strip_prefix('!')?.split(':').next()
}

impl Shared {
    /// Says something as a ghost.
    async fn put(&self, channel: &str, user: &str, text: &str) -> Result<()> {
        let Options { homeserver, as_token, .. } = &self.options;
        let txn_id = self.txn_ids.fetch_add(1, Ordering::Relaxed);
        let url = format!(
            "{homeserver}/_matrix/client/v3/rooms/{}/send/m.room.message/t{txn_id}?user_id=%40skeleton_{user}%3A{SERVER_NAME}",
            room_of(channel)
        );
        let body = serde_json::json!({ "msgtype": "m.text", "body": text }).to_string();
        let request = self.http.put(url).bearer_auth(as_token).header("content-type", "application/json");
        http_client::send(request.body(body)).await.context("The homeserver did not take an event.")?;
        Ok(())
    }

    /// Posts as somebody.
    async fn post(&self, channel: &str, name: &str, text: &str) -> Result<()> {
        let Options { slack_api, bot_token, .. } = &self.options;
        let body = serde_json::json!({ "channel": channel, "username": name, "text": text }).to_string();
        let request = self.http.post(format!("{slack_api}chat.postMessage")).bearer_auth(bot_token);
        let request = request.header("content-type", "application/json; charset=utf-8").body(body);
        http_client::send(request).await.context("The workspace did not take a message.")?;
        Ok(())
    }
}

/// Ends the program on an error: a skeleton that loses messages measures nothing.
fn fatal(result: Result<()>) {
    if let Err(error) = result {
        eprintln!("{error:#}");
        std::process::exit(1);
    }
}
