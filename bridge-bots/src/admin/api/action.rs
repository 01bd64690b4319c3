//! Actions: what an operator has an instance do, of what its plugin lists.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::{Always, Changes, Conflicts, Finds, ReadsBody};
use super::read::{Body, Params};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::signed::Signed;

/// Which action of which instance.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Named {
    /// The instance's name.
    #[param(pattern = "^[a-z0-9_-][a-z0-9._-]{0,63}$", example = "greeter")]
    name: String,
    /// The action's name, as the plugin lists it.
    #[param(example = "status")]
    action: String,
}

/// What is said to an action.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Act {
    /// What it takes: nothing, a text, or a room's id.
    #[serde(default)]
    input: Option<String>,
}

/// What an action says.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Acted {
    answer: String,
}

/// Has an instance do something that its plugin lists
///
/// The instance has to run. It has the time that it has for an event.
#[utoipa::path(post, path = "/api/v1/instances/{name}/actions/{action}", tag = "instances",
    security(("bearer" = [])),
    params(Named), request_body = Act,
    responses((status = 200, description = "It was done.", body = Acted),
        ReadsBody, Finds, Changes, Conflicts, Always))]
pub(super) async fn act(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { name, action }): Params<Named>,
    Body(Act { input }): Body<Act>,
) -> Result<Json<Acted>, Failure> {
    let answer = shared.host.act(&name, &action, &input.unwrap_or_default()).await?;
    Ok(Json(Acted { answer }))
}
