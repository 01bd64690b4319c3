//! The homeserver's questions whether a user or an alias of our namespace exists.

use axum::Json;
use axum::extract::{Path, State};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::failure::Failure;
use super::server::Shared;

/// Says what exists, and makes it: after a "yes" the homeserver takes it to be there. Called while a person waits for
/// their invitation or join; must be done within seconds. The conduwuit family never asks for users.
pub trait Lookups: Send + Sync + 'static {
    /// Whether this user, one of our namespace, stands for somebody. A "yes" comes after the account was made.
    fn user_exists<'a>(&'a self, user_id: &'a str) -> BoxFuture<'a, bool>;

    /// Whether this room alias leads to a room. A "yes" comes after room and alias were made.
    fn alias_exists<'a>(&'a self, alias: &'a str) -> BoxFuture<'a, bool>;
}

/// Knows of nothing: users and rooms are made in other ways only.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLookups;

impl Lookups for NoLookups {
    fn user_exists<'a>(&'a self, _user_id: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(false))
    }

    fn alias_exists<'a>(&'a self, _alias: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(false))
    }
}

pub(super) async fn user(
    State(shared): State<Shared>,
    Path(user_id): Path<String>,
) -> Result<Json<Value>, Failure> {
    let is_there = shared.app.owns(&user_id) && shared.lookups.user_exists(&user_id).await;
    answer(is_there)
}

pub(super) async fn alias(
    State(shared): State<Shared>,
    Path(alias): Path<String>,
) -> Result<Json<Value>, Failure> {
    answer(shared.lookups.alias_exists(&alias).await)
}

/// Third-party lookups have nothing to find here.
pub(super) async fn third_party() -> Failure {
    Failure::NOT_FOUND
}

fn answer(is_there: bool) -> Result<Json<Value>, Failure> {
    if is_there { Ok(Json(json!({}))) } else { Err(Failure::NOT_FOUND) }
}
