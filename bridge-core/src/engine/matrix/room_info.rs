//! Somebody on Matrix changed a room's name or topic.

use serde_json::{Value, json};

use super::super::Bridge;
use super::super::bridge::room_id;
use super::Incoming;
use crate::error::JobError;
use crate::event::{ChatInfo, ChatKind, MatrixKind};
use crate::id::ChatKey;
use crate::network::Network;
use crate::queue::{Closing, Job};
use crate::store::portal::PortalRow;

impl<N: Network> Bridge<N> {
    /// Carries the change over; where the network does not take it, it is undone, with the reason.
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
        if is_name && matches!(portal.info.kind, ChatKind::Direct | ChatKind::Group) {
            // Such chats have no name of their own; what their room is called is for those in it.
            return Ok(Closing::default());
        }
        let key = if is_name { "name" } else { "topic" };
        let text = event.content.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let text = text.map(str::to_owned);
        let old = if is_name { &portal.info.name } else { &portal.info.topic };
        if text == *old {
            return Ok(Closing::default());
        }
        let voice = self.voice_of(event, &portal).await?;
        let kind = if is_name { MatrixKind::Name(text.clone()) } else { MatrixKind::Topic(text.clone()) };
        match self.deliver(job, event, chat, voice, kind).await {
            Ok(_) => {
                let mut info: ChatInfo = portal.info.clone();
                *(if is_name { &mut info.name } else { &mut info.topic }) = text;
                self.keep_portal(PortalRow { info, ..PortalRow::clone(&portal) }).await?;
                Ok(Closing::default())
            }
            Err(JobError::Reject(why)) => {
                let room = room_id(&event.room_id)?;
                let content = json!({ key: old.clone().unwrap_or_default() });
                self.app.bot().send_state(room, &event.kind, "", &content).await?;
                let text = format!("The room's {key} was set back to what it was. {why}");
                self.say(room, &text, &format!("undone/{}", job.dedup)).await?;
                Ok(Closing::default())
            }
            Err(error) => Err(error),
        }
    }
}
