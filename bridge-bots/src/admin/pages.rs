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
mod services;
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
        .merge(services())
}

fn services() -> Router<Shared> {
    Router::new()
        .route("/services", get(services::show))
        .route("/services/live", get(services::follow))
        .route("/services/actions", get(services::records::show))
        .route("/services/{name}/{verb}", get(services::order::ask).post(services::order::carry_out))
        .route("/services/{name}/actions/{id}", get(services::action::show))
        .route("/services/{name}/actions/{id}/live", get(services::action::follow))
        .route("/services/{name}/actions/{id}/lines", get(services::action::follow_lines))
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
