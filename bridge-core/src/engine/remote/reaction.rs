//! Somebody on the remote network reacted to a message, or took it back.

use std::collections::HashSet;

use serde_json::json;

use super::super::Bridge;
use super::super::catch_up::Overtaken;
use super::super::reacted::Reacted;
use super::super::supervisor::Live;
use super::message::chat_of;
use super::relation::first_event;
use crate::content::{Emoji, Message};
use crate::error::JobError;
use crate::event::{RemoteEvent, RemoteKind, Sender};
use crate::id::RemoteMessageId;
use crate::matrix::{TxnKey, txn_id};
use crate::metrics;
use crate::network::Network;
use crate::queue::Closing;
use crate::store::reaction::ReactionRow;

/// The people whose earlier reactions to one message are shown. Each may need a ghost that joins, and what comes next in
/// the chat waits for them.
const MOST_REACTED: usize = 20;

impl<N: Network> Bridge<N> {
    pub(super) async fn remote_reaction(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        id: &RemoteMessageId,
        emoji: &Emoji,
        is_set: bool,
    ) -> Result<Closing, JobError> {
        let Some(target) = first_event(&self.store.message_pairs(id).await?) else {
            metrics::passed_over("reaction to an unknown message");
            self.note_overtaking(live, id, Overtaken::Touched).await?;
            return Ok(Closing::default());
        };
        let stored = emoji.as_stored();
        let rows = self.store.reactions(id).await?;
        if let Sender::Own { .. } = &event.sender
            && (!live.row.personal
                || rows.iter().any(|row| row.emoji == stored && !self.app.owns(&row.sender)))
        {
            // Ours, coming back.
            return Ok(Closing::default());
        }
        let Some(user) = event.sender.user_id() else {
            metrics::passed_over("reaction of nobody");
            return Ok(Closing::default());
        };
        let ghost = self.app.ghosts().user_id(user).to_string();
        let which = (id.clone(), ghost, stored);
        if self.reacted_at.get(&which).is_some_and(|at| at > event.at) {
            metrics::passed_over("reaction that came after a later one");
            return Ok(Closing::default());
        }
        let row = rows.into_iter().find(|row| row.sender == which.1 && row.emoji == which.2);
        match (is_set, row) {
            (true, None) => self.react(live, event, id, emoji, &target, event.at).await?,
            (false, Some(row)) => self.unreact(event, &row).await?,
            // One that was set by a process that died without a record of it.
            (false, None) => {
                let there = self.reactions_there(chat_of(event)?, &target).await?;
                for known in there.iter().filter(|known| known.sender == which.1 && known.emoji == which.2) {
                    self.unreact(event, &known.row(id)).await?;
                }
            }
            (true, Some(_)) => {}
        }
        self.reacted_at.insert(which, event.at);
        Ok(Closing::default())
    }

    /// Shows the reactions that a message had before it was shown, or before a moment at which it was asked for. Networks
    /// tell no times of them.
    pub(super) async fn show_earlier_reactions(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        id: &RemoteMessageId,
        message: &Message,
        target: &str,
        moment: i64,
    ) -> Result<(), JobError> {
        if message.reactions.is_empty() {
            return Ok(());
        }
        let rows = self.store.reactions(id).await?;
        let owners = self.logins.all();
        let mut shown = HashSet::new();
        let mut there = None;
        for reacted in &message.reactions {
            for user in &reacted.users {
                let ghost = self.app.ghosts().user_id(user);
                let stored = reacted.emoji.as_stored();
                if owners.iter().any(|other| other.row.own_user_id == *user) {
                    continue;
                }
                if shown.len() >= MOST_REACTED && !shown.contains(user) {
                    metrics::passed_over("one of many earlier reactions");
                    continue;
                }
                shown.insert(user);
                if rows.iter().any(|row| row.sender == ghost.as_str() && row.emoji == stored) {
                    continue;
                }
                if there.is_none() {
                    there = Some(self.reactions_there(chat_of(event)?, target).await?);
                }
                let is_same = |other: &&Reacted| other.sender == ghost.as_str() && other.emoji == stored;
                if let Some(known) = there.iter().flatten().find(is_same) {
                    // By a process that died without a record of it, and under another key.
                    self.store.put_reaction(&known.row(id)).await?;
                    continue;
                }
                let kind = RemoteKind::React { id: id.clone(), emoji: reacted.emoji.clone() };
                let (scope, sender) = (event.scope.clone(), Sender::user(user.clone()));
                let reaction = RemoteEvent::new(scope, sender, event.at, event.dedup.clone(), kind);
                match self.react(live, &reaction, id, &reacted.emoji, target, moment).await {
                    Err(error) if !error.is_tried_again() => {
                        tracing::debug!(%error, "an earlier reaction could not be shown; its message is");
                    }
                    done => done?,
                }
            }
        }
        Ok(())
    }

    /// Brings the reactions of ghosts to a message that is shown to what the network tells of it now. `moment` is another one
    /// whenever the reactions may have been other ones in between, and the same for a repeat.
    pub(in crate::engine) async fn settle_reactions(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        id: &RemoteMessageId,
        message: &Message,
        moment: i64,
    ) -> Result<(), JobError> {
        let target = first_event(&self.store.message_pairs(id).await?);
        let Some(target) = target.filter(|target| target.starts_with('$')) else { return Ok(()) };
        self.show_earlier_reactions(live, event, id, message, &target, moment).await?;
        for row in self.store.reactions(id).await? {
            let Some(user) = self.app.ghosts().parse(&row.sender) else { continue };
            let stays = message
                .reactions
                .iter()
                .any(|now| now.emoji.as_stored() == row.emoji && (now.is_cut || now.users.contains(&user)));
            if !stays {
                self.unreact(event, &row).await?;
            }
        }
        Ok(())
    }

    async fn react(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        id: &RemoteMessageId,
        emoji: &Emoji,
        target: &str,
        moment: i64,
    ) -> Result<(), JobError> {
        let place = self.place(live, event, chat_of(event)?).await?;
        let stored = emoji.as_stored();
        let mut content = json!({
            "m.relates_to": { "rel_type": "m.annotation", "event_id": target, "key": stored },
        });
        if let Emoji::Custom { name, .. } = emoji {
            // How clients agree on pictures as reactions (MSC4027).
            if let Some(mxc) = self.emoji_mxc(live, name).await? {
                content["m.relates_to"]["key"] = mxc.into();
            }
            content["shortcode"] = name.as_str().into();
            content["com.beeper.reaction.shortcode"] = stored.as_str().into();
        }
        let ghost = place.ghost.user_id.as_str();
        let revision = moment.to_string();
        let txn = txn_id(&TxnKey {
            kind: "reaction",
            remote_id: id.as_str(),
            part: &stored,
            ghost,
            revision: &revision,
        });
        let intent = self.app.intent(&place.ghost.user_id);
        let sent = intent.send_joined(place.room()?, "m.reaction", &content, &txn, Some(event.at)).await;
        let event_id = match sent {
            Ok(event_id) => event_id.to_string(),
            // The homeserver has this reaction of the ghost already, and we lost its record.
            Err(error) if error.errcode() == Some("M_DUPLICATE_ANNOTATION") => {
                let there = self.reactions_there(chat_of(event)?, target).await?;
                let known = there.into_iter().find(|other| other.sender == ghost && other.emoji == stored);
                let Some(known) = known else { return Ok(()) };
                known.event_id
            }
            Err(error) => return Err(error.into()),
        };
        let name = place.ghost.name().to_owned();
        let row =
            ReactionRow { message_id: id.clone(), sender: ghost.to_owned(), emoji: stored, event_id, name };
        Ok(self.store.put_reaction(&row).await?)
    }

    async fn unreact(&self, event: &RemoteEvent, row: &ReactionRow) -> Result<(), JobError> {
        let Some(portal) = self.known_portal(chat_of(event)?).await? else { return Ok(()) };
        let room = super::super::bridge::room_id(portal.room_id.as_deref().unwrap_or_default())?;
        if let Ok(ghost) = ruma::UserId::parse(&row.sender) {
            self.redact_event(&self.app.intent(&ghost), room, &row.event_id, event.at).await?;
        }
        Ok(self.store.remove_reaction(row).await?)
    }
}
