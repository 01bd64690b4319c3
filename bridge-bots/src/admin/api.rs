//! The API `api/v1`: everything the pages do, for programs.

mod account;
mod action;
mod answers;
mod config;
mod event;
mod instance;
mod letter;
mod log;
pub(crate) mod openapi;
mod overview;
mod plugin;
mod read;
mod services;
mod session;

use axum::Extension;
use axum::Router;
use axum::routing::{get, post};
use tokio::time::Instant;

use super::Shared;

/// Its routes. What each takes and answers is told by the document at `/api/v1/openapi.json`, which names exactly these.
pub(super) fn router() -> Router<Shared> {
    let routes = Router::new()
        .route("/openapi.json", get(openapi::show_document))
        .route("/version", get(overview::show_version))
        .route("/overview", get(overview::show_overview))
        .route("/session", post(session::sign_in).get(session::show_session).delete(session::sign_out))
        .route("/accounts", get(account::list_accounts))
        .route(
            "/accounts/{name}",
            get(account::show_account).put(account::put_account).delete(account::delete_account),
        )
        .route("/accounts/{name}/rooms", get(account::list_rooms))
        .route("/plugins", get(plugin::list_plugins))
        .route("/plugins/{id}", get(plugin::show_plugin))
        .route("/instances", get(instance::list_instances).post(instance::create_instance))
        .route(
            "/instances/{name}",
            get(instance::show_instance).patch(instance::change_instance).delete(instance::delete_instance),
        )
        .route("/instances/{name}/start", post(instance::start_instance))
        .route("/instances/{name}/stop", post(instance::stop_instance))
        .route("/instances/{name}/restart", post(instance::restart_instance))
        .route("/instances/{name}/config", get(config::show_config).put(config::put_config))
        .route("/instances/{name}/config/check", post(config::check_config))
        .route("/instances/{name}/logs", get(log::show_log))
        .route("/instances/{name}/actions/{action}", post(action::act))
        .route("/events", get(event::stream_events))
        .route("/dead-letters", get(letter::list_letters))
        .route("/dead-letters/retry", post(letter::retry_letters))
        .route("/dead-letters/{id}", get(letter::show_letter).delete(letter::drop_letter))
        .route("/dead-letters/{id}/retry", post(letter::retry_letter));
    Router::new()
        .nest("/api/v1", routes.merge(services()))
        .layer(Extension(overview::Started(Instant::now())))
}

fn services() -> Router<Shared> {
    Router::new()
        .route("/services", get(services::list_services))
        .route("/services/{name}", get(services::show_service))
        .route("/services/{name}/actions", get(services::list_service_actions).post(services::act_on_service))
        .route("/services/{name}/actions/{id}", get(services::show_service_action))
}
