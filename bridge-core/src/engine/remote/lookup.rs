//! Gathers what the conversion of a remote message has to know.

use ruma::OwnedEventId;

use super::super::Bridge;
use super::super::bridge::room_id;
use super::super::supervisor::Live;
use super::message::Place;
use crate::content::{Emoji, Lookup, MatrixName, Mention, Message, PartBody, RichText, Span};
use crate::error::{JobError, NetworkError};
use crate::id::{ChatId, ChatKey, RemoteMessageId, RemoteUserId};
use crate::network::{Network, Session};

impl<N: Network> Bridge<N> {
    /// The names of all that a message mentions, its emoji and its files.
    pub(super) async fn remote_lookup(
        &self,
        live: &Live<N::Session>,
        message: &Message,
        place: &Place,
    ) -> Result<Lookup, JobError> {
        let mut lookup = Lookup::default();
        for part in &message.parts {
            match &part.body {
                PartBody::Text(text) => self.look_up_text(live, text, &mut lookup).await?,
                PartBody::File(file) => {
                    if let Some(caption) = &file.caption {
                        self.look_up_text(live, caption, &mut lookup).await?;
                    }
                    let carried = self.carry_file_once(live, file, &place.ghost.user_id).await?;
                    lookup.files.insert(file.source.clone(), carried);
                }
            }
        }
        Ok(lookup)
    }

    /// The names and emoji of a text.
    pub(super) async fn look_up_text(
        &self,
        live: &Live<N::Session>,
        text: &RichText,
        lookup: &mut Lookup,
    ) -> Result<(), JobError> {
        lookup.via = vec![self.app.client().server_name().to_string()];
        for mention in text.mentions() {
            match mention {
                Mention::User(user) | Mention::Named(user) if !lookup.users.contains_key(user) => {
                    let name = self.name_of(live, user).await?;
                    lookup.users.insert(user.clone(), name);
                }
                Mention::Chat(chat) if !lookup.chats.contains_key(chat) => {
                    if let Some(name) = self.name_of_chat(live, chat).await? {
                        lookup.chats.insert(chat.clone(), name);
                    }
                }
                Mention::Message { id, .. } if !lookup.messages.contains_key(id) => {
                    if let Some(link) = self.link_to(id).await? {
                        lookup.messages.insert(id.clone(), link);
                    }
                }
                Mention::Group(group) if !lookup.groups.contains_key(group) => {
                    let name = NetworkError::or_none(live.session.group_name(group).await)?;
                    lookup.groups.extend(name.flatten().map(|name| (group.clone(), name)));
                }
                _ => {}
            }
        }
        for name in custom_emoji(text) {
            if !lookup.emoji.contains_key(name)
                && let Some(mxc) = self.emoji_mxc(live, name).await?
            {
                lookup.emoji.insert(name.to_owned(), mxc);
            }
        }
        Ok(())
    }

    /// How a chat is mentioned: as its room, else by its name.
    async fn name_of_chat(
        &self,
        live: &Live<N::Session>,
        chat: &ChatId,
    ) -> Result<Option<MatrixName>, JobError> {
        let key = ChatKey::shared(chat.clone());
        let (mxid, name) = match self.known_portal(&key).await? {
            Some(portal) => (portal.room_id.clone(), portal.info.name.clone()),
            None => (None, NetworkError::or_none(live.session.chat_info(&key).await)?.and_then(|it| it.name)),
        };
        // Without a name it is called as its author saw it.
        let name = name.map(|name| format!("#{name}")).unwrap_or_default();
        Ok((mxid.is_some() || !name.is_empty()).then_some(MatrixName { mxid, name }))
    }

    /// The address of the event that shows a message.
    async fn link_to(&self, message: &RemoteMessageId) -> Result<Option<String>, JobError> {
        let pairs = self.store.message_pairs(message).await?;
        let Some(row) = pairs.into_iter().next() else { return Ok(None) };
        let Some(portal) = self.known_portal(&row.chat).await? else { return Ok(None) };
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        let Ok(event_id) = OwnedEventId::try_from(row.event_id) else { return Ok(None) };
        let via = [self.app.client().server_name().to_owned()];
        Ok(Some(room.matrix_to_event_uri_via(event_id, via).to_string()))
    }

    /// How a remote person is mentioned: as the Matrix user whose own login they are, else as their ghost.
    async fn name_of(&self, live: &Live<N::Session>, user: &RemoteUserId) -> Result<MatrixName, JobError> {
        let ghost = self.app.ghosts().user_id(user).to_string();
        let owner =
            self.logins.all().into_iter().find(|other| other.row.personal && other.row.own_user_id == *user);
        let mxid = owner.map_or(ghost, |other| other.row.owner.clone());
        if let Some(name) = self.store.ghost(user).await?.and_then(|row| row.name) {
            return Ok(MatrixName { mxid: Some(mxid), name });
        }
        let info = NetworkError::or_none(live.session.user_info(user).await)?;
        let name = info.and_then(|info| info.name);
        Ok(MatrixName { mxid: Some(mxid), name: name.unwrap_or_else(|| user.to_string()) })
    }
}

fn custom_emoji(text: &RichText) -> Vec<&str> {
    let mut found = Vec::new();
    text.each_span(&mut |span| {
        if let Span::Emoji { emoji: Emoji::Custom { name, .. }, .. } = span {
            found.push(name.as_str());
        }
    });
    found
}
