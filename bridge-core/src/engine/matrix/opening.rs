//! Somebody on Matrix invited ghosts into a room of their own: it becomes the portal of the chat with these people.

use std::sync::Arc;
use std::time::Duration;

use ruma::{RoomId, UserId};
use serde_json::{Value, json};

use super::super::Bridge;
use super::super::begin_chat::Opened;
use super::super::beginner::MOST_STATE;
use super::super::bridge::{room_id, soft};
use super::super::room_state;
use super::Incoming;
use crate::error::JobError;
use crate::id::RemoteUserId;
use crate::matrix::{Intent, MatrixError};
use crate::network::Network;
use crate::queue::Job;
use crate::store::portal::PortalRow;

/// Whoever makes a room for several invites one after the other; so long after the first all are taken to be invited.
const GATHERED_AFTER_MS: i64 = 1_000;
const LEVELS: &str = "m.room.power_levels";

/// Who is in a room, or invited.
#[derive(Debug, Default)]
struct Members {
    /// People who are in it.
    people: Vec<String>,
    /// Remote people whose ghosts are in it or invited.
    remote: Vec<RemoteUserId>,
}

impl<N: Network> Bridge<N> {
    /// The ghost accepts. If the room cannot become a portal, it says why, and all ghosts leave.
    pub(super) async fn ghost_invited_outside(
        &self,
        job: &Job,
        event: &Incoming,
        ghost: &UserId,
    ) -> Result<(), JobError> {
        let room = room_id(&event.room_id)?;
        let host = self.app.intent(ghost);
        match host.join(room).await {
            // The invitation was taken back, or refused before.
            Err(error) if matches!(error.status(), Some(403 | 404)) => return Ok(()),
            // The server that the room is on may be gone for good, and never be heard of again.
            Err(error) if job.attempts >= super::JOINS_TRIED => {
                tracing::info!(%error, "a ghost could not come into a room that it was invited to");
                soft("refuse an invitation", host.leave(room).await);
                return Ok(());
            }
            done => done?,
        }
        match self.make_portal_of(job, event, &host).await {
            Err(JobError::Reject(why)) => self.send_away(job, room, &host, &why).await,
            Err(JobError::Park(why)) => {
                let told = format!(
                    "This room could not become the chat, and the administrator has to look why. {why}"
                );
                self.send_away(job, room, &host, &told).await?;
                Err(JobError::Park(why))
            }
            done => done,
        }
    }

    async fn make_portal_of(&self, job: &Job, event: &Incoming, host: &Intent) -> Result<(), JobError> {
        let room = room_id(&event.room_id)?;
        let person = UserId::parse(&event.sender)
            .map_err(|_| JobError::Park("The sender's id is malformed.".to_owned()))?;
        if self.store.management_room_owner(room.as_str()).await?.is_some() {
            return Err(JobError::Reject(
                "This room is your chat with the bridge's bot. Begin the other chat in a new room, or write \
                 `start-chat` here."
                    .to_owned(),
            ));
        }
        let waited = self.store.clock().now_ms() - job.accepted_at;
        if (0..GATHERED_AFTER_MS).contains(&waited) {
            let rest = u64::try_from(GATHERED_AFTER_MS - waited).unwrap_or_default();
            return Err(JobError::RetryAfter(Duration::from_millis(rest)));
        }
        let Some(Members { people, remote }) = self.members_of(host, room).await? else {
            return Err(JobError::Reject("This room is too large to become a chat.".to_owned()));
        };
        let is_direct = event.content.get("is_direct") == Some(&Value::Bool(true));
        if !is_direct && people.iter().any(|member| *member != event.sender) {
            return Err(JobError::Reject(format!(
                "People on {} come only into rooms that are a chat with them, and into those of the chats they are in.",
                N::INFO.name
            )));
        }
        let opened = self.open_chat(person.as_str(), &remote).await?;
        let key = opened.info.key.clone();
        let turn = self.beginning.turn(&key).await;
        self.has_room_for(&opened.live, &key, &person).await?;
        let adopted = Box::pin(self.adopt(job, room, host, &opened, &remote, &person));
        let portal = self.portals.or_try_insert_with(&key, adopted).await?;
        drop(turn);
        if portal.room_id.as_deref() == Some(room.as_str()) {
            return self.take_up_earlier(event, host, &portal.chat).await;
        }
        let name = self.names_of(&remote).await?;
        Err(JobError::Reject(self.point_to(&opened.live, &portal, &person, &name).await?))
    }

    /// Ties the room to the chat, unless that has one. Each step may be made again; the last one is the record.
    async fn adopt(
        &self,
        job: &Job,
        room: &RoomId,
        host: &Intent,
        opened: &Opened<N::Session>,
        people: &[RemoteUserId],
        person: &UserId,
    ) -> Result<Arc<PortalRow>, JobError> {
        let Opened { live, info } = opened;
        let stored = self.store.portal(&info.key).await?;
        if let Some(row) = stored.as_ref().filter(|row| row.room_id.is_some()) {
            return Ok(Arc::new(row.clone()));
        }
        self.bring_in_bot(host, room).await?;
        let names = self.bring_in(live, room, people).await?;
        let bot = self.app.bot();
        let around = Box::pin(self.around(live, info)).await?;
        for wanted in room_state::wanted(info, &around).iter().filter(|wanted| wanted.key.contains("://")) {
            let sent = bot.send_state(room, wanted.kind, &wanted.key, &wanted.content).await;
            soft("say what the room is", sent.map(drop));
        }
        if bot.state(room, "m.room.name", "").await?.is_none() {
            let name = around.name.unwrap_or_else(|| names.replace("**", ""));
            let content = json!({ "name": name });
            soft("name a room", bot.send_state(room, "m.room.name", "", &content).await.map(drop));
        }
        let text = format!("This room is now your chat with {names}.{}", Self::how_shown(live));
        self.say(room, &text, &format!("opened/{}", job.dedup)).await?;
        let row = PortalRow {
            chat: info.key.clone(),
            room_id: Some(room.to_string()),
            login_id: live.row.login_id.clone(),
            info: info.clone(),
            avatar_mxc: None,
            created_at: stored.map_or_else(|| self.store.clock().now_ms(), |row| row.created_at),
        };
        self.put_beginner(&row.chat, person).await?;
        // By it the room is found again should the record be lost.
        soft("name a room after its chat", bot.add_alias(&self.alias(&row.chat), room).await);
        self.become_portal(room).await?;
        self.store.put_portal(&row).await?;
        self.rooms.insert(room.to_string(), Some(row.chat.clone()));
        Ok(Arc::new(row))
    }

    /// The bot has to be in every portal, with the power to keep it in order where the ghost can give that.
    async fn bring_in_bot(&self, host: &Intent, room: &RoomId) -> Result<(), JobError> {
        let bot = self.app.bot();
        bot.ensure_registered().await?;
        match host.invite(room, bot.user_id()).await {
            // It is there already, or the join tells.
            Err(error) if !error.is_forbidden() => return Err(error.into()),
            _ => {}
        }
        match bot.join(room).await {
            Err(error) if error.is_forbidden() => {
                return Err(JobError::Reject(
                    "The bridge's bot has to come into this room as well, and I may not invite it here. Begin the \
                     chat with `start-chat`, or in a room in which everybody may invite."
                        .to_owned(),
                ));
            }
            done => done?,
        }
        let Some(mut levels) = host.state(room, LEVELS, "").await? else { return Ok(()) };
        let bot_id = bot.user_id().as_str();
        if levels.pointer("/users").and_then(|users| users.get(bot_id)) != Some(&json!(100)) {
            levels["users"][bot_id] = json!(100);
            soft("give the bot power", host.put_state(room, LEVELS, "", &levels, None).await.map(drop));
        }
        Ok(())
    }

    /// Who is in a room that somebody made for a chat; none of a large one, which is not read to its end.
    async fn members_of(&self, host: &Intent, room: &RoomId) -> Result<Option<Members>, MatrixError> {
        let mut members = Members::default();
        let Some(state) = host.full_state(room, MOST_STATE).await? else { return Ok(None) };
        for event in state {
            let event: Value = serde_json::from_str(event.get()).unwrap_or_default();
            let membership = event.pointer("/content/membership").and_then(Value::as_str);
            let (Some("m.room.member"), Some(who), Some(membership @ ("join" | "invite"))) =
                (event["type"].as_str(), event["state_key"].as_str(), membership)
            else {
                continue;
            };
            match self.app.ghosts().parse(who) {
                Some(remote) => members.remote.push(remote),
                None if membership == "join" && !self.app.owns(who) => members.people.push(who.to_owned()),
                None => {}
            }
        }
        members.remote.sort();
        Ok(Some(members))
    }

    async fn names_of(&self, people: &[RemoteUserId]) -> Result<String, JobError> {
        let mut names = Vec::with_capacity(people.len());
        for person in people {
            names.push(self.name_of_ghost(person).await?);
        }
        Ok(super::super::begin_chat::listed(&names))
    }

    async fn send_away(&self, job: &Job, room: &RoomId, host: &Intent, why: &str) -> Result<(), JobError> {
        let told = self.say_as(host, room, why, &format!("refused/{}", job.dedup)).await;
        if let Err(error) = told {
            if error.is_tried_again() {
                return Err(error);
            }
            tracing::debug!(%error, "nobody could be told why a chat was not begun");
        }
        for other in self.members_of(host, room).await?.unwrap_or_default().remote {
            let ghost = self.app.ghosts().user_id(&other);
            if ghost != host.user_id() {
                left(self.app.intent(&ghost).leave(room).await)?;
            }
        }
        left(host.leave(room).await)
    }
}

/// A ghost has to leave; where the homeserver does not let it, it stays.
fn left(done: Result<(), MatrixError>) -> Result<(), JobError> {
    match done.map_err(|error| (JobError::from(error.clone()), error)) {
        Err((again, _)) if again.is_tried_again() => Err(again),
        Err((_, error)) => {
            soft("leave a room", Err(error));
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}
