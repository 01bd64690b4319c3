//! The bridge as the queue's handler: one value that everything of the engine hangs on.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use ruma::{OwnedUserId, RoomId};
use tokio_util::sync::CancellationToken;

use super::command::{Replies, Syncs};
use super::conversation::Conversations;
use super::ghost::{GhostWork, KnownGhost};
use super::handover::Handovers;
use super::members::MemberSyncs;
use super::missing_room::MissingRooms;
use super::relay::Named;
use super::supervisor::Logins;
use super::turns::Turns;
use crate::cache::Cache;
use crate::command::Catalogue;
use crate::config::{DeliveryEvents, Members, NameTemplate, Permissions};
use crate::content::{CarriedFile, FileSource};
use crate::error::JobError;
use crate::id::{ChatKey, RemoteMessageId, RemoteUserId};
use crate::matrix::{AppService, ErrorClass, Intent, MatrixError, PublicMedia};
use crate::network::Network;
use crate::queue::{Closing, Handler, Inbox, Job, Lane, Source, Waker};
use crate::store::lease::Role;
use crate::store::portal::PortalRow;
use crate::store::{Store, StoreError};

/// Rows of each kind that are kept in memory; the tables have the rest.
const CACHED: usize = 10_000;
/// How long a display name in a room is believed without a member event.
const NAME_KEPT: Duration = Duration::from_hours(1);

/// Files that are kept for their messages' next try, and how long.
const CARRIED: usize = 1_000;
const CARRIED_KEPT: Duration = Duration::from_hours(1);

/// What a bridge is made from.
pub(crate) struct Setup<N> {
    pub(crate) network: N,
    pub(crate) app: AppService,
    pub(crate) store: Store,
    pub(crate) inbox: Inbox,
    pub(crate) permissions: Permissions,
    pub(crate) ghost_name: NameTemplate,
    pub(crate) members: Members,
    pub(crate) command_prefix: String,
    pub(crate) delivery_events: DeliveryEvents,
    pub(crate) public_media: Option<PublicMedia>,
}

/// A running bridge.
pub(crate) struct Bridge<N: Network> {
    pub(crate) network: N,
    pub(crate) app: AppService,
    pub(crate) store: Store,
    pub(crate) inbox: Inbox,
    pub(crate) permissions: Permissions,
    pub(crate) ghost_name: NameTemplate,
    pub(crate) members: Members,
    pub(crate) delivery_events: DeliveryEvents,
    pub(crate) public_media: Option<PublicMedia>,
    pub(crate) catalogue: Catalogue,
    pub(crate) logins: Logins<N>,
    pub(crate) conversations: Conversations,
    pub(crate) replies: Replies,
    pub(crate) syncs: Syncs,
    pub(crate) member_syncs: MemberSyncs,
    pub(crate) ghost_work: GhostWork,
    /// Cancelled at the program's end, and with it all sessions and what is done for them.
    pub(crate) stopping: CancellationToken,
    pub(crate) portals: Cache<ChatKey, Arc<PortalRow>>,
    pub(crate) rooms: Cache<String, Option<ChatKey>>,
    pub(crate) handovers: Handovers,
    /// Who begins which chat now: until they are invited, its room looks left by everybody.
    pub(crate) beginning: Turns,
    pub(crate) ghosts: Cache<RemoteUserId, Arc<KnownGhost>>,
    pub(crate) names: Cache<(String, OwnedUserId), Arc<Named>>,
    /// When each message was last changed, in milliseconds since 1970: networks deliver late, and in any order.
    pub(crate) changed_at: Cache<RemoteMessageId, i64>,
    /// When each message was last compared with the network, by our clock: what it tells of earlier changes is done.
    pub(crate) settled_at: Cache<RemoteMessageId, i64>,
    /// The chats whose rooms are missing.
    pub(crate) missing_rooms: MissingRooms,
    /// When each reaction was last set or taken back: which message, whose, which.
    pub(crate) reacted_at: Cache<(RemoteMessageId, String, String), i64>,
    /// How often carrying a file over has failed.
    pub(crate) file_failures: Cache<FileSource, u32>,
    /// Files that were carried over for a message that is not shown yet, by whom they were uploaded.
    pub(crate) carried: Cache<(FileSource, OwnedUserId), Arc<CarriedFile>>,
    waker: OnceLock<Waker>,
    shared: Weak<Self>,
}

impl<N: Network> Bridge<N> {
    pub(crate) fn new(setup: Setup<N>) -> Arc<Self> {
        let Setup {
            network,
            app,
            store,
            inbox,
            permissions,
            ghost_name,
            members,
            command_prefix,
            delivery_events,
            public_media,
        } = setup;
        Arc::new_cyclic(|shared| Self {
            shared: shared.clone(),
            network,
            app,
            store,
            inbox,
            permissions,
            ghost_name,
            members,
            delivery_events,
            public_media,
            catalogue: super::command::catalogue(command_prefix),
            logins: Logins::default(),
            conversations: Conversations::default(),
            replies: Replies::default(),
            syncs: Syncs::default(),
            member_syncs: MemberSyncs::default(),
            ghost_work: GhostWork::default(),
            stopping: CancellationToken::new(),
            portals: Cache::new(CACHED),
            rooms: Cache::new(CACHED),
            handovers: Handovers::default(),
            beginning: Turns::default(),
            ghosts: Cache::new(CACHED),
            names: Cache::expiring(CACHED, NAME_KEPT),
            changed_at: Cache::new(CACHED),
            settled_at: Cache::new(CACHED),
            missing_rooms: MissingRooms::default(),
            reacted_at: Cache::new(CACHED),
            file_failures: Cache::expiring(CACHED, NAME_KEPT),
            carried: Cache::expiring(CARRIED, CARRIED_KEPT),
            waker: OnceLock::new(),
        })
    }

    /// Lets the bridge wake waiting lanes, once the queue runs.
    pub(crate) fn set_waker(&self, waker: Waker) {
        let _ = self.waker.set(waker);
    }

    /// The bridge as a task of its own needs it; none once it is being dropped.
    pub(crate) fn shared(&self) -> Option<Arc<Self>> {
        self.shared.upgrade()
    }

    /// Something that lanes may have waited for is there now.
    pub(crate) fn retry_now(&self) {
        if let Some(waker) = self.waker.get() {
            waker.retry_now();
        }
    }

    /// The chat whose portal a room is.
    pub(crate) async fn chat_of_room(&self, room_id: &str) -> Result<Option<ChatKey>, StoreError> {
        if let Some(known) = self.rooms.get(room_id) {
            return Ok(known);
        }
        let chat = self.store.portal_of_room(room_id).await?.map(|row| row.chat);
        // The room may have become a portal's since the look: then what was noted there stays.
        Ok(self.rooms.or_insert_with(room_id, || chat))
    }

    /// The chat that is meant by what was said in a room: its portal's, or that of a portal whose room was lost
    /// (`rebuild --new-rooms`) since it was accepted.
    pub(crate) async fn chat_heard_in(
        &self,
        job: &Job,
        room_id: &str,
    ) -> Result<Option<ChatKey>, StoreError> {
        if let Some(chat) = self.chat_of_room(room_id).await? {
            return Ok(Some(chat));
        }
        // There are letters of what was accepted before only.
        let was_meant = |until| job.letter_id.is_some() || job.accepted_at <= until;
        let before = self.store.chat_before(room_id).await?;
        Ok(before.filter(|(_, until)| was_meant(*until)).map(|(chat, _)| chat))
    }

    /// The lane of a room's events: its chat's, so that both directions keep one order. While the room's own lane still has
    /// what was accepted before the room was a portal's, new events go behind that, and all is handed on in order.
    ///
    /// While another process works, only that one knows.
    pub(crate) async fn lane(&self, room_id: &str) -> Result<Lane, StoreError> {
        if self.store.lease().role() == Role::StandingBy {
            return Ok(Lane::undecided(room_id));
        }
        Ok(match self.chat_of_room(room_id).await? {
            Some(_) if self.handovers.is_under_way(&self.store, room_id).await? => Lane::of_room(room_id),
            Some(chat) => Lane::of_scope(&crate::event::Scope::Chat(chat)),
            None => Lane::of_room(room_id),
        })
    }
}

impl<N: Network> Handler for Bridge<N> {
    async fn handle(&self, job: &Job) -> Result<Closing, JobError> {
        match job.source {
            // Nobody on Matrix wrote it, so a refusal is the operator's to see.
            Source::Remote => self.handle_remote(job).await.map_err(|error| match error {
                JobError::Reject(why) => JobError::Park(why),
                other => other,
            }),
            Source::Matrix => {
                let job = self.opened(job)?;
                let closing = self.handle_matrix(&job).await?;
                self.tell_delivered(&job, &closing).await;
                Ok(closing)
            }
        }
    }

    async fn given_up(&self, job: &Job, reason: &str, for_person: bool) -> Option<String> {
        if job.source == Source::Matrix {
            return self.tell_not_delivered(&*self.opened(job).ok()?, reason, for_person).await;
        }
        None
    }

    async fn recovered(&self, job: &Job, closing: &Closing) {
        if job.source == Source::Matrix
            && let Ok(job) = self.opened(job)
        {
            self.tell_delivered_after_all(&job, closing).await;
        }
    }
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        Self::Retry(error.0)
    }
}

/// A room id as the homeserver's calls want it.
pub(crate) fn room_id(text: &str) -> Result<&RoomId, JobError> {
    <&RoomId>::try_from(text).map_err(|_| JobError::Park("The room id is malformed.".to_owned()))
}

/// Lets somebody leave a room. Whoever cannot leave it is not in it any more, or it is gone.
pub(crate) async fn leave(intent: &Intent, room: &RoomId) -> Result<(), JobError> {
    match intent.leave(room).await {
        Err(error) if error.class() == ErrorClass::Permanent => {
            soft("leave a room", Err(error));
            Ok(())
        }
        left => Ok(left?),
    }
}

/// A failed call that must not stop the job: logged, and over.
pub(crate) fn soft(what: &'static str, result: Result<(), MatrixError>) {
    if let Err(error) = result {
        tracing::debug!(what, %error, "a call that may fail was refused");
    }
}
