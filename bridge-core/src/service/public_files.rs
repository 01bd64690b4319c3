//! Gives files that a network did not take to whoever has their signed address, while their message is there.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::StreamExt as _;
use tokio::sync::Semaphore;

use crate::matrix::{AppService, FileAddress, PublicMedia};
use crate::store::Store;

/// So many files are given out at the same time; whoever comes then is told to come again.
const AT_ONCE: usize = 8;
/// When to come again, in seconds.
const COME_AGAIN: &str = "10";

#[derive(Clone)]
struct Counter {
    app: AppService,
    media: PublicMedia,
    store: Store,
    places: Arc<Semaphore>,
}

/// `/public/file/{server}/{file}/{event}/{signature}/{name}`.
pub(super) fn router(app: AppService, media: PublicMedia, store: Store) -> Router {
    let counter = Counter { app, media, store, places: Arc::new(Semaphore::new(AT_ONCE)) };
    Router::new()
        .route("/public/file/{server}/{file}/{event}/{signature}/{name}", get(file))
        .with_state(counter)
}

async fn file(
    State(counter): State<Counter>,
    Path((server_name, media_id, event_id, signature, name)): Path<(String, String, String, String, String)>,
) -> Response {
    let address = FileAddress { server_name, media_id, event_id, signature, name };
    let Some(mxc) = counter.media.file_at(&address) else { return StatusCode::NOT_FOUND.into_response() };
    // With the message its file goes: then the event has no counterpart any more.
    match counter.store.event_pairs(&address.event_id).await {
        Ok(pairs) if pairs.is_empty() => return StatusCode::NOT_FOUND.into_response(),
        Ok(_) => {}
        Err(_) => return busy(),
    }
    let Ok(place) = Arc::clone(&counter.places).try_acquire_owned() else { return busy() };
    let download = match counter.app.bot().download(&mxc).await {
        Ok(download) => download,
        Err(error) if error.is_not_found() => return StatusCode::NOT_FOUND.into_response(),
        Err(_) => return StatusCode::BAD_GATEWAY.into_response(),
    };
    let headers = headers(&address.name, download.size);
    let pieces = download.into_stream().map(move |piece| {
        // The place is free again when the last piece is gone, or nobody wants more.
        let _ = &place;
        piece
    });
    (headers, Body::from_stream(pieces)).into_response()
}

fn busy() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, COME_AGAIN)]).into_response()
}

/// A file is only ever saved: what is in it comes from anybody, and must not run as a page of this address.
fn headers(name: &str, size: Option<u64>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let fixed = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        // With the message the file is gone; nobody in between keeps it.
        (header::CACHE_CONTROL, "private, no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (header, value) in fixed {
        headers.insert(header, HeaderValue::from_static(value));
    }
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    if let Ok(saved_as) = HeaderValue::from_str(&disposition(name)) {
        headers.insert(header::CONTENT_DISPOSITION, saved_as);
    }
    if let Some(size) = size {
        headers.insert(header::CONTENT_LENGTH, size.into());
    }
    headers
}

/// The name in the form of RFC 6266 and RFC 8187.
fn disposition(name: &str) -> String {
    use std::fmt::Write as _;
    let mut text = "attachment; filename*=UTF-8''".to_owned();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        assert_eq!(disposition("a b\"\r\n.zip"), "attachment; filename*=UTF-8''a%20b%22%0D%0A.zip");
        assert_eq!(disposition("ü.iso"), "attachment; filename*=UTF-8''%C3%BC.iso");
    }
}
