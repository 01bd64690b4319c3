//! An instance's config: shown, looked over, changed.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::answers::{Always, Changes, Conflicts, Finds, Reads, ReadsBody};
use super::instance::{Named, Shown, shown};
use super::read::{Body, Params};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::signed::Signed;

/// A config: a text in YAML or JSON, or the keys themselves.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "no config, expected a text in YAML or JSON, or an object with the keys")]
pub(super) enum NewConfig {
    Text(String),
    #[schema(value_type = Object)]
    Keys(Map<String, Value>),
}

impl NewConfig {
    /// As it is stored.
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Keys(keys) => serde_yaml::to_string(&keys).unwrap_or_default(),
        }
    }
}

/// An instance's config.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Config {
    /// The text as it was given, in YAML or JSON; empty if all is at its default.
    #[schema(example = "greeting: Hi, {name}!")]
    config: String,
}

/// A config to be taken.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PutConfig {
    config: NewConfig,
}

/// Shows an instance's config
#[utoipa::path(get, path = "/api/v1/instances/{name}/config", tag = "instances",
    security(("bearer" = [])), params(Named),
    responses((status = 200, description = "The config.", body = Config), Reads, Finds, Always))]
pub(super) async fn show_config(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { name }): Params<Named>,
) -> Result<Json<Config>, Failure> {
    let (_, config) = shared.host.show(&name)?;
    Ok(Json(Config { config }))
}

/// Gives an instance another config
///
/// It takes effect as a whole, or nothing changes. One that runs goes on with the old config until it stands with the new.
#[utoipa::path(put, path = "/api/v1/instances/{name}/config", tag = "instances",
    security(("bearer" = [])), params(Named),
    request_body = PutConfig,
    responses((status = 200, description = "The instance as it is now.", body = Shown),
        ReadsBody, Finds, Changes, Conflicts, Always))]
pub(super) async fn put_config(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { name }): Params<Named>,
    Body(PutConfig { config }): Body<PutConfig>,
) -> Result<Json<Shown>, Failure> {
    let view = shared.host.configure(&name, &config.into_text()).await?;
    Ok(Json(shown(&shared.host, view)))
}

/// Looks a config over, and changes nothing
///
/// What is wrong is answered as it would be when the config is changed.
#[utoipa::path(post, path = "/api/v1/instances/{name}/config/check", tag = "instances",
    security(("bearer" = [])), params(Named),
    request_body = PutConfig,
    responses((status = 204, description = "The plugin would take it."), ReadsBody, Finds, Changes, Always))]
pub(super) async fn check_config(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { name }): Params<Named>,
    Body(PutConfig { config }): Body<PutConfig>,
) -> Result<StatusCode, Failure> {
    shared.host.check_config(&name, &config.into_text())?;
    Ok(StatusCode::NO_CONTENT)
}
