//! Which memos there are, so that the many questions about none need not reach the table.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::id::LoginId;

/// The names of each login's memos by their hashes: another name may have the same one, which costs a question. Names that
/// went stay until the program's end. Only the process that works writes memos, and it alone asks.
#[derive(Debug, Default)]
pub(super) struct MemoNames {
    hasher: RandomState,
    of_login: Mutex<HashMap<LoginId, Names>>,
    /// Held while the table is read: whoever asks meanwhile waits, instead of reading it, too.
    pub(super) reading: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Names {
    hashes: HashSet<u64>,
    /// What the table has is among them.
    is_read: bool,
}

impl MemoNames {
    fn of_login(&self) -> MutexGuard<'_, HashMap<LoginId, Names>> {
        self.of_login.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A memo is to be written: called before it is.
    pub(super) fn add(&self, login_id: &LoginId, name: &str) {
        let hash = self.hasher.hash_one(name);
        self.of_login().entry(login_id.clone()).or_default().hashes.insert(hash);
    }

    /// Whether a login may have a memo of this name; none while the table was not read.
    pub(super) fn may_have(&self, login_id: &LoginId, name: &str) -> Option<bool> {
        let names = self.of_login();
        let names = names.get(login_id).filter(|names| names.is_read)?;
        Some(names.hashes.contains(&self.hasher.hash_one(name)))
    }

    /// These are the names in the table.
    pub(super) fn read<'a>(&self, login_id: &LoginId, stored: impl Iterator<Item = &'a str>) {
        let mut of_login = self.of_login();
        let names = of_login.entry(login_id.clone()).or_default();
        names.hashes.extend(stored.map(|name| self.hasher.hash_one(name)));
        names.is_read = true;
    }
}
