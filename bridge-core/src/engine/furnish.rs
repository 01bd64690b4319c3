//! Brings portals' rooms to what the network says of their chats.

use ruma::RoomId;
use serde_json::Value;

use super::Bridge;
use super::bridge::room_id;
use super::ghost::AVATAR_LIMIT;
use super::room_state::{self, Around, Wanted, levels};
use super::supervisor::Live;
use crate::content::picture;
use crate::error::{JobError, NetworkError};
use crate::event::{ChatInfo, ChatKind};
use crate::matrix::{ErrorClass, MatrixError};
use crate::network::{Network, Session};
use crate::store::portal::PortalRow;

/// People named at most in the name of a group.
pub(super) const MOST_NAMED: usize = 8;

impl<N: Network> Bridge<N> {
    // These futures are large and rare, and stand within those of each message: they are boxed where they are awaited.

    /// Sets a portal's room and record to what the network says now, and says in the room what that means for those in
    /// it. `key` makes the notices of a repeat known.
    pub(super) async fn update_portal(
        &self,
        live: &Live<N::Session>,
        portal: &PortalRow,
        info: ChatInfo,
        key: &str,
    ) -> Result<(), JobError> {
        let info = info.completed_by(&portal.info);
        let info = self.with_pictures_had(live, info, Some(&portal.info)).await?;
        if info == portal.info {
            return Ok(());
        }
        if let Some(room) = portal.room_id.as_deref() {
            let room = room_id(room)?;
            Box::pin(self.furnish(live, room, Some(&portal.info), &info)).await?;
            for (what, text) in changes(&portal.info, &info, N::INFO.name) {
                match self.say(room, &text, &format!("{what}/{key}")).await {
                    Err(error) if error.is_tried_again() => return Err(error),
                    // The bot may have lost the right to speak.
                    Err(error) => tracing::debug!(%error, "a room could not be told of a change"),
                    Ok(()) => {}
                }
            }
        }
        self.keep_portal(PortalRow { info, ..portal.clone() }).await
    }

    /// Sends the difference between what a room is and what it is to be. `before`: what it was last set to.
    pub(super) async fn furnish(
        &self,
        live: &Live<N::Session>,
        room: &RoomId,
        before: Option<&ChatInfo>,
        now: &ChatInfo,
    ) -> Result<(), JobError> {
        let around = Box::pin(self.around(live, now)).await?;
        let mut may_all = true;
        for wanted in room_state::wanted(now, &around) {
            if matches!(now.kind, ChatKind::Direct | ChatKind::Group)
                && wanted.is_look()
                && self.is_peoples_own(room, &wanted, before).await?
            {
                continue;
            }
            may_all &= self.set_wanted(room, &wanted).await?;
        }
        may_all &= self.set_levels(room, before, now).await?;
        if !may_all {
            self.note_powerless(room, &live.row.owner).await?;
        }
        Ok(())
    }

    /// Whether people on Matrix chose what the room shows here: then it stays. What they set of the chat itself, as `before`
    /// says, follows the chat.
    async fn is_peoples_own(
        &self,
        room: &RoomId,
        wanted: &Wanted,
        before: Option<&ChatInfo>,
    ) -> Result<bool, JobError> {
        let event = match self.app.bot().state_event(room, wanted.kind, &wanted.key).await {
            Err(error) if error.is_forbidden() => return Ok(false),
            event => event?,
        };
        let Some(event) = event else { return Ok(false) };
        let is_ours = event.get("sender").and_then(Value::as_str).is_none_or(|sender| self.app.owns(sender));
        let chats_own = before.map(|before| room_state::topic(before.shown_topic().unwrap_or_default()));
        let is_chats =
            chats_own.is_some_and(|own| own.kind == wanted.kind && own.is_so(event.get("content")));
        Ok(!is_ours && !is_chats)
    }

    /// Sets one state event unless the room says the same already. `false`: the bot may not.
    pub(super) async fn set_wanted(&self, room: &RoomId, wanted: &Wanted) -> Result<bool, JobError> {
        let bot = self.app.bot();
        let current = match bot.state(room, wanted.kind, &wanted.key).await {
            Err(error) if error.is_forbidden() => return Ok(false),
            current => current?,
        };
        if wanted.is_so(current.as_ref()) {
            return Ok(true);
        }
        may(bot.put_state(room, wanted.kind, &wanted.key, &wanted.content, None).await.map(drop))
    }

    /// The same for who may do what.
    async fn set_levels(
        &self,
        room: &RoomId,
        before: Option<&ChatInfo>,
        now: &ChatInfo,
    ) -> Result<bool, JobError> {
        const KIND: &str = "m.room.power_levels";
        let bot = self.app.bot();
        let current = match bot.state(room, KIND, "").await {
            Err(error) if error.is_forbidden() => return Ok(false),
            current => current?.unwrap_or_default(),
        };
        match levels::adjusted(&current, before, now) {
            Some(levels) => may(bot.put_state(room, KIND, "", &levels, None).await.map(drop)),
            None => Ok(true),
        }
    }

    /// What a room shows beside the chat's own words: names and pictures of people and of the workspace.
    pub(super) async fn around<'a>(
        &'a self,
        live: &'a Live<N::Session>,
        info: &ChatInfo,
    ) -> Result<Around<'a>, JobError> {
        let (name, avatar) = self.shown_as(live, info).await?;
        let icon = info.workspace.as_ref().and_then(|workspace| workspace.avatar_url.as_deref());
        Ok(Around {
            network: N::INFO,
            bot: self.app.client().bot().as_str(),
            owner: &live.row.owner,
            able: live.session.capabilities(&info.key),
            name,
            avatar,
            workspace_avatar: self.picture(live, icon).await?,
        })
    }

    /// A chat's name and picture; one without a name is called after the people in it.
    async fn shown_as(
        &self,
        live: &Live<N::Session>,
        info: &ChatInfo,
    ) -> Result<(Option<String>, Option<String>), JobError> {
        if info.name.is_some() {
            return Ok((info.name.clone(), self.picture(live, info.avatar_url.as_deref()).await?));
        }
        let (mut names, mut avatar) = (Vec::new(), None);
        for person in info.others().take(MOST_NAMED) {
            let ghost = Box::pin(self.ghost(live, person, None)).await?;
            names.push(ghost.name().to_owned());
            avatar = ghost.avatar_mxc().map(str::to_owned);
        }
        let name = (!names.is_empty()).then(|| names.join(", "));
        Ok((name, avatar.filter(|_| info.kind == ChatKind::Direct)))
    }

    /// A small picture of the network's on Matrix. One that cannot be had is left out.
    async fn picture(&self, live: &Live<N::Session>, url: Option<&str>) -> Result<Option<String>, JobError> {
        let Some(url) = url else { return Ok(None) };
        Ok(self.carry_picture(live, url).await?.ok())
    }

    /// Carries a small picture over, once, or tells why it cannot be had.
    async fn carry_picture(
        &self,
        live: &Live<N::Session>,
        url: &str,
    ) -> Result<Result<String, NetworkError>, JobError> {
        let fact = format!("picture/{url}");
        if let Some(mxc) = self.store.fact(&fact).await? {
            return Ok(Ok(mxc));
        }
        let carried = async {
            let bytes = live.session.download(url, AVATAR_LIMIT).await?;
            let kind = picture::media_type(&bytes)
                .ok_or_else(|| NetworkError::Rejected("it is no picture".to_owned()))?;
            let uploaded = self.app.bot().upload(bytes, kind, Some("picture")).await;
            uploaded.map_err(|error| match error.class() {
                ErrorClass::Permanent => NetworkError::Rejected(error.to_string()),
                _ => NetworkError::Transient(error.to_string()),
            })
        };
        let carried = carried.await;
        match &carried {
            Ok(mxc) => self.store.put_fact(&fact, mxc).await?,
            Err(error) => tracing::debug!(%error, "a picture could not be carried over"),
        }
        Ok(carried)
    }

    /// What the network says of a chat, with the pictures of `before` in the place of new ones that cannot be had at this
    /// moment: the next time that something is said of the chat they are tried again.
    pub(super) async fn with_pictures_had(
        &self,
        live: &Live<N::Session>,
        mut info: ChatInfo,
        before: Option<&ChatInfo>,
    ) -> Result<ChatInfo, JobError> {
        let workspace = before.and_then(|before| before.workspace.as_ref());
        let icon = info.workspace.as_mut().map(|workspace| &mut workspace.avatar_url);
        let pairs = [
            (icon, workspace.and_then(|workspace| workspace.avatar_url.clone())),
            (Some(&mut info.avatar_url), before.and_then(|before| before.avatar_url.clone())),
        ];
        for (now, before) in pairs {
            let Some(now) = now.filter(|now| **now != before) else { continue };
            let Some(url) = now.as_deref() else { continue };
            if let Err(error) = self.carry_picture(live, url).await?
                && !matches!(error, NetworkError::Rejected(_) | NetworkError::Unsupported(_))
            {
                *now = before;
            }
        }
        Ok(info)
    }
}

fn may(done: Result<(), MatrixError>) -> Result<bool, JobError> {
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.is_forbidden() => Ok(false),
        // One event that the homeserver does not take keeps nothing else back.
        Err(error) if matches!(error.status(), Some(400 | 413)) => {
            tracing::warn!(%error, "the homeserver does not take a state event of a room");
            Ok(true)
        }
        Err(error) => Err(error.into()),
    }
}

/// What is said in a room about what changed in its chat, each with a word that tells it from others.
fn changes(before: &ChatInfo, now: &ChatInfo, network: &str) -> Vec<(&'static str, String)> {
    let mut said = Vec::new();
    if now.deleted != before.deleted && now.deleted {
        let text = format!(
            "This chat was deleted on {network}. Nothing is carried over any more; what was said stays here to be read."
        );
        return vec![("deleted", text)];
    }
    if now.archived != before.archived {
        said.push(if now.archived {
            let text = format!(
                "This chat was archived on {network}. Nothing can be written here until it is opened again there."
            );
            ("archived", text)
        } else {
            ("unarchived", format!("This chat was opened again on {network}. Messages are carried over as before."))
        });
    }
    if now.posting != before.posting {
        let text = match (now.posting.messages, now.posting.answers) {
            (true, true) => format!("Everybody may write in this chat again on {network}."),
            (true, false) => format!(
                "Only some people on {network} may answer in threads of this chat now, and the bridge is not one of them."
            ),
            (false, true) => format!(
                "Only some people on {network} may begin messages in this chat now, and the bridge is not one of them. \
                 Answers in threads are carried over as before."
            ),
            (false, false) => format!(
                "Only some people on {network} may write in this chat now, and the bridge is not one of them. What they \
                 write is shown here as before."
            ),
        };
        said.push(("posting", text));
    }
    match (before.kind, now.kind) {
        (ChatKind::Channel, ChatKind::Private) => said.push((
            "private",
            format!(
                "This chat is private on {network} now: who is in this room can no longer invite others into it. Those \
                 who are here stay."
            ),
        )),
        (ChatKind::Private, ChatKind::Channel) => said.push((
            "public",
            format!("This chat is open to everybody on {network} now: who is in this room can invite others into it."),
        )),
        _ => {}
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Posting;
    use crate::id::ChatKey;

    #[test]
    fn only_what_concerns_people_is_said() {
        let before = ChatInfo::new(ChatKey::shared("C1".into()), ChatKind::Channel);
        let said = |change: fn(&mut ChatInfo)| {
            let mut now = before.clone();
            change(&mut now);
            changes(&before, &now, "Paper").into_iter().map(|(what, _)| what).collect::<Vec<_>>()
        };
        assert!(said(|info| info.topic = Some("x".to_owned())).is_empty());
        assert_eq!(said(|info| info.archived = true), ["archived"]);
        assert_eq!(said(|info| info.posting = Posting { messages: false, answers: true }), ["posting"]);
        assert_eq!(said(|info| info.kind = ChatKind::Private), ["private"]);
        let all = |info: &mut ChatInfo| (info.archived, info.deleted) = (true, true);
        assert_eq!(said(all), ["deleted"], "one notice is enough for the last");
    }
}
