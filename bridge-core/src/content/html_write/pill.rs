//! Matrix addresses of those who are mentioned.

use ruma::{OwnedServerName, RoomAliasId, RoomId, UserId};

use crate::content::{Lookup, Mention};

/// The full Matrix id of a mentioned or named user, if there is a valid one.
pub(super) fn user_id(mention: &Mention, lookup: &Lookup) -> Option<String> {
    let id = match mention {
        Mention::User(user_id) | Mention::Named(user_id) => lookup.users.get(user_id)?.mxid.as_deref()?,
        Mention::MatrixUser(id) => id,
        _ => return None,
    };
    <&UserId>::try_from(id).ok().map(ToString::to_string)
}

/// Where a mention's link leads, if it can be a link.
pub(super) fn address(mention: &Mention, lookup: &Lookup) -> Option<String> {
    match mention {
        Mention::Chat(chat_id) => room_address(lookup.chats.get(chat_id)?.mxid.as_deref()?, lookup),
        Mention::Message { id, url } => {
            let known = lookup.messages.get(id).filter(|link| is_matrix_link(link)).cloned();
            known.or_else(|| super::inline::safe_address(url))
        }
        Mention::MatrixLink(link) => is_matrix_link(link).then(|| link.clone()),
        mention => {
            let id = user_id(mention, lookup)?;
            Some(<&UserId>::try_from(id.as_str()).ok()?.matrix_to_uri().to_string())
        }
    }
}

fn room_address(id: &str, lookup: &Lookup) -> Option<String> {
    if id.starts_with('#') {
        return Some(<&RoomAliasId>::try_from(id).ok()?.matrix_to_uri().to_string());
    }
    let via = lookup.via.iter().filter_map(|server| OwnedServerName::try_from(server.as_str()).ok());
    Some(<&RoomId>::try_from(id).ok()?.matrix_to_uri_via(via).to_string())
}

fn is_matrix_link(link: &str) -> bool {
    link.starts_with("https://matrix.to/") || link.starts_with("matrix:")
}
