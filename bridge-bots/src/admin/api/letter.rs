//! Dead letters: events that a bot could not be told of.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::{Always, Changes, Conflicts, Finds, Reads};
use super::read::{Asked, Params, invalid};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::signed::Signed;
use crate::host::letters::Letter;
use crate::plugin::Problem;

/// How many are shown if nothing else is said.
const SOME: u16 = 50;
/// How many at once.
const MOST: u16 = 1_000;

/// Which letter.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Named {
    /// Its id, as the list shows it.
    #[param(pattern = "^[0-9a-z]{1,13}(-[0-9]{1,7})?$", example = "1kb49wag0")]
    id: String,
}

/// How many.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// How many at most; 50 if left out.
    #[param(minimum = 1, maximum = 1000, example = 50)]
    limit: Option<u16>,
}

/// What becomes of a letter.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum LetterState {
    /// It is kept until somebody decides.
    Kept,
    /// It is to be tried again within seconds.
    Waiting,
    /// It is being tried again.
    Retrying,
}

/// A dead letter, without what was said. Times are in milliseconds since 1970.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadLetter)]
pub(super) struct Shown {
    #[schema(example = "1kb49wag0")]
    id: String,
    /// The instance that was to be told; none if that was not known yet.
    instance: Option<String>,
    /// The room it is from; none for a timer without one.
    room: Option<String>,
    /// Why it was given up, in a word.
    #[schema(example = "parked")]
    class: String,
    /// Why it was given up, in a sentence.
    cause: String,
    /// How often it was tried in all.
    attempts: i64,
    /// When it came.
    accepted_at: i64,
    /// When it was given up last.
    given_up_at: i64,
    state: LetterState,
}

/// Dead letters.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadLetters)]
pub(super) struct List {
    /// The oldest first.
    dead_letters: Vec<Shown>,
    /// How many there are in all.
    all: u64,
}

/// How many letters are tried again.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Retried {
    retried: u64,
}

/// Lists dead letters
#[utoipa::path(get, path = "/api/v1/dead-letters", tag = "dead letters",
    security(("bearer" = [])), params(Wanted),
    responses((status = 200, description = "The oldest.", body = List), Reads, Always))]
pub(super) async fn list_letters(
    State(shared): State<Shared>,
    _who: Signed,
    Asked(Wanted { limit }): Asked<Wanted>,
) -> Result<Json<List>, Failure> {
    let limit = limit.unwrap_or(SOME);
    if !(1..=MOST).contains(&limit) {
        return Err(invalid(vec![Problem::new("limit", format!("has to be 1 to {MOST}."))]));
    }
    let (letters, all) = shared.host.letters(limit).await?;
    Ok(Json(List { dead_letters: letters.into_iter().map(shown).collect(), all }))
}

/// Shows a dead letter
#[utoipa::path(get, path = "/api/v1/dead-letters/{id}", tag = "dead letters",
    security(("bearer" = [])), params(Named),
    responses((status = 200, description = "The letter.", body = Shown), Reads, Finds, Always))]
pub(super) async fn show_letter(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { id }): Params<Named>,
) -> Result<Json<Shown>, Failure> {
    Ok(Json(shown(shared.host.letter(&id).await?)))
}

/// Deletes a dead letter for good
#[utoipa::path(delete, path = "/api/v1/dead-letters/{id}", tag = "dead letters",
    security(("bearer" = [])), params(Named),
    responses((status = 204, description = "It is gone."), Reads, Finds, Changes, Conflicts, Always))]
pub(super) async fn drop_letter(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { id }): Params<Named>,
) -> Result<StatusCode, Failure> {
    shared.host.drop_letter(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has a dead letter tried again
///
/// It goes to the end of its bot's queue within seconds. One that succeeds is gone; one that fails is a letter again.
#[utoipa::path(post, path = "/api/v1/dead-letters/{id}/retry", tag = "dead letters",
    security(("bearer" = [])), params(Named),
    responses((status = 200, description = "The letter as it is now.", body = Shown),
        Reads, Finds, Changes, Conflicts, Always))]
pub(super) async fn retry_letter(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { id }): Params<Named>,
) -> Result<Json<Shown>, Failure> {
    Ok(Json(shown(shared.host.retry_letter(&id).await?)))
}

/// Has all dead letters tried again
#[utoipa::path(post, path = "/api/v1/dead-letters/retry", tag = "dead letters", security(("bearer" = [])),
    responses((status = 200, description = "How many that is new for.", body = Retried), Changes, Always))]
pub(super) async fn retry_letters(
    State(shared): State<Shared>,
    _who: Signed,
) -> Result<Json<Retried>, Failure> {
    Ok(Json(Retried { retried: shared.host.retry_letters().await? }))
}

fn shown(letter: Letter) -> Shown {
    let Letter { id, instance, room, row } = letter;
    Shown {
        id,
        instance,
        room,
        state: match (row.retry_id, row.wanted_at) {
            (Some(_), _) => LetterState::Retrying,
            (None, Some(_)) => LetterState::Waiting,
            (None, None) => LetterState::Kept,
        },
        class: row.class,
        cause: row.cause,
        attempts: row.attempts,
        accepted_at: row.accepted_at,
        given_up_at: row.parked_at,
    }
}
