//! The API of maubot, so that its own tools and scripts work with this host.

use axum::Router;

use super::Shared;

/// Its routes.
pub(super) fn router() -> Router<Shared> {
    Router::new()
}
