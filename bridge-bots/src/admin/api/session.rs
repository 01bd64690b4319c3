//! Signing in and out with a name and a password, for a token.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use bridge_core::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::{Always, Changes, Counts, ReadsBody};
use super::read::Body;
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::serve::Peer;
use crate::admin::sessions::Kind;
use crate::admin::signed::Signed;
use crate::error::HostError;

/// Who wants to sign in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    /// A name of `bots.admin.users`.
    #[schema(example = "ann")]
    name: String,
    /// Its password.
    #[schema(value_type = String, format = Password)]
    password: Secret,
}

/// A token. It is shown once.
#[derive(Serialize, ToSchema)]
pub(super) struct Token {
    /// For the header `Authorization: Bearer TOKEN`.
    token: String,
    /// Until when it is good, in milliseconds since 1970. Another password ends it before.
    expires_at: i64,
}

/// Somebody who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Session {
    /// A name of `bots.admin.users`, or the Matrix id of an admin who signed in by a link.
    #[schema(example = "ann")]
    name: String,
    /// Until when, in milliseconds since 1970.
    expires_at: i64,
}

/// Signs in
///
/// The token is good for 90 days, also over restarts of the program.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = Credentials,
    responses((status = 200, description = "Signed in.", body = Token), ReadsBody, Changes, Counts, Always))]
pub(super) async fn sign_in(
    State(shared): State<Shared>,
    Peer(address): Peer,
    Body(credentials): Body<Credentials>,
) -> Result<Json<Token>, Failure> {
    let Credentials { name, password } = credentials;
    let token = shared.sign_in(&name, &password, address, Kind::Api).await?;
    let found = shared.sessions.find(token.expose(), Kind::Api).await.map_err(HostError::from)?;
    let row = found.ok_or_else(Failure::token_invalid)?;
    Ok(Json(Token { token: token.expose().to_owned(), expires_at: row.expires_at }))
}

/// Shows who is signed in
#[utoipa::path(get, path = "/api/v1/session", tag = "session", security(("bearer" = [])),
    responses((status = 200, description = "Who the token belongs to.", body = Session), Always))]
pub(super) async fn show_session(
    State(shared): State<Shared>,
    who: Signed,
) -> Result<Json<Session>, Failure> {
    for kind in [Kind::Api, Kind::Pages] {
        let found = shared.sessions.find(who.token.expose(), kind).await.map_err(HostError::from)?;
        if let Some(row) = found {
            return Ok(Json(Session { name: who.name, expires_at: row.expires_at }));
        }
    }
    Err(Failure::token_invalid())
}

/// Signs out
///
/// The token is good for nothing afterwards.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", security(("bearer" = [])),
    responses((status = 204, description = "Signed out."), Changes, Always))]
pub(super) async fn sign_out(State(shared): State<Shared>, who: Signed) -> Result<StatusCode, Failure> {
    shared.sessions.end(who.token.expose()).await.map_err(HostError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
