//! The pages: what operators see and do in a browser.

use axum::Router;

use super::Shared;

/// Its routes.
pub(super) fn router() -> Router<Shared> {
    Router::new()
}
