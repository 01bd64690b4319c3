//! The style, the script and the sign of the pages: compiled in, named after what is in them, kept by browsers.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::admin::failure::Failure;

/// A file.
struct File {
    /// With a hash: another content has another name, so that nobody ever has an old one.
    name: String,
    kind: &'static str,
    text: &'static str,
}

impl File {
    fn new(stem: &str, ending: &str, kind: &'static str, text: &'static str) -> Self {
        let hash = URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..9]);
        Self { name: format!("{stem}-{hash}.{ending}"), kind, text }
    }
}

static STYLE: LazyLock<File> =
    LazyLock::new(|| File::new("pages", "css", "text/css; charset=utf-8", include_str!("pages.css")));
static SCRIPT: LazyLock<File> =
    LazyLock::new(|| File::new("pages", "js", "text/javascript; charset=utf-8", include_str!("pages.js")));
static ICON: LazyLock<File> =
    LazyLock::new(|| File::new("icon", "svg", "image/svg+xml", include_str!("icon.svg")));

/// The path of the style.
pub(super) fn style() -> String {
    format!("/files/{}", STYLE.name)
}

/// The path of the script.
pub(super) fn script() -> String {
    format!("/files/{}", SCRIPT.name)
}

/// The path of the sign.
pub(super) fn icon() -> String {
    format!("/files/{}", ICON.name)
}

/// `GET /files/{name}`. Whoever is not signed in gets them, too: the page to sign in needs them.
pub(super) async fn serve(Path(name): Path<String>) -> Response {
    let Some(file) = [&*STYLE, &*SCRIPT, &*ICON].into_iter().find(|file| file.name == name) else {
        return Failure::no_such_path().into_response();
    };
    let headers =
        [(header::CONTENT_TYPE, file.kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, file.text).into_response()
}
