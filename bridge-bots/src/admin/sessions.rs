//! Who is signed in: tokens, of which the database has hashes only.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_core::secret::Secret;
use bridge_core::store::{Store, StoreError};
use sha2::{Digest as _, Sha256};

use crate::error::HostError;
use crate::random;
use crate::store::session::{self, SessionRow};

/// What somebody signs in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The pages, by a cookie.
    Pages,
    /// An API, by a token that a script keeps.
    Api,
    /// A link that the bot sent; good once.
    Link,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pages => "pages",
            Self::Api => "api",
            Self::Link => "link",
        }
    }

    /// How long it is good for.
    pub(crate) fn life(self) -> Duration {
        match self {
            Self::Pages => Duration::from_hours(12),
            Self::Api => Duration::from_hours(90 * 24),
            Self::Link => Duration::from_mins(10),
        }
    }
}

/// The sessions, in the database: they outlive a restart.
#[derive(Debug, Clone)]
pub(crate) struct Sessions(Store);

impl Sessions {
    pub(crate) fn new(store: Store) -> Self {
        Self(store)
    }

    /// Begins a session; gives its token. `stamp` is what has to be the same for the session to go on.
    pub(crate) async fn begin(&self, name: &str, stamp: &str, kind: Kind) -> Result<Secret, HostError> {
        let random = random::bytes::<32>().map_err(HostError::Failed)?;
        let token = Secret::new(URL_SAFE_NO_PAD.encode(random));
        let now = self.0.clock().now_ms();
        let life = i64::try_from(kind.life().as_millis()).unwrap_or(i64::MAX);
        let row = SessionRow {
            token_hash: hash(token.expose()),
            name: name.to_owned(),
            stamp: stamp.to_owned(),
            kind: kind.as_str().to_owned(),
            created_at: now,
            expires_at: now + life,
        };
        session::put(&self.0, &row).await?;
        Ok(token)
    }

    /// The session of a token of this kind, if it has not run out.
    pub(crate) async fn find(&self, token: &str, kind: Kind) -> Result<Option<SessionRow>, StoreError> {
        let row = session::find(&self.0, &hash(token)).await?;
        let now = self.0.clock().now_ms();
        Ok(row.filter(|row| row.kind == kind.as_str() && row.expires_at > now))
    }

    /// Ends a session. Says whether there was one: of two who end it at the same time, one is told so.
    pub(crate) async fn end(&self, token: &str) -> Result<bool, StoreError> {
        session::remove(&self.0, &hash(token)).await
    }
}

/// The tokens are random, so a fast hash is enough.
fn hash(token: &str) -> String {
    random::hex(&Sha256::digest(token))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;
    use crate::store::TABLES;
    use bridge_core::clock::Clock;
    use bridge_core::store::seal::Seal;

    #[tokio::test]
    async fn a_session_ends_by_itself_or_when_told() {
        let clock = Clock::manual(1_000);
        let store = Store::open_unchanged("sqlite::memory:", Seal::none(), clock.clone()).await.unwrap();
        let store = store.with_components(TABLES);
        store.bring_up_to_date().await.unwrap();
        let sessions = Sessions::new(store);
        let token = sessions.begin("ann", "stamp", Kind::Pages).await.unwrap();
        let found = sessions.find(token.expose(), Kind::Pages).await.unwrap().unwrap();
        assert_eq!((found.name.as_str(), found.stamp.as_str()), ("ann", "stamp"));
        assert_ne!(found.token_hash, token.expose());
        assert!(sessions.find(token.expose(), Kind::Api).await.unwrap().is_none(), "of another kind");
        clock.advance(Kind::Pages.life());
        assert!(sessions.find(token.expose(), Kind::Pages).await.unwrap().is_none());
        let token = sessions.begin("ann", "stamp", Kind::Link).await.unwrap();
        assert!(sessions.end(token.expose()).await.unwrap());
        assert!(!sessions.end(token.expose()).await.unwrap(), "once");
        assert!(sessions.find(token.expose(), Kind::Link).await.unwrap().is_none());
    }
}
