//! Our identity on a homeserver: who we are, which users are ours, what was found out about them already.

use std::sync::Arc;

use ruma::{OwnedRoomId, OwnedUserId, RoomId, UserId};
use tokio::sync::OnceCell;

use super::client::MatrixClient;
use super::error::MatrixError;
use super::ghost_id::GhostIds;
use super::intent::Intent;
use super::probe::Features;
use crate::cache::Cache;
use crate::secret::Secret;

/// How many users are remembered as registered.
const KNOWN_USERS: usize = 50_000;
/// The prefix of users where there are none: no name of a user ends with it.
const NO_GHOSTS: &str = "no/ghosts/";
/// How many memberships are remembered.
const KNOWN_MEMBERS: usize = 100_000;

/// What an [`AppService`] is made from; the registration file and the configuration say it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The registration's id.
    pub id: String,
    /// Where the homeserver listens.
    pub homeserver_url: String,
    /// The homeserver's name, the part after the colon.
    pub server_name: String,
    /// The bot's localpart (`sender_localpart`).
    pub bot: String,
    /// What all our other users' localparts begin with.
    pub user_prefix: String,
    /// What we show to the homeserver.
    pub as_token: Secret,
}

/// An appservice on a homeserver. Clones are cheap and share everything.
#[derive(Debug, Clone)]
pub struct AppService(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: String,
    client: MatrixClient,
    ghosts: GhostIds,
    features: OnceCell<Features>,
    known: Known,
}

/// What was done once and need not be done again, as long as this program runs.
#[derive(Debug)]
pub(super) struct Known {
    /// Users that have an account.
    pub(super) registered: Cache<OwnedUserId, ()>,
    /// Users that have our device.
    pub(super) with_device: Cache<OwnedUserId, ()>,
    /// Users in rooms.
    pub(super) joined: Cache<(OwnedUserId, OwnedRoomId), ()>,
}

impl AppService {
    /// Makes the appservice; no call is made yet. The error is a sentence that names the configuration key.
    pub fn new(settings: Settings) -> Result<Self, String> {
        let Settings { id, homeserver_url, server_name, bot, user_prefix, as_token } = settings;
        let client = MatrixClient::new(&homeserver_url, as_token, &server_name, &bot)?;
        Self::with(id, client, &user_prefix)
    }

    fn with(id: String, client: MatrixClient, user_prefix: &str) -> Result<Self, String> {
        let ghosts = GhostIds::new(user_prefix, client.server_name().to_owned())?;
        let known = Known {
            registered: Cache::new(KNOWN_USERS),
            with_device: Cache::new(KNOWN_USERS),
            joined: Cache::new(KNOWN_MEMBERS),
        };
        Ok(Self(Arc::new(Inner { id, client, ghosts, features: OnceCell::new(), known })))
    }

    /// One account on any homeserver, by its own token: what [`AppService::bot`] does is done as this account, and nobody else
    /// can be acted as. No call is made yet. The error is a sentence.
    pub fn of_account(homeserver_url: &str, user_id: &UserId, token: Secret) -> Result<Self, String> {
        let client = MatrixClient::of_account(homeserver_url, token, user_id)?;
        Self::with(String::new(), client, NO_GHOSTS)
    }

    /// The registration's id.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The client all intents use.
    pub fn client(&self) -> &MatrixClient {
        &self.0.client
    }

    /// The names of our ghosts.
    pub fn ghosts(&self) -> &GhostIds {
        &self.0.ghosts
    }

    /// Whether this user is ours: the bot, or one in the namespace. An event from such a user is our own echo.
    pub fn owns(&self, user_id: &str) -> bool {
        user_id == self.0.client.bot().as_str() || self.0.ghosts.contains(user_id)
    }

    /// Acts as this user.
    pub fn intent(&self, user_id: &UserId) -> Intent {
        Intent::new(self.clone(), user_id.to_owned())
    }

    /// Acts as the bot.
    pub fn bot(&self) -> Intent {
        Intent::new(self.clone(), self.0.client.bot().to_owned())
    }

    /// What [`AppService::probe`] found out; `None` before it did.
    pub fn features(&self) -> Option<&Features> {
        self.0.features.get()
    }

    /// Finds out what the homeserver offers and keeps the answer. Asks once per program, however many call; a send
    /// waits for it. Fails when the homeserver cannot be reached or refuses our token, and is then asked again by the
    /// next caller; a question that it does not understand means "no".
    pub async fn probe(&self) -> Result<&Features, MatrixError> {
        self.0.features.get_or_try_init(|| Box::pin(self.ask_features())).await
    }

    /// Forgets that a user is in a room, because they were seen to leave it or were refused there.
    pub fn forget_member(&self, room_id: &RoomId, user_id: &UserId) {
        self.0.known.joined.remove(&(user_id.to_owned(), room_id.to_owned()));
    }

    /// Forgets everything that was done once: after the homeserver lost its database.
    pub fn forget_all(&self) {
        let Known { registered, with_device, joined } = &self.0.known;
        registered.clear();
        with_device.clear();
        joined.clear();
    }

    pub(super) fn known(&self) -> &Known {
        &self.0.known
    }
}
