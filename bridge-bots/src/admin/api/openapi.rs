//! The API's document, in the form `OpenAPI`, made from the types and handlers: served, and printed by the verb `openapi`.

use axum::Json;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{account, action, config, event, instance, letter, log, overview, plugin, services, session};
use crate::admin::failure::Told;

/// The verb's name.
pub(crate) const VERB: &str = "openapi";

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "bridge-bots",
        description = "Everything that operators of the bot host do. docs/bots-api.md has the first steps."
    ),
    paths(
        show_document,
        overview::show_version, overview::show_overview, event::stream_events,
        session::sign_in, session::show_session, session::sign_out,
        account::list_accounts, account::show_account, account::put_account, account::delete_account,
        account::list_rooms,
        plugin::list_plugins, plugin::show_plugin,
        instance::list_instances, instance::create_instance, instance::show_instance, instance::change_instance,
        instance::delete_instance, instance::start_instance, instance::stop_instance, instance::restart_instance,
        config::show_config, config::put_config, config::check_config,
        log::show_log, action::act,
        letter::list_letters, letter::retry_letters, letter::show_letter, letter::drop_letter, letter::retry_letter,
        services::list_services, services::show_service, services::act_on_service, services::list_service_actions,
        services::show_service_action,
    ),
    components(schemas(Told, event::States, log::LogLine)),
    modifiers(&Bearer),
)]
struct Document;

/// How one shows who one is.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let about = "The token that POST /api/v1/session gives.";
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(about)).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The verb for the command line.
pub(crate) fn verb() -> clap::Command {
    clap::Command::new(VERB).about("Prints the API's document in OpenAPI").hide(true)
}

/// The document as text. The error is a sentence.
pub(crate) fn text() -> Result<String, String> {
    Document::openapi()
        .to_pretty_json()
        .map_err(|error| format!("The document could not be written: {error}."))
}

/// Shows this document
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "program",
    responses((status = 200, description = "OpenAPI 3.1.", body = Object)))]
pub(super) async fn show_document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}
