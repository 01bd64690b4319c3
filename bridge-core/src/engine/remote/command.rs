//! Somebody on the remote network asks the bridge about the room behind their chat.

use ruma::UserId;

use super::super::Bridge;
use super::super::bridge::room_id;
use super::super::supervisor::Live;
use super::message::chat_of;
use crate::config::Level;
use crate::content::{RichText, Span, Style};
use crate::error::JobError;
use crate::event::{ChatKind, RemoteEvent};
use crate::id::ChatKey;
use crate::network::{Network, Session};
use crate::queue::Closing;
use crate::store::portal::PortalRow;

/// Names listed at most; the rest is counted.
const LISTED: usize = 50;

impl<N: Network> Bridge<N> {
    /// Answers `who`, `link` and `invite @name:server`; anything else is answered with what there is.
    pub(super) async fn remote_command(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        question: &str,
        answer_to: &str,
    ) -> Result<Closing, JobError> {
        let portal = self.known_portal(chat_of(event)?).await?;
        let mut words = question.split_whitespace();
        let answer = match (words.next().unwrap_or("who"), portal.as_deref()) {
            ("help", _) => help(),
            (_, None) => without_room(live, chat_of(event)?).await,
            ("who", Some(portal)) => self.who(portal).await?,
            ("link", Some(portal)) => self.link(portal)?,
            ("invite", Some(portal)) => {
                self.invite_from_remote(portal, words.next().unwrap_or_default()).await?
            }
            _ => help(),
        };
        if let Err(error) = live.session.answer(answer_to, &answer).await {
            // Such an address is good for minutes; who asked has asked again by then.
            tracing::debug!(%error, "the answer to a command could not be given");
        }
        Ok(Closing::default())
    }

    async fn who(&self, portal: &PortalRow) -> Result<RichText, JobError> {
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        let members = match self.app.bot().joined_members(room).await {
            Ok(members) => members,
            Err(error) => {
                return Ok(RichText::plain(&format!("The room's members could not be listed: {error}.")));
            }
        };
        let mut names: Vec<String> = members
            .into_iter()
            .filter(|(user_id, _)| !self.app.owns(user_id.as_str()))
            .map(|(user_id, profile)| match profile.displayname {
                Some(name) if !name.is_empty() => format!("{name} ({user_id})"),
                _ => user_id.to_string(),
            })
            .collect();
        names.sort();
        Ok(RichText::plain(&match names.len() {
            0 => "Nobody is in the Matrix room of this chat.".to_owned(),
            count if count > LISTED => {
                format!("In the Matrix room are {count} people:\n{}\n… and more.", names[..LISTED].join("\n"))
            }
            _ => format!("In the Matrix room are:\n{}", names.join("\n")),
        }))
    }

    fn link(&self, portal: &PortalRow) -> Result<RichText, JobError> {
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        let via = [self.app.client().server_name().to_owned()];
        let url = room.matrix_to_uri_via(via).to_string();
        let link = Span::Link { url, label: vec![Span::text("the Matrix room")], style: Style::default() };
        let spans = vec![Span::text("This chat is also "), link, Span::text(".")];
        Ok(RichText { blocks: vec![crate::content::Block::Paragraph(spans)] })
    }

    async fn invite_from_remote(&self, portal: &PortalRow, who: &str) -> Result<RichText, JobError> {
        let Ok(user_id) = UserId::parse(who) else {
            return Ok(RichText::plain(
                "Say whom to invite by their full Matrix id, as in: invite @ada:example.org",
            ));
        };
        if portal.info.kind != ChatKind::Channel && self.permissions.level(user_id.as_str()) < Level::Relay {
            return Ok(RichText::plain(
                "Into the room of a private chat the bridge invites only people who may use it.",
            ));
        }
        if self.app.owns(user_id.as_str()) {
            return Ok(RichText::plain("That is one of the bridge's own users, who come by themselves."));
        }
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        Ok(RichText::plain(&match self.app.bot().invite(room, &user_id).await {
            Ok(()) => format!("{user_id} is invited to the Matrix room of this chat."),
            Err(error) if error.is_forbidden() => {
                format!("{user_id} cannot be invited: they are in the room already, or may not come in.")
            }
            // An answer, not a failure: the chat would wait for a server that may be gone for good.
            Err(error) => format!("{user_id} could not be invited: {error}."),
        }))
    }
}

/// What is to be done for a room. Where it cannot be told whether the login is in the chat, it is taken to be.
async fn without_room<S: Session>(live: &Live<S>, chat: &ChatKey) -> RichText {
    RichText::plain(match live.session.is_in_chat(chat).await {
        Ok(false) => {
            "The bridge's app is not in this chat, so it hears nothing of it and there is no Matrix room. Invite the app \
             into a channel first; chats of people among themselves are not carried over."
        }
        _ => "This chat has no Matrix room yet. It is made with the first message that is written here.",
    })
}

fn help() -> RichText {
    RichText::plain(
        "who – who is in the Matrix room of this chat\nlink – a link to that room\ninvite @name:server – invites \
         somebody on Matrix",
    )
}
