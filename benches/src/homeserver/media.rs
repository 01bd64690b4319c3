//! Files of any length that take no room: what comes is counted, what goes is zeros.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use http::{Method, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};

/// How much is sent at once.
const PIECE: u64 = 64 * 1024;

/// What an answer holds.
pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Whether a call brings a file, whose bytes nobody looks at.
pub(super) fn is_upload(method: &Method, path: &str) -> bool {
    method == Method::POST && path.starts_with("/_matrix/media/") && path.ends_with("/upload")
}

/// How many bytes came; none when the connection broke.
pub(super) async fn count(mut body: Incoming) -> Option<u64> {
    let mut count = 0;
    while let Some(frame) = body.frame().await {
        count += frame.ok()?.data_ref().map_or(0, |piece| piece.len() as u64);
    }
    Some(count)
}

/// A file whose id is its length.
pub(super) fn download(method: &Method, path: &str) -> Option<Response<Body>> {
    let id = path.strip_prefix("/_matrix/client/v1/media/download/")?.split('/').nth(1)?;
    let length: u64 = id.parse().ok().filter(|_| method == Method::GET)?;
    let zeros = Bytes::from(vec![0; PIECE as usize]);
    let pieces = stream::unfold(length, move |left| {
        let piece = zeros.slice(..left.min(PIECE) as usize);
        std::future::ready((left > 0).then(|| (Ok(Frame::data(piece)), left.saturating_sub(PIECE))))
    });
    let mut response = Response::new(StreamBody::new(pieces).boxed_unsync());
    response.headers_mut().insert("content-length", length.into());
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/octet-stream"));
    Some(response)
}
