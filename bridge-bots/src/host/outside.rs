//! Accounts on any homeserver, by their own token: their connections, and who speaks for which account.

mod connection;
mod listen;
mod save;

use std::sync::{Arc, PoisonError};

use bridge_core::matrix::Intent;
use bridge_core::task;
use ruma::UserId;

pub(crate) use connection::{Connection, Shown, State};

use super::Host;
use crate::store::account::AccountRow;

impl Host {
    /// The account that is elsewhere and has this name here.
    pub(super) fn outside_named(&self, name: &str) -> Option<AccountRow> {
        self.accounts().into_iter().find(|row| row.is_outside() && row.name == name)
    }

    /// Whether somebody is an account of this host elsewhere.
    pub(super) fn is_outside(&self, user_id: &str) -> bool {
        self.account(user_id).is_some_and(|row| row.is_outside())
    }

    /// How the connection of an account is; none for accounts of ours, which have none of their own.
    pub(crate) fn connection(&self, user_id: &str) -> Option<Shown> {
        self.connected(user_id).map(|connection| connection.shown())
    }

    fn connected(&self, user_id: &str) -> Option<Arc<Connection>> {
        self.0.outside.read().unwrap_or_else(PoisonError::into_inner).get(user_id).cloned()
    }

    /// Acts as an account of this host; none for one elsewhere whose homeserver has not been reached yet.
    pub(super) fn intent(&self, user_id: &UserId) -> Option<Intent> {
        if !self.is_outside(user_id.as_str()) {
            return Some(self.parts().app.intent(user_id));
        }
        self.connected(user_id.as_str())?.app().map(|app| app.bot())
    }

    /// Begins to listen for an account elsewhere, in place of whoever did.
    pub(super) fn connect(&self, user_id: &str) {
        let connection = Arc::new(Connection::new(self.now(), Arc::clone(self.signals())));
        let old = {
            let mut all = self.0.outside.write().unwrap_or_else(PoisonError::into_inner);
            all.insert(user_id.to_owned(), Arc::clone(&connection))
        };
        if let Some(old) = old {
            // What is being sent goes on.
            connection.take_over(&old);
        }
        let (host, user_id) = (self.clone(), user_id.to_owned());
        task::spawn("listen for an account", async move {
            let stop = connection.stop().clone();
            Box::pin(stop.run_until_cancelled(listen::keep(&host, &user_id, &connection))).await;
        });
    }

    /// Listens no longer for an account elsewhere.
    pub(super) fn disconnect(&self, user_id: &str) {
        let old = self.0.outside.write().unwrap_or_else(PoisonError::into_inner).remove(user_id);
        if let Some(old) = old {
            old.stop().cancel();
        }
    }
}
