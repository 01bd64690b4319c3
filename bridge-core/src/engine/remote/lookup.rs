//! Gathers what the conversion of a remote message has to know.

use super::super::Bridge;
use super::super::supervisor::Live;
use super::message::Place;
use crate::content::{Emoji, Lookup, MatrixName, Mention, Message, PartBody, RichText, Span};
use crate::error::{JobError, NetworkError};
use crate::id::{ChatKey, RemoteUserId};
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
                    let carried = self.carry_file(live, file, &place.ghost.user_id).await?;
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
        for mention in text.mentions() {
            match mention {
                Mention::User(user) if !lookup.users.contains_key(user) => {
                    let name = self.name_of(live, user).await?;
                    lookup.users.insert(user.clone(), name);
                }
                Mention::Chat(chat) if !lookup.chats.contains_key(chat) => {
                    let key = ChatKey::shared(chat.clone());
                    if let Some(portal) = self.store.portal(&key).await? {
                        let name = portal.info.name.unwrap_or_else(|| chat.to_string());
                        lookup.chats.insert(chat.clone(), MatrixName { mxid: portal.room_id, name });
                    }
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
