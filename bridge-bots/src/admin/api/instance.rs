//! Instances: plugins at work for an account.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::{Always, Changes, Conflicts, Finds, Reads, ReadsBody};
use super::config::NewConfig;
use super::read::{Body, Params};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::signed::Signed;
use crate::host::Host;
use crate::host::change::Change;
use crate::host::manage::NewInstance;
use crate::host::view::InstanceView;
use crate::instance::status::Phase;

/// Which instance.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Named {
    /// Its name.
    #[param(pattern = "^[a-z0-9_-][a-z0-9._-]{0,63}$", example = "greeter")]
    pub(super) name: String,
}

/// An instance as it is now. Times are in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Instance)]
pub(super) struct Shown {
    #[schema(example = "greeter")]
    pub(super) name: String,
    /// The plugin's id.
    #[schema(example = "hello")]
    plugin: String,
    /// The account's name.
    #[schema(example = "helper")]
    account: String,
    /// The account's Matrix id.
    #[schema(example = "@bots_helper:example.org")]
    user_id: String,
    state: Phase,
    /// Since when it is in this state.
    since: i64,
    /// Whether it fails again and again.
    crash_looping: bool,
    /// How often it was started again after a fault, since the program was started.
    restarts: u64,
    /// When the last event was handed to it.
    last_event_at: Option<i64>,
    /// When it last did one well.
    last_ok_at: Option<i64>,
    /// What went wrong last.
    last_error: Option<String>,
    /// Whether the config file declares it. Then account and config are changed there.
    declared: bool,
    /// In what it differs from the config file.
    drift: Vec<String>,
}

/// All instances.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Instances)]
pub(super) struct List {
    instances: Vec<Shown>,
}

/// An instance to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateInstance {
    #[schema(pattern = "^[a-z0-9_-][a-z0-9._-]{0,63}$", example = "greeter")]
    name: String,
    /// The plugin's id.
    #[schema(example = "hello")]
    plugin: String,
    /// The account's name.
    #[schema(example = "helper")]
    account: String,
    /// Its config; the plugin's defaults if left out.
    #[serde(default)]
    config: Option<NewConfig>,
    /// Whether it is started at once.
    #[serde(default = "yes")]
    #[schema(default = true)]
    enabled: bool,
}

/// What is to be different; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeInstance {
    /// The account's name.
    #[serde(default)]
    #[schema(example = "helper")]
    account: Option<String>,
    #[serde(default)]
    config: Option<NewConfig>,
    /// Whether it runs.
    #[serde(default)]
    #[schema(example = true)]
    enabled: Option<bool>,
}

fn yes() -> bool {
    true
}

/// Lists instances
#[utoipa::path(get, path = "/api/v1/instances", tag = "instances", security(("bearer" = [])),
    responses((status = 200, description = "All instances, by their names.", body = List), Always))]
pub(super) async fn list_instances(State(shared): State<Shared>, _who: Signed) -> Json<List> {
    Json(List { instances: all(&shared.host) })
}

/// Makes an instance
///
/// Nothing is made if anything of it is wrong.
#[utoipa::path(post, path = "/api/v1/instances", tag = "instances", security(("bearer" = [])),
    request_body = CreateInstance,
    responses(
        (status = 201, description = "The new instance.", body = Shown,
            headers(("Location" = String, description = "Its path."))),
        ReadsBody, Finds, Changes, Conflicts, Always))]
pub(super) async fn create_instance(
    State(shared): State<Shared>,
    _who: Signed,
    Body(new): Body<CreateInstance>,
) -> Result<(StatusCode, [(header::HeaderName, String); 1], Json<Shown>), Failure> {
    let CreateInstance { name, plugin, account, config, enabled } = new;
    let config = config.map(NewConfig::into_text).unwrap_or_default();
    let view = shared.host.create(NewInstance { name, plugin, account, config, enabled }).await?;
    let path = format!("/api/v1/instances/{}", view.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, path)], Json(shown(&shared.host, view))))
}

/// Shows an instance
#[utoipa::path(get, path = "/api/v1/instances/{name}", tag = "instances",
    security(("bearer" = [])), params(Named),
    responses((status = 200, description = "The instance.", body = Shown), Reads, Finds, Always))]
pub(super) async fn show_instance(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { name }): Params<Named>,
) -> Result<Json<Shown>, Failure> {
    let (view, _) = shared.host.show(&name)?;
    Ok(Json(shown(&shared.host, view)))
}

/// Changes an instance: its account, its config, whether it runs
///
/// One that runs with something new is started anew. If anything is wrong, nothing is changed.
#[utoipa::path(patch, path = "/api/v1/instances/{name}", tag = "instances",
    security(("bearer" = [])), params(Named),
    request_body = ChangeInstance,
    responses((status = 200, description = "The instance as it is now.", body = Shown),
        ReadsBody, Finds, Changes, Conflicts, Always))]
pub(super) async fn change_instance(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { name }): Params<Named>,
    Body(change): Body<ChangeInstance>,
) -> Result<Json<Shown>, Failure> {
    let ChangeInstance { account, config, enabled } = change;
    let change = Change { account, config: config.map(NewConfig::into_text), enabled };
    let view = shared.host.change(&name, change).await?;
    Ok(Json(shown(&shared.host, view)))
}

/// Deletes an instance with all it kept
#[utoipa::path(delete, path = "/api/v1/instances/{name}", tag = "instances",
    security(("bearer" = [])), params(Named),
    responses((status = 204, description = "It is gone."), Reads, Finds, Changes, Conflicts, Always))]
pub(super) async fn delete_instance(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { name }): Params<Named>,
) -> Result<StatusCode, Failure> {
    shared.host.delete(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Starts an instance; one that runs is left as it is
#[utoipa::path(post, path = "/api/v1/instances/{name}/start", tag = "instances",
    security(("bearer" = [])), params(Named),
    responses((status = 200, description = "The instance as it is now.", body = Shown),
        Reads, Finds, Changes, Always))]
pub(super) async fn start_instance(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { name }): Params<Named>,
) -> Result<Json<Shown>, Failure> {
    let view = shared.host.start(&name).await?;
    Ok(Json(shown(&shared.host, view)))
}

/// Stops an instance
///
/// It stays so over restarts of the program, unless the config file says otherwise.
#[utoipa::path(post, path = "/api/v1/instances/{name}/stop", tag = "instances",
    security(("bearer" = [])), params(Named),
    responses((status = 200, description = "The instance as it is now.", body = Shown),
        Reads, Finds, Changes, Always))]
pub(super) async fn stop_instance(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { name }): Params<Named>,
) -> Result<Json<Shown>, Failure> {
    let view = shared.host.stop(&name).await?;
    Ok(Json(shown(&shared.host, view)))
}

/// Stops and starts an instance; others notice nothing
#[utoipa::path(post, path = "/api/v1/instances/{name}/restart", tag = "instances",
    security(("bearer" = [])), params(Named),
    responses((status = 200, description = "The instance as it is now.", body = Shown),
        Reads, Finds, Changes, Always))]
pub(super) async fn restart_instance(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { name }): Params<Named>,
) -> Result<Json<Shown>, Failure> {
    let view = shared.host.restart(&name).await?;
    Ok(Json(shown(&shared.host, view)))
}

/// All instances, by their names.
pub(super) fn all(host: &Host) -> Vec<Shown> {
    host.list().into_iter().map(|view| shown(host, view)).collect()
}

/// An instance as the API shows it.
pub(super) fn shown(host: &Host, view: InstanceView) -> Shown {
    Shown {
        account: host.name_of(&view.account),
        name: view.id,
        plugin: view.plugin,
        user_id: view.account,
        state: view.state,
        since: view.since,
        crash_looping: view.crash_looping,
        restarts: view.restarts,
        last_event_at: view.last_event_at,
        last_ok_at: view.last_ok_at,
        last_error: view.last_error,
        declared: view.declared,
        drift: view.drift.into_iter().map(str::to_owned).collect(),
    }
}
