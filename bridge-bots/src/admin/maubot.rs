//! The API of maubot 0.6, so that its own tools and scripts work with this host.
//!
//! Paths, fields, statuses and words for errors are those that maubot's server has; what it has and this host does not is refused
//! in a sentence. docs/bots-from-maubot.md lists the differences.

mod accounts;
mod asked;
mod auth;
mod clients;
mod instances;
mod logs;
mod plugins;
mod shown;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::Shared;
use super::failure::Failure;
use crate::error::HostError;
use crate::package;
use asked::Asked;

/// The maubot whose API this is.
const VERSION: &str = "0.6.0";

/// Its routes.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/_matrix/maubot", get(async || Redirect::to("/")))
        .route("/_matrix/maubot/", get(async || Redirect::to("/")))
        .nest("/_matrix/maubot/v1", api())
}

fn api() -> Router<Shared> {
    let uploads = Router::new()
        .route("/plugins/upload", post(plugins::upload))
        .route("/plugin/{id}", get(plugins::show).put(plugins::put).delete(plugins::delete))
        .layer(DefaultBodyLimit::max(package::LARGEST));
    Router::new()
        .route("/version", get(async || Json(version())))
        .route("/features", get(features_shown))
        .route("/auth/login", post(auth::login))
        .route("/auth/ping", post(auth::ping))
        .merge(uploads)
        .route("/plugins", get(plugins::list))
        .route("/plugin/{id}/reload", post(plugins::reload))
        .route("/instances", get(instances::list))
        .route("/instance/{id}", get(instances::show).put(instances::put).delete(instances::delete))
        .route("/instance/{id}/database", get(instances::database))
        .route("/instance/{id}/database/query", post(instances::database))
        .route("/instance/{id}/database/{table}", get(instances::database_table))
        .route("/clients", get(clients::list))
        .route("/client/new", post(clients::create))
        .route("/client/{id}", get(clients::show).put(clients::put).delete(clients::delete))
        .route("/client/{id}/clearcache", post(clients::clear_cache).put(clients::clear_cache))
        .route("/client/{id}/verify", post(clients::encryption))
        .route("/client/{id}/generate_recovery_key", post(clients::encryption))
        .route("/client/auth/servers", get(accounts::servers))
        .route("/client/auth/{server}/register", post(accounts::register))
        .route("/client/auth/{server}/login", post(accounts::login))
        .route("/proxy/{*path}", any(proxy))
        .route("/logs", get(logs::follow))
        .fallback(async || {
            failed(
                StatusCode::NOT_FOUND,
                "resource_not_found",
                "maubot's API has no such path, or this host does not have it.",
            )
        })
}

/// For whoever asks whether somebody is there: without a token, so that no answer has to be taken for a good one that is none.
fn version() -> Value {
    json!({ "version": VERSION, "server": "bridge-bots", "server_version": env!("CARGO_PKG_VERSION") })
}

/// What there is of maubot's switches.
fn features() -> Value {
    json!({
        "login": true, "plugin": true, "plugin_upload": true, "instance": true, "instance_database": false,
        "client": true, "client_proxy": false, "client_auth": true, "dev_open": false, "log": true,
    })
}

async fn features_shown(asked: Result<Asked, Failure>) -> Json<Value> {
    Json(if asked.is_ok() { features() } else { json!({ "login": true }) })
}

/// maubot adds the bot's access token to any call; ours would be the appservice's, which may act as every bot.
async fn proxy(_: Asked) -> Failure {
    let text = "This host gives nobody the access of a bot's account, so it does not pass calls on to the homeserver.";
    failed(StatusCode::NOT_IMPLEMENTED, "client_proxy_unsupported", text)
}

fn failed(status: StatusCode, errcode: &'static str, text: impl Into<String>) -> Failure {
    Failure::new(status, errcode, text)
}

/// An error of the host's, with maubot's word for what is not there.
fn or_not_found(errcode: &'static str) -> impl FnOnce(HostError) -> Failure {
    move |error| {
        let mut failure = Failure::from(error);
        if failure.status == StatusCode::NOT_FOUND {
            failure.told.errcode = errcode;
        }
        failure
    }
}
