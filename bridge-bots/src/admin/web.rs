//! Instances' own web paths, under the address that maubot gives them and under a shorter one. Nobody has to be signed in.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;

use super::Shared;
use super::failure::Failure;
use crate::host::web::Unanswered;
use crate::plugin::web::WebRequest;

/// What a page of a plugin may do on an origin that is ours: nothing in the name of whoever is signed in.
const SANDBOX: HeaderValue = HeaderValue::from_static("sandbox allow-forms allow-scripts");
/// Headers of an answer that are the server's own affair, or would be the host's (RFC 9110, section 7.6.1).
const NOT_PASSED_ON: [header::HeaderName; 7] = [
    header::SET_COOKIE,
    header::HeaderName::from_static("clear-site-data"),
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::CONTENT_LENGTH,
    header::UPGRADE,
    header::TRAILER,
];

/// Its routes.
pub(super) fn router() -> Router<Shared> {
    let mut router = Router::new();
    for base in ["/plugin/{instance}", "/_matrix/maubot/plugin/{instance}"] {
        router =
            router.route(&format!("{base}/"), any(at_root)).route(&format!("{base}/{{*rest}}"), any(below));
    }
    router
}

async fn at_root(State(shared): State<Shared>, Path(instance): Path<String>, request: Request) -> Response {
    answer(&shared, &instance, "", request).await
}

async fn below(
    State(shared): State<Shared>,
    Path((instance, rest)): Path<(String, String)>,
    request: Request,
) -> Response {
    answer(&shared, &instance, &rest, request).await
}

async fn answer(shared: &Shared, instance: &str, rest: &str, request: Request) -> Response {
    if let Err(failure) = shared.works().await {
        return failure.into_response();
    }
    let request = match plain(rest, request).await {
        Ok(request) => request,
        Err(failure) => return failure.into_response(),
    };
    match shared.host.answer_web(instance, request).await {
        Ok(response) => passed_on(response.map(axum::body::Body::from)),
        Err(Unanswered::NotFound) => Failure::no_such_path().into_response(),
        Err(Unanswered::Away) => {
            let text = "The bot does not run just now, or has too much to do. Try again.";
            let failure = Failure::new(StatusCode::SERVICE_UNAVAILABLE, "away", text);
            Failure { retry_after: Some(1), ..failure }.into_response()
        }
        Err(Unanswered::Failed) => {
            let text = "The bot could not answer. Its log says why.";
            Failure::new(StatusCode::BAD_GATEWAY, "failed", text).into_response()
        }
    }
}

/// The call as the plugin sees it.
async fn plain(rest: &str, request: Request) -> Result<WebRequest, Failure> {
    let (mut parts, body) = request.into_parts();
    let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    // Decoded by the router, so it is encoded again.
    let path = percent_encoding::utf8_percent_encode(rest, PATH);
    let uri = Uri::try_from(format!("/{path}{query}"));
    parts.uri = uri.map_err(|_| Failure::bad_request("The path cannot be read."))?;
    parts.headers.remove(header::COOKIE);
    parts.extensions.clear();
    let body: Bytes = axum::body::to_bytes(body, super::BODY_LIMIT).await.map_err(|_| {
        let text = "The body is longer than 1 MiB, or broke off.";
        Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text)
    })?;
    Ok(WebRequest::from_parts(parts, body))
}

/// What stands encoded in a path (RFC 3986, section 3.3).
const PATH: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

fn passed_on(mut response: Response) -> Response {
    let headers: &mut HeaderMap = response.headers_mut();
    for name in NOT_PASSED_ON {
        headers.remove(name);
    }
    // Beside one of its own: of two the stricter holds.
    headers.append(header::CONTENT_SECURITY_POLICY, SANDBOX);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
