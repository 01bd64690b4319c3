//! Keeps other sites from acting in the name of somebody who is signed in here (cross-site request forgery).

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Shared;
use super::failure::Failure;
use super::signed::bearer;

/// Refuses a call that changes something unless it shows a token, which no other site knows, or the browser says that it comes
/// from a page of ours: by `Sec-Fetch-Site` (W3C Fetch Metadata), or by `Origin` (RFC 6454), which all browsers send with what
/// is not GET. The cookie is `SameSite=Strict` besides.
pub(super) async fn expect(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let public = shared.config.public_url.as_ref().map(|url| url.origin().ascii_serialization());
    if request.method().is_safe() || bearer(headers).is_some() || is_ours(headers, public.as_deref()) {
        return next.run(request).await;
    }
    // Without a cookie there is nothing that another site could use; what needs somebody signed in refuses by itself.
    if !headers.contains_key(header::COOKIE) && !headers.contains_key(header::ORIGIN) {
        return next.run(request).await;
    }
    Failure::new(
        StatusCode::FORBIDDEN,
        "other_site",
        "The call comes from another site, so it was refused. If the pages are behind a proxy, set bots.admin.public_url to \
         the address in your browser.",
    )
    .into_response()
}

fn is_ours(headers: &HeaderMap, public: Option<&str>) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        // None: typed by the person. A page of a sibling domain is another site.
        return matches!(site, "same-origin" | "none");
    }
    let (Some(origin), Some(host)) = (text("origin"), text("host")) else { return false };
    public == Some(origin) || origin.split_once("://").is_some_and(|(_, authority)| authority == host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_ours_are_believed() {
        for (pairs, expected) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "cross-site"), ("origin", "http://here:1"), ("host", "here:1")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("origin", "http://here:1"), ("host", "here:1")], true),
            (&[("origin", "http://here:2"), ("host", "here:1")], false),
            (&[("origin", "https://bots.example.org"), ("host", "here:1")], true),
            (&[("origin", "null"), ("host", "here:1")], false),
            (&[("host", "here:1")], false),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, axum::http::HeaderValue::from_static(value));
            }
            assert_eq!(is_ours(&headers, Some("https://bots.example.org")), expected, "{pairs:?}");
        }
    }
}
