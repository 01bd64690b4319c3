//! What people see when they do not get what they asked for, and the headers of every page.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::html;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::frame::Frame;
use crate::admin::failure::Failure;

/// Paths of APIs, whose callers get the one shape of errors whatever they say they accept, and of plugins' own pages, which have
/// headers of their own.
const NOT_OURS: [&str; 3] = ["/api/", "/_matrix/", "/plugin/"];
/// Nothing but our own files is loaded, run or sent to, and no other site may show a page in a frame.
const CONTENT: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                       form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: browsers would send forms with `Origin: null` then (Fetch standard, section 3.2), which is refused.
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CACHE_CONTROL, "no-store"),
];
/// What stands in an address as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.');

/// Turns failures into pages for whoever asks with a browser, and gives each page its headers.
pub(in crate::admin) async fn for_people(request: Request, next: Next) -> Response {
    if NOT_OURS.iter().any(|start| request.uri().path().starts_with(start)) {
        return next.run(request).await;
    }
    let accepts_pages = accepts_pages(request.headers());
    let back = back(&request);
    let mut response = next.run(request).await;
    if accepts_pages && let Some(failure) = response.extensions().get::<Failure>().cloned() {
        response = page(&failure, &back);
    }
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("text/html")) {
        for (name, value) in HEADERS {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

/// Text for a part of an address.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

fn accepts_pages(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepts.is_some_and(|accepts| accepts.contains("text/html"))
}

/// Where whoever has to sign in first goes on.
fn back(request: &Request) -> String {
    let is_look = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path_and_query().filter(|_| is_look).map_or("/", |path| path.as_str());
    if path == "/" { "/login".to_owned() } else { format!("/login?next={}", encoded(path)) }
}

fn page(failure: &Failure, login: &str) -> Response {
    if failure.status == StatusCode::UNAUTHORIZED {
        return Redirect::to(login).into_response();
    }
    let title = match failure.status {
        StatusCode::NOT_FOUND => "There is no such page",
        StatusCode::FORBIDDEN => "That was refused",
        StatusCode::CONFLICT => "That cannot be done now",
        StatusCode::TOO_MANY_REQUESTS => "Too many tries",
        StatusCode::SERVICE_UNAVAILABLE => "Not at work yet",
        status if status.is_server_error() => "That did not work",
        _ => "That cannot be done",
    };
    let text = match failure.told.errcode {
        "not_found" if failure.told.error.contains("docs/") => "Nothing is here. It may have been deleted.",
        _ => failure.told.error.as_str(),
    };
    let content = html! {
        h1 { (title) }
        @for line in text.lines() { p { (line) } }
        p { a href="/" { "To the overview" } }
    };
    let mut response = Frame::open(title).status(failure.status).with(&content);
    if let Some(seconds) = failure.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
