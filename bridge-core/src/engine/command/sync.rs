//! `sync`: makes all portals at once, in a task of its own, since that takes as long as the network needs.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Ask;
use super::reply::{Reply, Then};
use crate::command::Command;
use crate::config::Level;
use crate::engine::Bridge;
use crate::engine::bridge::{room_id, soft};
use crate::engine::persist::persist;
use crate::engine::supervisor::Live;
use crate::error::JobError;
use crate::event::ChatInfo;
use crate::network::{Network, Session};
use crate::task;

pub(super) fn command() -> Command {
    let about =
        "Makes a room at once for each chat you are in. Otherwise it is made with the first message there.";
    Command { level: Level::User, clap: clap::Command::new("sync").about(about) }
}

/// Who waits for a `sync` that is at work.
#[derive(Debug, Default)]
pub(crate) struct Syncs(Mutex<HashSet<String>>);

impl Syncs {
    fn set(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a `sync` at work needs to know of the command.
struct Order {
    mxid: String,
    level: Level,
    room_id: String,
    key: String,
}

/// What came out of it so far.
#[derive(Default)]
struct Tally {
    known: usize,
    made: usize,
    troubles: Vec<String>,
}

pub(super) async fn run<N: Network>(bridge: &Bridge<N>, ask: &Ask<'_>) -> Result<Reply, JobError> {
    let logins = bridge.logins_of(ask.sender(), ask.level).await?;
    if logins.is_empty() {
        return Ok("You are not logged in. `login` begins.".into());
    }
    if logins.iter().all(|login| login.live.is_none()) {
        return Ok("No login of yours could be started, so there is nothing to look through. `list-logins` says why."
            .into());
    }
    if bridge.syncs.set().contains(ask.sender()) {
        return Ok(
            "I am still looking through your chats, as you asked before. I write when I am done.".into()
        );
    }
    let text = format!(
        "I am looking through your chats on {} and make the rooms that are missing. I write here when I am done.",
        N::INFO.name
    );
    Ok(Reply::from(text).with_then(Then::Sync))
}

impl<N: Network> Bridge<N> {
    /// Begins the work, unless it is at work for this person. The program's end ends it, and nothing of it is lost: what
    /// was made is stored, and the next `sync` goes on.
    pub(super) fn start_sync(&self, ask: &Ask<'_>) {
        let Some(bridge) = self.shared() else { return };
        if !self.syncs.set().insert(ask.sender().to_owned()) {
            return;
        }
        let order = Order {
            mxid: ask.sender().to_owned(),
            level: ask.level,
            room_id: ask.event.room_id.clone(),
            key: format!("synced/{}", ask.job.dedup),
        };
        task::spawn("sync", async move {
            let turn = Turn { bridge: &bridge, mxid: &order.mxid };
            let result = bridge.sync(&order).await;
            drop(turn);
            // What was cut off by the program's end has no result.
            if !bridge.stopping.is_cancelled() {
                bridge.tell_synced(&order, &result).await;
            }
        });
    }

    async fn tell_synced(&self, order: &Order, text: &str) {
        let say = || async { self.say(room_id(&order.room_id)?, text, &order.key).await };
        if let Err(error) = persist(&self.stopping, say).await
            && !self.stopping.is_cancelled()
        {
            tracing::warn!(%error, "nobody could be told that their chats were looked through");
        }
    }

    /// Goes through all chats of all logins; gives the sentences for the person.
    async fn sync(&self, order: &Order) -> String {
        let mut tally = Tally::default();
        match self.logins_of(&order.mxid, order.level).await {
            Ok(logins) => {
                for login in logins {
                    let done = match &login.live {
                        Some(live) => self.sync_login(order, live, &mut tally).await,
                        None => Err(format!("it is {}", login.state)),
                    };
                    if let Err(why) = done {
                        let why = why.trim_end_matches('.');
                        tally
                            .troubles
                            .push(format!("{} was not gone through to the end: {why}.", login.name));
                    }
                }
            }
            Err(error) => tally.troubles.push(format!("The logins could not be read: {error}.")),
        }
        tally.sentences()
    }

    async fn sync_login(
        &self,
        order: &Order,
        live: &Live<N::Session>,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let ended = || "the login has ended".to_owned();
        let chats = live.stop.run_until_cancelled(live.session.chats()).await.ok_or_else(ended)?;
        for info in chats.map_err(|error| error.to_string())? {
            // Between chats only: a transaction that is dropped is rolled back late.
            if live.stop.is_cancelled() {
                return Err(ended());
            }
            tally.known += 1;
            let made = persist(&live.stop, || self.sync_chat(order, live, &info)).await;
            tally.made += usize::from(made.map_err(|error| error.to_string())?);
        }
        Ok(())
    }

    /// Makes a chat's room if there is none; says whether it did.
    async fn sync_chat(
        &self,
        order: &Order,
        live: &Live<N::Session>,
        info: &ChatInfo,
    ) -> Result<bool, JobError> {
        if self.known_portal(&info.key).await?.is_some() {
            self.compare_members(&live.row.login_id, &info.key).await?;
            return Ok(false);
        }
        self.know_chat(live, info.clone()).await?;
        let portal = self.portal(live, &info.key).await?;
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        if let Ok(person) = ruma::UserId::parse(&order.mxid)
            && live.row.owner != order.mxid
        {
            soft("invite who asked", self.app.bot().invite(room, &person).await);
        }
        Ok(true)
    }
}

impl Tally {
    fn sentences(&self) -> String {
        let Self { known, made, troubles } = self;
        let made = match made {
            0 => "no room had to be made.".to_owned(),
            1 => "one room was made just now. You are invited to it.".to_owned(),
            _ => format!("{made} rooms were made just now. You are invited to these."),
        };
        let done = format!("{known} {} known, {made}", if *known == 1 { "chat is" } else { "chats are" });
        if troubles.is_empty() {
            return format!("Done: {done}");
        }
        format!("I could not finish. {} Until then: {done} Write `sync` to go on.", troubles.join(" "))
    }
}

/// A person's turn; its end lets them begin another.
struct Turn<'a, N: Network> {
    bridge: &'a Arc<Bridge<N>>,
    mxid: &'a str,
}

impl<N: Network> Drop for Turn<'_, N> {
    fn drop(&mut self) {
        self.bridge.syncs.set().remove(self.mxid);
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn the_result_is_told_in_sentences() {
        let told = |known, made| Tally { known, made, troubles: Vec::new() }.sentences();
        assert_eq!(told(1, 1), "Done: 1 chat is known, one room was made just now. You are invited to it.");
        assert_eq!(told(4, 0), "Done: 4 chats are known, no room had to be made.");
        let troubles = vec!["Acme was not gone through to the end: it is down.".to_owned()];
        let told = Tally { known: 2, made: 2, troubles }.sentences();
        assert!(told.contains("it is down. Until then: 2 chats are known, 2 rooms were made"), "{told}");
    }
}
