//! Somebody on Matrix changed a room's name, topic, picture or power levels.

use serde_json::{Value, json};

use super::super::Bridge;
use super::super::bridge::room_id;
use super::super::room_state::topic;
use super::Incoming;
use crate::error::JobError;
use crate::event::{ChatInfo, ChatKind, MatrixKind};
use crate::id::ChatKey;
use crate::network::Network;
use crate::queue::{Closing, Job};

impl<N: Network> Bridge<N> {
    /// Carries a name or topic over; where the network does not take it, it is undone, with the reason. The topic of a
    /// room is always the chat's topic, also where its description stood in for one.
    pub(super) async fn matrix_room_info(
        &self,
        job: &Job,
        event: &Incoming,
        chat: &ChatKey,
    ) -> Result<Closing, JobError> {
        if event.state_key.as_deref() != Some("") {
            return Ok(Closing::default());
        }
        let Some(portal) = self.known_portal(chat).await? else { return Ok(Closing::default()) };
        let is_name = event.kind == "m.room.name";
        let is_theirs = match portal.info.kind {
            // Such chats have neither of their own; what their room is called is for those in it.
            ChatKind::Direct => true,
            ChatKind::Group => is_name,
            ChatKind::Channel | ChatKind::Private => false,
        };
        if is_theirs {
            return Ok(Closing::default());
        }
        let key = if is_name { "name" } else { "topic" };
        let text = event.content.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let text = text.map(str::to_owned);
        let old = if is_name { portal.info.name.as_deref() } else { portal.info.shown_topic() };
        if text.as_deref() == old {
            return Ok(Closing::default());
        }
        let voice = self.voice_of(event, &portal).await?;
        let kind = if is_name { MatrixKind::Name(text.clone()) } else { MatrixKind::Topic(text.clone()) };
        match self.deliver(job, event, chat, voice, kind).await {
            Ok(_) => {
                // The chat may have been found to be another meanwhile: open again, for one.
                let Some(portal) = self.known_portal(chat).await? else { return Ok(Closing::default()) };
                let mut info: ChatInfo = portal.info.clone();
                (if is_name { &mut info.name } else { &mut info.topic }).clone_from(&text);
                let stands_in = info.shown_topic().filter(|_| !is_name && text.is_none()).map(str::to_owned);
                // What goes by the name follows, and where there is no topic now the description is shown.
                if let Some(live) = self.logins.live(&portal.login_id) {
                    Box::pin(self.update_portal(&live, &portal, info, job.dedup.as_str())).await?;
                }
                if let Some(description) = stands_in {
                    // For the chat nothing may have changed, and its room has lost what it showed.
                    self.set_wanted(room_id(&event.room_id)?, &topic(&description)).await?;
                }
                Ok(Closing::default())
            }
            Err(JobError::Reject(why)) => {
                let content = json!({ key: old.unwrap_or_default() });
                self.undo(job, event, key, &content, &why).await
            }
            Err(error) => Err(error),
        }
    }

    /// A picture that was set in the room is undone: the chat has none that could be set from here. What a room for a few
    /// people looks like is for those in it.
    pub(super) async fn matrix_avatar(
        &self,
        job: &Job,
        event: &Incoming,
        chat: &ChatKey,
    ) -> Result<Closing, JobError> {
        let Some(portal) = self.known_portal(chat).await? else { return Ok(Closing::default()) };
        if matches!(portal.info.kind, ChatKind::Direct | ChatKind::Group) {
            return Ok(Closing::default());
        }
        let Some(live) = self.logins.live(&portal.login_id) else { return Ok(Closing::default()) };
        let around = Box::pin(self.around(&live, &portal.info)).await?;
        let text = |content: &Value| content.get("url").and_then(Value::as_str).map(str::to_owned);
        if text(&event.content) == around.avatar {
            return Ok(Closing::default());
        }
        let content = around.avatar.map_or_else(|| json!({}), |mxc| json!({ "url": mxc }));
        let why = format!("A chat on {} has no picture that could be set from here.", N::INFO.name);
        self.undo(job, event, "picture", &content, &why).await
    }

    /// Sets a room's state back, and says why.
    async fn undo(
        &self,
        job: &Job,
        event: &Incoming,
        what: &str,
        content: &Value,
        why: &str,
    ) -> Result<Closing, JobError> {
        let room = room_id(&event.room_id)?;
        let text = match self.app.bot().send_state(room, &event.kind, "", content).await {
            Ok(_) => format!("The room's {what} was set back to what it was. {why}"),
            Err(error) if error.is_forbidden() => {
                format!("The room's {what} is another one here than on {}. {why}", N::INFO.name)
            }
            Err(error) => return Err(error.into()),
        };
        self.say(room, &text, &format!("undone/{}", job.dedup)).await?;
        Ok(Closing::default())
    }

    /// The levels of a room are its people's to set; the bridge only sees to its own, and catches up once it has what it
    /// needs again.
    pub(super) async fn matrix_levels(&self, event: &Incoming, chat: &ChatKey) -> Result<Closing, JobError> {
        let Some(portal) = self.known_portal(chat).await? else { return Ok(Closing::default()) };
        let Some(live) = self.logins.live(&portal.login_id) else { return Ok(Closing::default()) };
        let room = room_id(&event.room_id)?;
        if self.check_power(room, &event.content, &live.row.owner).await? {
            Box::pin(self.furnish(&live, room, None, &portal.info)).await?;
        }
        Ok(Closing::default())
    }
}

/// Why a chat takes nothing as it is, before the network is asked. Who may write where only some may is for the network
/// to say: what is known of that is a guess.
pub(super) fn closed(info: &ChatInfo, network: &str) -> Option<String> {
    if info.deleted {
        return Some(format!("This chat was deleted on {network}, and nothing is carried over any more."));
    }
    info.archived
        .then(|| format!("This chat is archived on {network}. Somebody there has to open it again first."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Posting;

    #[test]
    fn only_what_is_over_is_refused_with_the_reason() {
        let mut info = ChatInfo::new(ChatKey::shared("C1".into()), ChatKind::Channel);
        assert_eq!(closed(&info, "Paper"), None);
        info.posting = Posting { messages: false, answers: false };
        assert_eq!(closed(&info, "Paper"), None);
        info.archived = true;
        assert!(closed(&info, "Paper").is_some_and(|why| why.contains("archived")));
        info.deleted = true;
        assert!(closed(&info, "Paper").is_some_and(|why| why.contains("deleted")));
    }
}
