//! Where files are fetched from: with a token, by a ticket, or by people on the page.
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::response::Response;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::small::small;
use super::{Content, Download, DownloadFault, FileKind};
use crate::api;
use crate::clock::now_micros;
use crate::state::{File, Stage};
use crate::workspace::Workspace;

/// What a browser without a session sees in place of a file.
const LOGIN_PAGE: &str = "<!DOCTYPE html><html lang=\"en-US\"><head><title>Sign in | Slack</title></head>\
<body><form action=\"/signin\" method=\"post\">Sign in to your workspace</form></body></html>";

/// `GET /files-pri/<team>-<file>/[download/]<name>`: wants a bot token with `files:read` that can see the file.
pub(crate) async fn private(
    State(slack): State<Arc<Workspace>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    fetch(&slack, &path, &headers, "files-pri").await
}

/// `GET /files-tmb/<team>-<file>/<edge>_<name>`: the same for small pictures. They have faults of their own.
pub(crate) async fn thumbnail(
    State(slack): State<Arc<Workspace>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    fetch(&slack, &path, &headers, "files-tmb").await
}

/// `GET /files-cdn/<team>-<file>/<name>`: where redirects lead; the address is enough.
pub(crate) async fn ticketed(
    State(slack): State<Arc<Workspace>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    let file = file_at(&slack, &path);
    let response = match &file {
        Some(file) => serve(file, &file.content, file.content.length(), None, Duration::ZERO),
        None => empty(StatusCode::NOT_FOUND),
    };
    note(&slack, file.as_ref(), "files-cdn", &headers, &response, None);
    response
}

/// `GET /files-web/<team>-<file>/<name>`: for the people on the page, who are signed in.
pub(crate) async fn for_people(State(slack): State<Arc<Workspace>>, Path(path): Path<String>) -> Response {
    let Some(file) = file_at(&slack, &path) else { return empty(StatusCode::NOT_FOUND) };
    let mut response = serve(&file, &file.content, file.content.length(), None, Duration::ZERO);
    // Whatever people upload, it must not run on this page.
    let policy = HeaderValue::from_static("sandbox; default-src 'none'; img-src 'self'; media-src 'self'");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

async fn fetch(slack: &Workspace, path: &str, headers: &HeaderMap, folder: &'static str) -> Response {
    let file = file_at(slack, path);
    let is_small = folder == "files-tmb";
    let faults = if is_small { &slack.thumbnail_faults } else { &slack.download_faults };
    let fault = faults.take();
    let file = if is_small { file.map(|file| small_one(file, path)) } else { file };
    let response = match (&file, may_read(slack, file.as_ref(), headers)) {
        (_, false) => login_page(),
        (None, true) => empty(StatusCode::NOT_FOUND),
        (Some(file), true) => answer(slack, file, path, fault.as_ref()),
    };
    note(slack, file.as_ref(), folder, headers, &response, fault.clone());
    if fault == Some(DownloadFault::Hang) {
        return std::future::pending().await;
    }
    response
}

/// The file that an address names, unless it is deleted or not there yet.
fn file_at(slack: &Workspace, path: &str) -> Option<File> {
    let (team_id, file_id) = path.split('/').next()?.split_once('-')?;
    let state = slack.state();
    let file = state.files.get(file_id)?;
    let there = matches!(file.stage, Stage::Uploaded | Stage::Complete) && team_id == state.team.id;
    there.then(|| file.clone())
}

/// The file that stands for the small picture which an address names: of a video the picture out of it, of a PNG one with
/// the edge named, of anything else the whole.
fn small_one(mut file: File, path: &str) -> File {
    let name = path.rsplit('/').next().unwrap_or_default();
    let (edge, _) = name.split_once('_').unwrap_or_default();
    let made = match (&file.content, edge.parse()) {
        (Content::Kept(bytes), Ok(edge)) => small(bytes, edge),
        _ if edge == "video" => file.poster.clone(),
        _ => None,
    };
    if let Some(made) = made {
        "small.png".clone_into(&mut file.name);
        file.content = Content::Kept(made);
    }
    file
}

fn may_read(slack: &Workspace, file: Option<&File>, headers: &HeaderMap) -> bool {
    let Some(token) = api::bearer(headers) else { return false };
    let state = slack.state();
    let Some(grant) = state.grants.get(&token) else { return false };
    let installed = state.apps.get(&grant.app_id).is_some_and(|app| app.installed);
    let sees = file.is_none_or(|file| file.visible_to(&state, &grant.user_id));
    installed && !grant.revoked && grant.scopes.contains("files:read") && sees
}

/// The file, or what the fault makes of it.
fn answer(slack: &Workspace, file: &File, path: &str, fault: Option<&DownloadFault>) -> Response {
    let length = file.content.length();
    let whole = |wait| serve(file, &file.content, length, None, wait);
    match fault {
        None | Some(DownloadFault::Hang) => whole(Duration::ZERO),
        Some(DownloadFault::Slow(wait)) => whole(*wait),
        Some(DownloadFault::Redirect) => redirect(&format!("http://{}/files-cdn/{path}", slack.address)),
        Some(DownloadFault::RedirectTo(target)) => redirect(target),
        Some(DownloadFault::LoginPage) => login_page(),
        Some(DownloadFault::Status(status)) => {
            empty(StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        }
        Some(DownloadFault::RateLimited(seconds)) => {
            let mut response = empty(StatusCode::TOO_MANY_REQUESTS);
            response.headers_mut().insert(header::RETRY_AFTER, (*seconds).into());
            response
        }
        Some(DownloadFault::Truncated(at)) => serve(file, &file.content, length, Some(*at), Duration::ZERO),
        Some(DownloadFault::Huge(length)) => {
            serve(file, &Content::Pattern { length: *length }, *length, None, Duration::ZERO)
        }
        Some(DownloadFault::HugeUnannounced(length)) => {
            let pattern = Content::Pattern { length: *length };
            let mut response = serve(file, &pattern, *length, None, Duration::ZERO);
            response.headers_mut().remove(header::CONTENT_LENGTH);
            response
        }
    }
}

/// Streams bytes; breaks the connection after `cut` of them, waits before each piece.
fn serve(file: &File, content: &Content, length: u64, cut: Option<u64>, wait: Duration) -> Response {
    if matches!(content, Content::Measured { .. }) {
        // Too large to have been kept, see the README.
        return empty(StatusCode::GONE);
    }
    let pieces = stream::unfold((content.clone(), 0_u64), move |(content, at)| async move {
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        if cut.is_some_and(|cut| at >= cut) {
            // What came so far has to be on its way first, or the error would take it along. After the error
            // nobody asks on.
            tokio::time::sleep(Duration::from_millis(20)).await;
            return Some((Err(io::Error::other("a fault closes this connection")), (content, at)));
        }
        let mut piece: Bytes = content.chunk(at)?;
        if let Some(left) = cut.and_then(|cut| usize::try_from(cut - at).ok()) {
            piece.truncate(left);
        }
        let next = at + piece.len() as u64;
        Some((Ok(piece), (content, next)))
    });
    let mut response = Response::new(Body::from_stream(pieces));
    let headers = response.headers_mut();
    let mimetype = HeaderValue::from_static(FileKind::of(&file.name).mimetype);
    headers.insert(header::CONTENT_TYPE, mimetype);
    headers.insert(header::CONTENT_LENGTH, length.into());
    response
}

fn redirect(target: &str) -> Response {
    let mut response = empty(StatusCode::FOUND);
    if let Ok(target) = HeaderValue::from_str(target) {
        response.headers_mut().insert(header::LOCATION, target);
    }
    response
}

fn login_page() -> Response {
    let mut response = Response::new(Body::from(LOGIN_PAGE));
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    let name = HeaderName::from_static("x-slack-req-id");
    if let Ok(id) = HeaderValue::from_str(&format!("{:x}", now_micros())) {
        response.headers_mut().insert(name, id);
    }
    response
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn note(
    slack: &Workspace,
    file: Option<&File>,
    folder: &'static str,
    headers: &HeaderMap,
    response: &Response,
    fault: Option<DownloadFault>,
) {
    let unanswered = fault == Some(DownloadFault::Hang);
    slack.downloads.add(Download {
        file_id: file.map(|file| file.id.clone()).unwrap_or_default(),
        folder,
        with_token: headers.contains_key(header::AUTHORIZATION),
        status: if unanswered { 0 } else { response.status().as_u16() },
        fault,
    });
    slack.changes.send_modify(|count| *count += 1);
}
