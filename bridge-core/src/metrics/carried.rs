//! What is carried over, counted by direction, kind and result.

use super::Kind;
use crate::event::{MatrixKind, RemoteKind};

/// Of all values of the labels.
pub(super) const TRIES: Kind = Kind::CounterOf(&[
    ("direction", &["to_matrix", "to_network"]),
    ("kind", &["message", "edit", "delete", "reaction", "other"]),
    ("result", &["ok", "failed"]),
]);

/// What can be carried over.
pub(crate) trait Carried {
    /// Where it goes.
    const DIRECTION: &'static str;
    /// Which kind of thing it is; one of few.
    fn kind(&self) -> &'static str;
}

impl Carried for RemoteKind {
    const DIRECTION: &'static str = "to_matrix";

    fn kind(&self) -> &'static str {
        match self {
            Self::Message { .. } => "message",
            Self::Edit { .. } => "edit",
            Self::Delete { .. } => "delete",
            Self::React { .. } | Self::Unreact { .. } => "reaction",
            _ => "other",
        }
    }
}

impl Carried for MatrixKind {
    const DIRECTION: &'static str = "to_network";

    fn kind(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Edit { .. } => "edit",
            Self::Delete { .. } => "delete",
            Self::React(_) => "reaction",
            _ => "other",
        }
    }
}

/// Something was tried to be carried over.
pub(crate) fn carried<C: Carried>(what: &C, is_ok: bool) {
    let result = if is_ok { "ok" } else { "failed" };
    let labels = [("direction", C::DIRECTION), ("kind", what.kind()), ("result", result)];
    metrics::counter!("bridge_messages_total", &labels).increment(1);
}
