//! Signing in, by password or by a link that the bot sends, and signing out.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use bridge_core::secret::Secret;
use maud::{Markup, html};
use serde::Deserialize;

use super::frame::Frame;
use super::notice::{Done, Notice};
use crate::admin::failure::Failure;
use crate::admin::serve::Peer;
use crate::admin::sessions::Kind;
use crate::admin::signed::{COOKIE, cookie};
use crate::admin::{Shared, link};
use crate::error::HostError;

/// Where somebody wanted to go.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

impl Next {
    /// A path of ours; anything else is the overview.
    fn path(&self) -> &str {
        let own = self.next.as_deref().filter(|next| {
            next.starts_with('/')
                && !next.starts_with("//")
                && next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
        });
        own.unwrap_or("/")
    }
}

/// The form with a password.
#[derive(Debug, Deserialize)]
pub(super) struct ByPassword {
    name: String,
    password: Secret,
    next: Option<String>,
}

/// The form that asks for a link.
#[derive(Debug, Deserialize)]
pub(super) struct ByMatrix {
    mxid: String,
}

/// The form that uses a link.
#[derive(Debug, Deserialize)]
pub(super) struct ByCode {
    code: Secret,
}

/// `GET /login`
pub(super) async fn show(
    State(shared): State<Shared>,
    Query(next): Query<Next>,
    Query(done): Query<Done>,
    headers: HeaderMap,
) -> Response {
    if let Some(token) = cookie(&headers)
        && shared.signed(token, Kind::Pages).await.is_ok()
    {
        return Redirect::to(next.path()).into_response();
    }
    Frame::open("Sign in").notice(done.notice()).with(&forms(&shared, next.path(), "", None))
}

/// `POST /login`
pub(super) async fn by_password(
    State(shared): State<Shared>,
    Peer(address): Peer,
    Form(form): Form<ByPassword>,
) -> Response {
    let next = Next { next: form.next };
    match shared.sign_in(&form.name, &form.password, address, Kind::Pages).await {
        Ok(token) => signed_in(&shared, &token, next.path()),
        Err(failure) => Frame::open("Sign in").status(failure.status).with(&forms(
            &shared,
            next.path(),
            &form.name,
            Some(&failure.told.error),
        )),
    }
}

/// `POST /login/send`. Tells everybody the same, whether or not anything is sent.
pub(super) async fn send(
    State(shared): State<Shared>,
    Peer(address): Peer,
    Form(form): Form<ByMatrix>,
) -> Result<Response, Failure> {
    shared.works().await?;
    let mxid = form.mxid.trim();
    shared.rate.note(mxid, address)?;
    link::send_later(&shared, mxid);
    let minutes = Kind::Link.life().as_secs() / 60;
    let content = html! {
        h1 { "Look into your Matrix client" }
        p { "If " strong { (mxid) } " may sign in here, the bot sends it a message with a link now. It is good once, for "
            (minutes) " minutes." }
        p { "Nothing comes? Then the Matrix id is mistyped, or it is no admin in the config file (" code { "permissions" } ")." }
        p { a href="/login/link" { "Paste the code of the message" } }
        p { a href="/login" { "Back" } }
    };
    Ok(Frame::open("Look into your Matrix client").with(&content))
}

/// `GET /login/link`. Looking at it uses nothing up: clients load what is linked for a preview. The code stands behind a `#` and so
/// in no log.
pub(super) async fn show_link() -> Response {
    Frame::open("Sign in by link").with(&code_form(None))
}

/// `POST /login/link`. A code has 256 random bits: tries need not be counted.
pub(super) async fn by_link(
    State(shared): State<Shared>,
    Form(form): Form<ByCode>,
) -> Result<Response, Failure> {
    let code = Secret::new(form.code.expose().trim());
    let who = match shared.signed(code.expose(), Kind::Link).await {
        Ok(signed) => signed.name,
        Err(failure) if failure.status == StatusCode::UNAUTHORIZED => return Ok(used_up()),
        Err(failure) => return Err(failure),
    };
    // Of two who use it at the same time, one is told that it was there.
    if !shared.sessions.end(code.expose()).await.map_err(HostError::from)? {
        return Ok(used_up());
    }
    let stamp = shared.stamp(&who).ok_or_else(Failure::token_invalid)?;
    let token = shared.sessions.begin(&who, &stamp, Kind::Pages).await?;
    Ok(signed_in(&shared, &token, "/"))
}

/// `POST /logout`
pub(super) async fn sign_out(State(shared): State<Shared>, headers: HeaderMap) -> Result<Response, Failure> {
    if let Some(token) = cookie(&headers) {
        shared.works().await?;
        shared.sessions.end(token).await.map_err(HostError::from)?;
    }
    let gone = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    Ok(([(header::SET_COOKIE, gone)], Redirect::to(&Notice::SignedOut.at("/login"))).into_response())
}

fn signed_in(shared: &Shared, token: &Secret, next: &str) -> Response {
    let is_https = shared.config.public_url.as_ref().is_some_and(|url| url.scheme() == "https");
    let secure = if is_https { "; Secure" } else { "" };
    let (token, life) = (token.expose(), Kind::Pages.life().as_secs());
    let cookie = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={life}{secure}");
    ([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response()
}

fn used_up() -> Response {
    let why = "This code is not good: it was used, has run out, or is not whole. Ask for another one.";
    Frame::open("Sign in by link").status(StatusCode::UNAUTHORIZED).with(&code_form(Some(why)))
}

fn wrong(why: Option<&str>) -> Markup {
    html! { @if let Some(why) = why { div.wrong role="alert" { p { (why) } } } }
}

fn forms(shared: &Shared, next: &str, name: &str, why: Option<&str>) -> Markup {
    html! {
        h1 { "Sign in" }
        p.quiet { "Administration of the bots of " (shared.host.app().client().server_name()) "." }
        (wrong(why))
        section.sheet aria-labelledby="by-password" {
            h2 #by-password { "With a password" }
            @if shared.users.is_empty() {
                p { "Nobody has one: " code { "bots.admin.users" } " in the config file is empty." }
            } @else {
                form method="post" action="/login" {
                    input type="hidden" name="next" value=(next);
                    div.field {
                        label for="name" { "Name" }
                        input #name type="text" name="name" value=(name) required autocomplete="username" autocapitalize="none"
                            spellcheck="false";
                    }
                    div.field {
                        label for="password" { "Password" }
                        input #password type="password" name="password" required autocomplete="current-password";
                    }
                    button.main type="submit" { "Sign in" }
                }
            }
        }
        section.sheet aria-labelledby="by-link" {
            h2 #by-link { "With a link by Matrix" }
            form method="post" action="/login/send" {
                div.field {
                    label for="mxid" { "Your Matrix id" }
                    input #mxid type="text" name="mxid" required placeholder="@you:example.org" autocapitalize="none"
                        spellcheck="false" aria-describedby="mxid-help";
                    p.help #mxid-help { "Admins of this host get a message from " (shared.host.app().bot().user_id()) "." }
                }
                button type="submit" { "Send me a link" }
            }
        }
    }
}

fn code_form(why: Option<&str>) -> Markup {
    html! {
        h1 { "Sign in by link" }
        (wrong(why))
        form.sheet method="post" action="/login/link" autocomplete="off" {
            p #paste { "Paste the code that stands at the end of the bot's message." }
            div.field {
                label for="code" { "Code" }
                input #code type="text" name="code" required spellcheck="false" autocapitalize="none" autocomplete="off";
            }
            button.main type="submit" { "Sign in" }
        }
        p { a href="/login" { "Back" } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_gone_to() {
        for (next, expected) in [
            ("/instances/a?level=warn", "/instances/a?level=warn"),
            ("https://elsewhere.test/", "/"),
            ("//elsewhere.test/", "/"),
            ("/\\elsewhere.test", "/"),
            ("/a\r\nSet-Cookie: x=y", "/"),
            ("", "/"),
        ] {
            assert_eq!(Next { next: Some(next.to_owned()) }.path(), expected, "{next:?}");
        }
    }
}
