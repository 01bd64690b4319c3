//! Whether a call comes from our homeserver.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{StatusCode, header};
use subtle::ConstantTimeEq;

use super::failure::Failure;
use super::server::Shared;
use crate::secret::Secret;

const MISSING: Failure =
    Failure::new(StatusCode::UNAUTHORIZED, "M_MISSING_TOKEN", "The homeserver's token is missing.");
const WRONG: Failure =
    Failure::new(StatusCode::FORBIDDEN, "M_FORBIDDEN", "The token is not the homeserver's.");

/// Lets a call pass that shows the homeserver's token, in the header or, as some homeservers still do, in the query.
pub(super) async fn authenticate(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match check(&parts, &shared.hs_token) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(failure) => {
            metrics::counter!("appservice_unauthorized_total").increment(1);
            failure.into_response()
        }
    }
}

fn check(parts: &Parts, expected: &Secret) -> Result<(), Failure> {
    let given = match parts.headers.get(header::AUTHORIZATION) {
        Some(value) => bearer(value.as_bytes()).map(<[u8]>::to_vec).ok_or(WRONG)?,
        None => query_token(parts.uri.query().unwrap_or_default()).ok_or(MISSING)?.into_bytes(),
    };
    // An unset token must not make an empty one right.
    let is_right = given.ct_eq(expected.expose().as_bytes()).into();
    if is_right && !expected.is_empty() { Ok(()) } else { Err(WRONG) }
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}

fn query_token(query: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == "access_token").map(|(_, token)| token.into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
    use super::*;

    fn ask(header: Option<&str>, query: &str) -> Result<(), Failure> {
        let mut request = http::Request::get(format!("/_matrix/app/v1/users/u{query}"));
        if let Some(header) = header {
            request = request.header(header::AUTHORIZATION, header);
        }
        check(&request.body(()).unwrap().into_parts().0, &Secret::new("right+token"))
    }

    #[test]
    fn the_token_may_be_in_the_header_or_the_query() {
        assert_eq!(ask(Some("Bearer right+token"), ""), Ok(()));
        assert_eq!(ask(Some("bearer right+token"), ""), Ok(()));
        assert_eq!(ask(None, "?a=b&access_token=right%2Btoken"), Ok(()));
        assert_eq!(ask(Some("Bearer right+token"), "?access_token=wrong"), Ok(()));
    }

    #[test]
    fn anything_else_is_refused() {
        assert_eq!(ask(None, ""), Err(MISSING));
        assert_eq!(ask(None, "?access_token="), Err(WRONG));
        assert_eq!(ask(None, "?access_token=right"), Err(WRONG));
        assert_eq!(ask(Some("Bearer wrong"), "?access_token=right%2Btoken"), Err(WRONG));
        assert_eq!(ask(Some("Basic right+token"), ""), Err(WRONG));
        assert_eq!(ask(Some(""), ""), Err(WRONG));
    }

    #[test]
    fn without_a_token_of_our_own_nobody_is_right() {
        let request = http::Request::get("/?access_token=").body(()).unwrap();
        assert_eq!(check(&request.into_parts().0, &Secret::default()), Err(WRONG));
    }
}
