//! What a link's address means: a mention, a link, or only text.

use ruma::matrix_uri::MatrixId;
use ruma::{MatrixToUri, MatrixUri};

use crate::content::{KnownMessage, Lookup, Mention, Span, Style};

/// The mention behind a Matrix address, as far as the address alone says.
pub(super) fn mention(address: &str) -> Option<Mention> {
    Some(match matrix_id(address)? {
        MatrixId::User(user_id) => Mention::MatrixUser(user_id.to_string()),
        _ => Mention::MatrixLink(address.to_owned()),
    })
}

/// The remote counterpart of a mention that [`mention`] found.
pub(super) fn known(mention: &Mention, lookup: &Lookup) -> Option<Mention> {
    let id = match mention {
        Mention::MatrixUser(id) => return Some(Mention::User(lookup.remote_users.get(id)?.clone())),
        Mention::MatrixLink(address) => match matrix_id(address)? {
            MatrixId::Room(id) => id.to_string(),
            MatrixId::RoomAlias(alias) => alias.to_string(),
            MatrixId::Event(_, event_id) => {
                let KnownMessage { id, link } = lookup.remote_messages.get(event_id.as_str())?.clone();
                return Some(Mention::Message { id, url: link.unwrap_or_else(|| address.clone()) });
            }
            _ => return None,
        },
        _ => return None,
    };
    Some(Mention::Chat(lookup.remote_chats.get(&id)?.clone()))
}

/// A mention whose address was shown as `label`. One that leads elsewhere now shows where it leads.
pub(super) fn named(mention: Mention, mut label: String, address: &str, style: Style) -> Span {
    if let Mention::Message { url, .. } = &mention
        && label == address
    {
        label.clone_from(url);
    }
    Span::Mention { mention, label, style }
}

/// The ids to look up for a mention that [`mention`] found.
pub(super) fn matrix_ids(mention: &Mention) -> Option<String> {
    match mention {
        Mention::MatrixUser(id) => Some(id.clone()),
        Mention::MatrixLink(address) => match matrix_id(address)? {
            MatrixId::Room(id) => Some(id.to_string()),
            MatrixId::RoomAlias(alias) => Some(alias.to_string()),
            MatrixId::Event(_, event_id) => Some(event_id.to_string()),
            _ => None,
        },
        _ => None,
    }
}

fn matrix_id(address: &str) -> Option<MatrixId> {
    if address.starts_with("https://matrix.to/#/") {
        return Some(MatrixToUri::parse(address).ok()?.id().clone());
    }
    if address.starts_with("matrix:") {
        return Some(MatrixUri::parse(address).ok()?.id().clone());
    }
    None
}

/// What a link becomes. `label` is what it shows, in its full formatting.
pub(super) fn spans(address: &str, label: Vec<Span>, lookup: &Lookup) -> Vec<Span> {
    let style = shared_style(&label);
    if let Some(mention) = mention(address) {
        let label = text_of(&label).replace('\n', " ");
        return vec![named(known(&mention, lookup).unwrap_or(mention), label, address, style)];
    }
    if !is_safe(address) {
        return label;
    }
    let same = text_of(&label) == address && label.iter().all(|span| matches!(span, Span::Text { .. }));
    let mut inner = Vec::new();
    if !same {
        for span in label {
            let own = span.style().unwrap_or_default().minus(style);
            span.with_style(own).push_onto(&mut inner);
        }
    }
    vec![Span::Link { url: address.to_owned(), label: inner, style }]
}

/// The formatting that all of these have.
fn shared_style(spans: &[Span]) -> Style {
    spans.iter().filter_map(Span::style).reduce(Style::common).unwrap_or_default()
}

fn text_of(spans: &[Span]) -> String {
    crate::content::plain::spans_text(
        &spans.iter().map(|span| span.clone().with_style(Style::default())).collect::<Vec<_>>(),
        &Lookup::default(),
    )
}

/// Whether an address may stay a link.
fn is_safe(address: &str) -> bool {
    let scheme = address.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https" | "mailto" | "ftp" | "magnet"))
}
