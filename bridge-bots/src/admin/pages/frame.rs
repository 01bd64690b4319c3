//! What stands around each page: head, navigation, notice, foot.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::{DOCTYPE, Markup, html};

use super::files;
use super::notice::Notice;
use crate::admin::signed::Signed;

/// The places of the navigation.
const PLACES: [(&str, &str); 5] = [
    ("/", "Overview"),
    ("/services", "Services"),
    ("/accounts", "Accounts"),
    ("/plugins", "Plugins"),
    ("/dead-letters", "Dead letters"),
];

/// A page in the making.
#[derive(Debug, Clone, Default)]
pub(super) struct Frame<'a> {
    title: String,
    here: &'a str,
    person: Option<&'a str>,
    notice: Option<Notice>,
    status: StatusCode,
}

impl<'a> Frame<'a> {
    /// A page for somebody who is signed in; `here` is the place of the navigation that it belongs to.
    pub(super) fn new(title: impl Into<String>, here: &'a str, signed: &'a Signed) -> Self {
        Self { title: title.into(), here, person: Some(&signed.name), ..Self::default() }
    }

    /// A page for whoever comes.
    pub(super) fn open(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// With a notice above all.
    pub(super) fn notice(mut self, notice: Option<Notice>) -> Self {
        self.notice = notice;
        self
    }

    /// With a status other than 200.
    pub(super) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The page with this content, whose first heading is an `h1`.
    pub(super) fn with(self, content: &Markup) -> Response {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " – Bots" }
                    link rel="stylesheet" href=(files::style());
                    link rel="icon" type="image/svg+xml" href=(files::icon());
                    script src=(files::script()) defer {}
                }
                body {
                    a.skip href="#content" { "To the content" }
                    (self.top())
                    main #content .narrow[self.person.is_none()] tabindex="-1" {
                        @if let Some(notice) = self.notice { p.notice role="status" { (notice.text()) } }
                        (content)
                    }
                    footer.foot { "bridge-bots " (env!("CARGO_PKG_VERSION")) ". Times are told in UTC." }
                    p #said .hidden role="status" aria-live="polite" {}
                }
            }
        };
        (self.status, page).into_response()
    }

    fn top(&self) -> Markup {
        html! {
            header.top {
                div {
                    a.brand href="/" { "Bots" }
                    @if let Some(person) = self.person {
                        nav aria-label="Main" {
                            ul {
                                @for (path, name) in PLACES {
                                    li { a href=(path) aria-current=[(path == self.here).then_some("page")] { (name) } }
                                }
                            }
                        }
                        div.who {
                            span { (person) }
                            form method="post" action="/logout" { button type="submit" { "Sign out" } }
                        }
                    }
                }
            }
        }
    }
}

/// A table that becomes a list of cards where there is no room for it. The first column names the row. A cell that is none is left
/// out of the cards.
pub(super) fn table(caption: &str, heads: &[&str], rows: Vec<Vec<Option<Markup>>>) -> Markup {
    html! {
        table.cards role="table" {
            caption { (caption) }
            thead role="rowgroup" {
                tr role="row" { @for head in heads { th role="columnheader" scope="col" { (head) } } }
            }
            tbody role="rowgroup" {
                @for row in rows {
                    tr role="row" {
                        @for (index, cell) in row.into_iter().enumerate() {
                            @if index == 0 {
                                th role="rowheader" scope="row" { (cell.unwrap_or_default()) }
                            } @else if let Some(cell) = cell {
                                td role="cell" data-label=(heads.get(index).unwrap_or(&"")) { div { (cell) } }
                            } @else {
                                td.none role="cell" {}
                            }
                        }
                    }
                }
            }
        }
    }
}
