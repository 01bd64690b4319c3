//! Brings a chat's members into its room and lets those go who left the chat, in a task of its own beside the lanes.

mod at_work;
mod work;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use ruma::RoomId;

use self::at_work::AtWork;
pub(crate) use self::at_work::MemberSyncs;
use self::work::{Member, Members};
use super::Bridge;
use super::bridge::room_id;
use super::persist::persist;
use super::supervisor::Live;
use crate::config::Shown;
use crate::error::{JobError, NetworkError};
use crate::event::MemberChange;
use crate::id::{ChatKey, LoginId, RemoteUserId};
use crate::network::{Network, Session};
use crate::store::StoreError;
use crate::task;

/// The longest list of members that is read. Of a longer one nobody is taken to have left because they are not in it.
const LONGEST_LIST: usize = 20_000;

/// After this time a comparison is tried again that failed for minutes.
const TRIED_AGAIN: Duration = Duration::from_mins(15);

impl<N: Network> Bridge<N> {
    /// Notes that a chat gets a room, into which all members are to be brought if the config says so. Called before the
    /// room is stored: whatever ends between the two, they come.
    pub(super) async fn note_new_room(&self, login_id: &LoginId, chat: &ChatKey) -> Result<(), StoreError> {
        match self.members.show {
            Shown::All => self.store.put_member_sync(chat, login_id).await,
            Shown::Speakers => Ok(()),
        }
    }

    /// Begins to bring in the members of a chat whose room is new, if the config says so.
    pub(super) async fn begin_new_room(&self, login_id: &LoginId, chat: &ChatKey) {
        if self.members.show == Shown::All {
            let _noting = self.member_syncs.noting.lock().await;
            self.begin_members(login_id, chat);
        }
    }

    /// Compares a room's members with the chat's: who left goes, and if the config says so, all others come.
    pub(super) async fn compare_members(&self, login_id: &LoginId, chat: &ChatKey) -> Result<(), StoreError> {
        let _noting = self.member_syncs.noting.lock().await;
        self.store.put_member_sync(chat, login_id).await?;
        self.begin_members(login_id, chat);
        Ok(())
    }

    /// Goes on with what the last run of the program, or an earlier session of the login, did not finish.
    pub(super) async fn resume_members(&self, login_id: &LoginId) -> Result<(), StoreError> {
        let _noting = self.member_syncs.noting.lock().await;
        for (chat, by) in self.store.member_syncs().await? {
            if by == *login_id {
                self.begin_members(login_id, &chat);
            }
        }
        Ok(())
    }

    /// Begins the work, or lets it be done once more where it is begun already. What the program's end or a failure cuts
    /// off stays noted.
    fn begin_members(&self, login_id: &LoginId, chat: &ChatKey) {
        let (Some(bridge), Some(_)) = (self.shared(), self.logins.live(login_id)) else { return };
        if !self.member_syncs.begin(chat, login_id) {
            return;
        }
        let (login_id, chat) = (login_id.clone(), chat.clone());
        task::spawn("members", async move { bridge.work_on_members(login_id, &chat).await });
    }

    /// Does the work until it is done, will never succeed, or its login ends.
    async fn work_on_members(&self, mut login_id: LoginId, chat: &ChatKey) {
        let at_work = AtWork(&self.member_syncs, chat);
        loop {
            let live = self.logins.live(&login_id);
            let asked_again = self.member_syncs.start_over(chat);
            let done = match &live {
                Some(live) => {
                    let _turn = self.member_syncs.turn.lock().await;
                    self.bring_members(live, chat).await
                }
                None => Err(ended()),
            };
            let noting = self.member_syncs.noting.lock().await;
            if let Some(by) = self.member_syncs.again(chat) {
                login_id = by;
                continue;
            }
            let forgotten = match done {
                Ok(()) => self.store.forget_member_sync(chat).await.map_err(JobError::from),
                Err(error) => Err(error),
            };
            let stop = live.map(|live| live.stop.clone()).filter(|stop| !stop.is_cancelled());
            let (Err(error), Some(stop)) = (forgotten, stop) else { return drop(at_work) };
            tracing::debug!(chat = %chat.chat_id, %error, "a chat's members were not brought in to the end");
            if !error.is_tried_again() {
                return drop(at_work);
            }
            drop(noting);
            tokio::select! {
                () = stop.cancelled() => {}
                () = asked_again.notified() => {}
                () = tokio::time::sleep(TRIED_AGAIN) => {}
            }
        }
    }

    /// Does the work. The error says that it is not done, and is to be begun again another time.
    async fn bring_members(&self, live: &Live<N::Session>, chat: &ChatKey) -> Result<(), JobError> {
        let portal = persist(&live.stop, || self.known_portal(chat)).await?;
        let Some(room) = portal.and_then(|portal| portal.room_id.clone()) else { return Ok(()) };
        let room = room_id(&room)?;
        let bot = self.app.bot();
        // Before the list: whoever comes in between is in it.
        let joined = persist(&live.stop, || async { Ok(bot.joined_members(room).await?) }).await?;
        let ghosts = joined.keys().filter_map(|user_id| self.app.ghosts().parse(user_id.as_str()));
        let present: HashSet<RemoteUserId> = ghosts.collect();
        if self.members.show == Shown::Speakers && present.is_empty() {
            return Ok(());
        }
        let Some(listed) = self.listed(live, chat).await? else { return Ok(()) };
        let plan = self.plan(&present, listed).await?;
        tracing::debug!(chat = %chat.chat_id, leaving = plan.gone.len(), coming = plan.new.len(), "comparing members");
        self.see_to(live, chat, room, plan.gone.into_iter().map(Member::Gone).collect()).await?;
        let told = self.told_of(live, &plan.new).await?;
        self.see_to(live, chat, room, told).await
    }

    /// Who is in the chat; none where the network does not say.
    async fn listed(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
    ) -> Result<Option<Vec<RemoteUserId>>, JobError> {
        let ask = || async {
            let asked = live.stop.run_until_cancelled(live.session.members(chat, LONGEST_LIST)).await;
            match asked {
                Some(Ok(listed)) => Ok(Some(listed)),
                Some(Err(error @ (NetworkError::Rejected(_) | NetworkError::Unsupported(_)))) => {
                    tracing::debug!(chat = %chat.chat_id, %error, "the network does not list the members of a chat");
                    Ok(None)
                }
                Some(Err(error)) => Err(error.into()),
                None => Err(ended()),
            }
        };
        persist(&live.stop, ask).await
    }

    /// Who goes and who comes.
    async fn plan(
        &self,
        present: &HashSet<RemoteUserId>,
        listed: Vec<RemoteUserId>,
    ) -> Result<Members, JobError> {
        let ours: HashSet<RemoteUserId> =
            self.logins.all().iter().map(|login| login.row.own_user_id.clone()).collect();
        let mut plan = Members::default();
        if listed.len() < LONGEST_LIST {
            let in_chat: HashSet<&RemoteUserId> = listed.iter().collect();
            for user in present.iter().filter(|user| !in_chat.contains(user) && !ours.contains(*user)) {
                let info = self.store.ghost(user).await?.and_then(|row| row.info);
                // Programs speak in chats that they are in no list of.
                if !info.is_some_and(|info| info.is_bot) {
                    plan.gone.push(user.clone());
                }
            }
        }
        if self.members.show == Shown::All {
            let room_left = self.members.limit.saturating_sub(present.len() - plan.gone.len());
            let missing = listed.into_iter().filter(|user| !present.contains(user) && !ours.contains(user));
            plan.new.extend(missing.take(room_left));
        }
        Ok(plan)
    }

    /// The new ones, with what the network tells of those who have no ghost yet, if it does so for many at once.
    async fn told_of(&self, live: &Live<N::Session>, new: &[RemoteUserId]) -> Result<Vec<Member>, JobError> {
        let mut unknown = Vec::new();
        for user in new {
            if self.store.ghost(user).await?.is_none() {
                unknown.push(user.clone());
            }
        }
        let told = live.stop.run_until_cancelled(live.session.user_infos(&unknown)).await;
        let mut told: HashMap<_, _> = match told.ok_or_else(ended)? {
            Ok(told) => told.into_iter().collect(),
            Err(error) => {
                tracing::debug!(%error, "the network does not describe many people at once now; they are asked for one by one");
                HashMap::new()
            }
        };
        let with_info = |user: &RemoteUserId| Member::New(user.clone(), told.remove(user).map(Box::new));
        Ok(new.iter().map(with_info).collect())
    }

    /// Sees to one member; whoever came or went meanwhile is as the chat says now.
    async fn see_to_one(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        room: &RoomId,
        member: &Member,
    ) -> Result<(), JobError> {
        let change = |user| self.member_syncs.change(chat, user);
        match member {
            Member::Gone(user) => {
                let ghost = self.app.intent(&self.app.ghosts().user_id(user));
                if change(user) != Some(MemberChange::Joined) {
                    ghost.leave(room).await?;
                    if change(user) == Some(MemberChange::Joined) {
                        ghost.ensure_joined(room).await?;
                    }
                }
            }
            Member::New(user, info) => {
                let known = match info.as_deref() {
                    Some(info) => self.ghost_told(live, user, info.clone()).await?,
                    None => self.ghost(live, user, None).await?,
                };
                if !known.is_deactivated() && change(user) != Some(MemberChange::Left) {
                    let ghost = self.app.intent(&known.user_id);
                    ghost.enter(room).await?;
                    if change(user) == Some(MemberChange::Left) {
                        ghost.leave(room).await?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The login or the program ended before the work.
fn ended() -> JobError {
    JobError::Retry("the login has ended".to_owned())
}
