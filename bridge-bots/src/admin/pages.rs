//! The pages: what operators see and do in a browser, with script and without.

mod accounts;
mod actions;
mod dead_letters;
pub(super) mod fault;
mod files;
mod frame;
mod instance;
mod live;
mod login;
mod logs;
mod new_instance;
mod notice;
mod overview;
mod plugins;
mod upload;
mod words;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use super::Shared;

/// Their routes.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(overview::show))
        .route("/live", get(overview::follow))
        .route("/files/{name}", get(files::serve))
        .route("/login", get(login::show).post(login::by_password))
        .route("/login/send", post(login::send))
        .route("/login/link", get(login::show_link).post(login::by_link))
        .route("/logout", post(login::sign_out))
        .route("/accounts", get(accounts::list).post(accounts::make))
        .route("/accounts/{name}", get(accounts::show).post(accounts::change))
        .route("/accounts/{name}/delete", post(accounts::delete))
        .route("/plugins", get(plugins::list).post(upload::put).layer(DefaultBodyLimit::max(upload::LIMIT)))
        .route("/dead-letters", get(dead_letters::list))
        .route("/dead-letters/{id}", get(dead_letters::show))
        .route("/dead-letters/{id}/retry", post(dead_letters::retry))
        .route("/dead-letters/{id}/drop", post(dead_letters::discard))
        .merge(instances())
}

fn instances() -> Router<Shared> {
    Router::new()
        .route("/instances", post(new_instance::make))
        .route("/instances/new", get(new_instance::show))
        .route("/instances/{name}", get(instance::show))
        .route("/instances/{name}/live", get(instance::follow))
        .route("/instances/{name}/start", post(instance::change::start))
        .route("/instances/{name}/stop", post(instance::change::stop))
        .route("/instances/{name}/restart", post(instance::change::restart))
        .route("/instances/{name}/account", post(instance::change::account))
        .route("/instances/{name}/actions/{action}", post(actions::carry_out))
        .route("/instances/{name}/config", post(instance::config::put))
        .route("/instances/{name}/delete", get(instance::delete::ask).post(instance::delete::carry_out))
        .route("/instances/{name}/logs", get(logs::show))
        .route("/instances/{name}/logs/live", get(logs::follow))
}
