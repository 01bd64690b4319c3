//! What the program is and how it is, at a glance.

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::answers::Always;
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::signed::Signed;
use crate::error::HostError;
use crate::instance::status::Phase;

/// When the program was started.
#[derive(Debug, Clone, Copy)]
pub(super) struct Started(pub(super) Instant);

/// What answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Version {
    /// The program's name.
    #[schema(example = "bridge-bots")]
    name: &'static str,
    /// Its version.
    #[schema(example = "0.1.0")]
    #[serde(rename = "version")]
    number: &'static str,
    /// The version of this API. It changes when something that there was is taken away or means something else.
    #[schema(example = "v1")]
    api: &'static str,
}

/// How the program is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Overview {
    #[serde(flatten)]
    version: Version,
    /// For how many seconds it runs.
    uptime: u64,
    /// The instances.
    instances: InstanceCounts,
    /// How many accounts there are.
    accounts: usize,
    /// How many plugins there are.
    plugins: usize,
    /// The dead letters.
    dead_letters: LetterCounts,
}

/// How many instances there are.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct InstanceCounts {
    all: usize,
    running: usize,
    starting: usize,
    restarting: usize,
    stopped: usize,
    /// Those of all that fail again and again.
    crash_looping: usize,
}

/// How many dead letters there are.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LetterCounts {
    all: i64,
    /// Those of all that wait to be tried again.
    waiting: i64,
}

const VERSION: Version =
    Version { name: env!("CARGO_PKG_NAME"), number: env!("CARGO_PKG_VERSION"), api: "v1" };

/// Shows the program's version
#[utoipa::path(get, path = "/api/v1/version", tag = "program",
    responses((status = 200, description = "Name and versions.", body = Version)))]
pub(super) async fn show_version() -> Json<Version> {
    Json(VERSION)
}

/// Shows how the program is
#[utoipa::path(get, path = "/api/v1/overview", tag = "program", security(("bearer" = [])),
    responses((status = 200, description = "Counts of what there is.", body = Overview), Always))]
pub(super) async fn show_overview(
    State(shared): State<Shared>,
    Extension(started): Extension<Started>,
    _who: Signed,
) -> Result<Json<Overview>, Failure> {
    let host = &shared.host;
    let mut instances = InstanceCounts::default();
    for view in host.list() {
        instances.all += 1;
        instances.crash_looping += usize::from(view.crash_looping);
        *match view.state {
            Phase::Running => &mut instances.running,
            Phase::Starting => &mut instances.starting,
            Phase::Restarting => &mut instances.restarting,
            Phase::Stopped => &mut instances.stopped,
        } += 1;
    }
    let letters = host.store().count_dead_letters().await.map_err(HostError::from)?;
    Ok(Json(Overview {
        version: VERSION,
        uptime: started.0.elapsed().as_secs(),
        instances,
        accounts: host.accounts().len(),
        plugins: host.plugins().len(),
        dead_letters: LetterCounts { all: letters.all, waiting: letters.wanted },
    }))
}
