//! Events from Matrix that may hold a secret: they are sealed before they are stored, and opened when they are handled.

use std::borrow::Cow;

use super::Bridge;
use crate::error::JobError;
use crate::network::Network;
use crate::queue::{Job, Lane};
use crate::store::StoreError;

impl<N: Network> Bridge<N> {
    /// An event of a lane as it is to be stored.
    pub(crate) fn to_store(&self, lane: &Lane, event: &str) -> Result<String, StoreError> {
        if may_hold_secret(lane, event, self.catalogue.prefix()) {
            return self.store.seal().close_event(event);
        }
        Ok(event.to_owned())
    }

    /// A job with its event as it was received.
    pub(super) fn opened<'j>(&self, job: &'j Job) -> Result<Cow<'j, Job>, JobError> {
        let opened = self.store.seal().open_event(&job.payload);
        Ok(match opened.map_err(|error| JobError::Park(error.0))? {
            Cow::Borrowed(_) => Cow::Borrowed(job),
            Cow::Owned(payload) => Cow::Owned(Job { payload, ..job.clone() }),
        })
    }
}

/// Whether an event may hold an answer that is nobody else's to read: where no chat is shown, people answer the questions of
/// a login, and elsewhere they may write all of it behind the command prefix.
fn may_hold_secret(lane: &Lane, event: &str, prefix: &str) -> bool {
    // JSON has more than one way to write what is not a plain character.
    let is_plain = prefix.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'/'));
    lane.is_of_room() || !is_plain || event.contains(prefix)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use serde_json::json;
    use testkit::Kind;

    use super::super::testing::{Paper, Stage};
    use super::*;
    use crate::event::Scope;

    #[test]
    fn what_may_be_an_answer_to_a_login_is_told_from_talk() {
        let (own, chat) = (Lane::of_room("!r:hs"), Lane::of_scope(&Scope::Chat(Stage::chat())));
        let (talk, command) = (r#"{"body":"hello"}"#, r#"{"body":"!paper login app one two"}"#);
        assert!(may_hold_secret(&own, talk, "!paper"));
        assert!(!may_hold_secret(&chat, talk, "!paper"));
        assert!(may_hold_secret(&chat, command, "!paper"));
        assert!(may_hold_secret(&chat, r#"{"body":"\/p login"}"#, "/p"), "it may be written in another way");
    }

    #[tokio::test]
    async fn a_sealed_event_is_handled_as_it_was() {
        let stage = Stage::new(Kind::FakeSynapse, Paper::silent()).await;
        let bridge = &stage.bridge;
        let plain = Stage::matrix_job(&json!({ "event_id": "$1", "type": "m.room.message" }));
        assert!(matches!(bridge.opened(&plain).unwrap(), Cow::Borrowed(_)));
        let payload = bridge.to_store(&plain.lane, &plain.payload).unwrap();
        assert_ne!(payload, plain.payload);
        let stored = Job { payload, ..plain.clone() };
        assert_eq!(bridge.opened(&stored).unwrap().payload, plain.payload);
        let lost = Job { payload: "sealed1:AAAA".to_owned(), ..plain };
        assert!(matches!(bridge.opened(&lost), Err(JobError::Park(why)) if why.contains("another key")));
    }
}
