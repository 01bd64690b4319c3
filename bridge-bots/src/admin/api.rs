//! The API `api/v1`: everything the pages do, for programs.

use axum::Router;

use super::Shared;

/// Its routes.
pub(super) fn router() -> Router<Shared> {
    Router::new()
}
