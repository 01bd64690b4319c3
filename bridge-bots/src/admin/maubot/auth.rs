//! Signing in.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use bridge_core::secret::Secret;
use serde_json::{Value, json};

use super::asked::{Asked, Body};
use super::{failed, features};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::serve::Peer;
use crate::admin::sessions::Kind;

/// Gives a token for a name and its password.
pub(super) async fn login(
    State(shared): State<Shared>,
    Peer(address): Peer,
    body: Body,
) -> Result<Json<Value>, Failure> {
    let (name, password) = (body.filled("username")?, body.filled("password")?);
    let (Some(name), Some(password)) = (name, password) else {
        let text = if body.0.contains_key("secret") {
            "maubot's `secret` signs in as anybody; there is no such thing here. Send `username` and `password` of bots.admin.users."
        } else {
            "Send `username` and `password`, as bots.admin.users in the config file has them."
        };
        return Err(failed(StatusCode::UNAUTHORIZED, "invalid_auth", text));
    };
    let token = shared.sign_in(&name, &Secret::new(password), address, Kind::Api).await?;
    Ok(Json(json!({ "token": token.expose() })))
}

/// Says who is signed in.
pub(super) async fn ping(asked: Asked) -> Json<Value> {
    Json(json!({ "username": asked.0.name, "features": features() }))
}
