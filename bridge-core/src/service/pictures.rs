//! Shows the pictures of relayed people to whoever has their signed address.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::matrix::{AppService, PublicMedia};

/// The largest picture that is shown, in bytes.
const LIMIT: usize = 4 * 1024 * 1024;
/// What is shown; anything else, such as SVG, could hold a script.
const SHOWN: &[&str] = &["image/png", "image/jpeg", "image/gif", "image/webp"];

/// `/public/picture/{server}/{file}/{signature}`.
pub(super) fn router(app: AppService, media: PublicMedia) -> Router {
    Router::new().route("/public/picture/{server}/{file}/{signature}", get(picture)).with_state((app, media))
}

async fn picture(
    State((app, media)): State<(AppService, PublicMedia)>,
    Path((server, file, signature)): Path<(String, String, String)>,
) -> Response {
    let Some(mxc) = media.picture_at(&server, &file, &signature) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(download) = app.bot().download(&mxc).await else { return StatusCode::BAD_GATEWAY.into_response() };
    let kind = download.content_type.clone().unwrap_or_default();
    let Some(kind) = SHOWN.iter().find(|shown| kind.starts_with(**shown)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(bytes) = download.into_bytes(LIMIT).await else { return StatusCode::BAD_GATEWAY.into_response() };
    let headers = [
        (header::CONTENT_TYPE, *kind),
        (header::CACHE_CONTROL, "public, max-age=604800, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, bytes).into_response()
}
