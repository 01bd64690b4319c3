//! Who and what the cases know, and the way from a content to the posts.

use bridge_core::content::{KnownMessage, Lookup};
use bridge_core::event::{MatrixEvent, MatrixKind, Speaker, from_matrix};
use bridge_core::id::{ChatId, ChatKey, DedupKey, RemoteMessageId, RemoteUserId};
use bridge_slack::convert::{Options, Piece, Post, Standing, encode};
use serde_json::Value;

/// Alice has a ghost, Bob is logged in as himself, Carol is on Matrix only. `#general` is bridged, and one of its
/// messages is known by two events, of which one has its address on Slack. The writer may notify the room.
pub(crate) fn lookup() -> Lookup {
    let users = [("@slack_t1-u0alice:hs.test", "t1-u0alice"), ("@bob:hs.test", "t1-u0bob")];
    let chats = ["!general:hs.test", "#general:hs.test"];
    let known = |link: Option<&str>| KnownMessage {
        id: RemoteMessageId::new("t1-c0general-1700000000.000100"),
        link: link.map(str::to_owned),
    };
    Lookup {
        remote_users: users.map(|(mxid, user)| (mxid.to_owned(), RemoteUserId::new(user))).into(),
        remote_chats: chats.map(|room| (room.to_owned(), ChatId::new("t1-c0general"))).into(),
        remote_messages: [
            ("$known".to_owned(), known(None)),
            (
                "$linked".to_owned(),
                known(Some("https://acme.slack.com/archives/C0GENERAL/p1700000000000100")),
            ),
        ]
        .into(),
        may_notify_room: true,
        ..Lookup::default()
    }
}

/// The posts that a content becomes.
pub(crate) fn posts(content: &Value, broadcast: bool) -> Vec<Post> {
    let Some(message) = from_matrix::message(content, &lookup()) else { return Vec::new() };
    let event = MatrixEvent::new(
        ChatKey::shared(ChatId::new("t1-c0general")),
        Speaker::Login,
        1_700_000_000_000,
        DedupKey::new("m1"),
        MatrixKind::Message(message),
    );
    let pieces = encode(&event, &Options { broadcast, ..Options::default() }, &Standing::default());
    pieces.into_iter().filter_map(Piece::into_post).collect()
}
