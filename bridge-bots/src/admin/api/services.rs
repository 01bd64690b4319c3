//! Services: how they are, and what operators have done with them.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::{Always, Changes, Conflicts, Finds, Reads, ReadsBody};
use super::instance::Named;
use super::log::GREATEST;
use super::read::{Asked, Body, Params, invalid};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::signed::Signed;
use crate::control::action::Outcome;
use crate::control::output::Line;
use crate::control::state;
use crate::control::verb::Verb;
use crate::control::view::{Reason, ServiceView};
use crate::plugin::Problem;
use crate::store::service_action::{ActionRow, MOST};

/// A service as it is now. Times are in milliseconds since 1970.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Service)]
pub(super) struct Shown {
    #[schema(example = "slack")]
    name: String,
    /// What it is, such as a unit.
    about: String,
    state: state::State,
    /// Since when its process is so; null if that is not known.
    since: Option<i64>,
    /// How often it was started again by itself; null if that is not known.
    restarts: Option<u64>,
    /// Whether that climbs.
    crash_looping: bool,
    /// What is not as it should be, and what to do.
    reasons: Vec<Reason>,
    /// When this was found out; null before the first look.
    looked_at: Option<i64>,
    /// What is being done with it.
    at_work: Option<ShownAction>,
    /// What can be done with it.
    can: Vec<Verb>,
}

/// All services.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Services)]
pub(super) struct List {
    services: Vec<Shown>,
}

/// What was done with a service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceAction)]
pub(super) struct ShownAction {
    id: i64,
    service: String,
    #[schema(example = "restart")]
    action: String,
    /// Who had it done.
    who: String,
    started_at: i64,
    /// Null while it goes on.
    ended_at: Option<i64>,
    /// Null while it goes on.
    outcome: Option<Outcome>,
    /// As the command gave it; null if it gave none.
    exit_code: Option<i64>,
    /// What went wrong, in sentences, and what the command said of it.
    error: Option<String>,
}

/// What was done with a service, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceActions)]
pub(super) struct ActionList {
    actions: Vec<ShownAction>,
}

/// An action with what its command wrote.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceActionOutput)]
pub(super) struct Written {
    action: ShownAction,
    /// What it wrote behind `after`: up to 2,000 lines of the last action of its service, none of older ones.
    lines: Vec<Line>,
    /// The end of what it wrote, as it is recorded when it has ended.
    tail: String,
}

/// What is to be done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActOnService {
    action: Verb,
}

/// Which action of which service.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct NamedAction {
    /// The service's name.
    #[param(pattern = "^[a-z0-9_-][a-z0-9._-]{0,63}$", example = "slack")]
    name: String,
    /// The action's number.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1)]
    id: i64,
}

/// How many.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Limit {
    /// How many at most. 200 if left out.
    #[param(minimum = 1, maximum = 1000, example = 200)]
    limit: Option<i64>,
}

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only lines behind this number.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 0)]
    after: Option<u64>,
}

/// Lists services
///
/// How they are is looked at in the background: every few seconds while somebody asks, else each minute.
#[utoipa::path(get, path = "/api/v1/services", tag = "services", security(("bearer" = [])),
    responses((status = 200, description = "All that the config file names.", body = List), Always))]
pub(super) async fn list_services(State(shared): State<Shared>, _who: Signed) -> Json<List> {
    let control = shared.host.control();
    control.look();
    Json(List { services: control.list().into_iter().map(Shown::from).collect() })
}

/// Shows a service
#[utoipa::path(get, path = "/api/v1/services/{name}", tag = "services", security(("bearer" = [])), params(Named),
    responses((status = 200, description = "The service.", body = Shown), Reads, Finds, Always))]
pub(super) async fn show_service(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { name }): Params<Named>,
) -> Result<Json<Shown>, Failure> {
    let control = shared.host.control();
    control.look();
    Ok(Json(control.show(&name)?.into()))
}

/// Has something done with a service
///
/// It goes on by itself: ask for it again until `ended_at` is not null. A service takes one at a time.
#[utoipa::path(post, path = "/api/v1/services/{name}/actions", tag = "services", security(("bearer" = [])),
    params(Named), request_body = ActOnService,
    responses(
        (status = 202, description = "It was begun.", body = ShownAction,
            headers(("Location" = String, description = "Its path."))),
        ReadsBody, Finds, Changes, Conflicts, Always))]
pub(super) async fn act_on_service(
    State(shared): State<Shared>,
    who: Signed,
    Params(Named { name }): Params<Named>,
    Body(ActOnService { action }): Body<ActOnService>,
) -> Result<(StatusCode, [(header::HeaderName, String); 1], Json<ShownAction>), Failure> {
    let control = shared.host.control();
    let id = control.begin(&name, action, &who.name).await?;
    let path = format!("/api/v1/services/{name}/actions/{id}");
    let row = control.action(&name, id).await?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, path)], Json(row.into())))
}

/// Lists what was done with a service
#[utoipa::path(get, path = "/api/v1/services/{name}/actions", tag = "services", security(("bearer" = [])),
    params(Named, Limit),
    responses((status = 200, description = "The newest first.", body = ActionList), Reads, Finds, Always))]
pub(super) async fn list_service_actions(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { name }): Params<Named>,
    Asked(Limit { limit }): Asked<Limit>,
) -> Result<Json<ActionList>, Failure> {
    let limit = limit.unwrap_or(200);
    if !(1..=MOST).contains(&limit) {
        return Err(invalid(vec![Problem::new("limit", format!("has to be 1 to {MOST}."))]));
    }
    let rows = shared.host.control().actions(Some(&name), limit).await?;
    Ok(Json(ActionList { actions: rows.into_iter().map(ShownAction::from).collect() }))
}

/// Shows something that was done with a service, and what it wrote
#[utoipa::path(get, path = "/api/v1/services/{name}/actions/{id}", tag = "services", security(("bearer" = [])),
    params(NamedAction, Wanted),
    responses((status = 200, description = "The action.", body = Written), Reads, Finds, Always))]
pub(super) async fn show_service_action(
    State(shared): State<Shared>,
    _who: Signed,
    Params(NamedAction { name, id }): Params<NamedAction>,
    Asked(Wanted { after }): Asked<Wanted>,
) -> Result<Json<Written>, Failure> {
    let after = after.unwrap_or_default();
    if after > GREATEST {
        return Err(invalid(vec![Problem::new("after", "has to be the number of a line.")]));
    }
    let control = shared.host.control();
    let row = control.action(&name, id).await?;
    let lines = control.held(&name, id).map(|action| action.lines(after)).unwrap_or_default();
    Ok(Json(Written { lines, tail: row.tail.clone(), action: row.into() }))
}

impl From<ServiceView> for Shown {
    fn from(view: ServiceView) -> Self {
        Self {
            name: view.name,
            about: view.about,
            state: view.state,
            since: view.since,
            restarts: view.restarts,
            crash_looping: view.crash_looping,
            reasons: view.reasons,
            looked_at: view.looked_at,
            at_work: view.at_work.map(ShownAction::from),
            can: view.can,
        }
    }
}

impl From<ActionRow> for ShownAction {
    fn from(row: ActionRow) -> Self {
        Self {
            outcome: Outcome::of(&row),
            id: row.action_id,
            service: row.service,
            action: row.action,
            who: row.who,
            started_at: row.started_at,
            ended_at: row.ended_at,
            exit_code: row.exit_code,
            error: row.error,
        }
    }
}
