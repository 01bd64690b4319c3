//! Uploading a plugin: by a file field, onto which a file can be dropped with script.

use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};

use super::frame::Frame;
use super::notice::Notice;
use super::plugins;
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::signed::Signed;
use crate::error::HostError;
use crate::package::LARGEST;
use crate::plugin::Problem;

/// How long the form may be, in bytes: the file and what a browser writes around it.
pub(super) const LIMIT: usize = LARGEST + 64 * 1024;

/// `POST /plugins`
pub(super) async fn put(
    State(shared): State<Shared>,
    signed: Signed,
    mut form: Multipart,
) -> Result<Response, Failure> {
    let unreadable =
        |why: String| Failure::bad_request(format!("The file did not come whole: {why}. Send it again."));
    let mut file = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|error| unreadable(error.body_text()))? {
        if field.name() == Some("file") {
            file = field.bytes().await.map_err(|error| unreadable(error.body_text()))?.to_vec();
        }
    }
    let problems = if file.is_empty() {
        vec!["No file was chosen.".to_owned()]
    } else {
        match shared.host.upload(file).await {
            Ok(_) => return Ok(Redirect::to(&Notice::Uploaded.at("/plugins")).into_response()),
            Err(HostError::Invalid(problems)) => problems.iter().map(Problem::to_string).collect(),
            Err(error) => vec![error.to_string()],
        }
    };
    let frame = Frame::new("Plugins", "/plugins", &signed).status(StatusCode::BAD_REQUEST);
    Ok(frame.with(&plugins::listed(&shared.host, &problems)))
}

/// The section of the plugins' page.
pub(super) fn section(problems: &[String]) -> Markup {
    html! {
        section.sheet aria-labelledby="upload" {
            h2 #upload { "Upload a plugin" }
            @if !problems.is_empty() {
                div.wrong role="alert" { @for line in problems { p { (line) } } }
            }
            form method="post" action="/plugins" enctype="multipart/form-data" {
                div.field.drop data-drop {
                    label for="file" { "File" }
                    input #file type="file" name="file" required accept=".mbp,.wasm,.zip" aria-describedby="file-help";
                    p.help #file-help { "Of " (LARGEST / (1024 * 1024)) " MB at most. It can be dropped here." }
                }
                button.main type="submit" { "Upload" }
            }
        }
    }
}
