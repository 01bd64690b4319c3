//! The answers a pure conversion needs, gathered before it runs.

use std::collections::HashMap;

use crate::id::{ChatId, RemoteUserId};

/// Names and addresses known on both sides, for one conversion.
#[derive(Debug, Clone, Default)]
pub struct Lookup {
    /// Remote person → how Matrix mentions them.
    pub users: HashMap<RemoteUserId, MatrixName>,
    /// Remote chat → how Matrix mentions its room.
    pub chats: HashMap<ChatId, MatrixName>,
    /// Matrix user id → the remote person behind the ghost, or the login's own account.
    pub remote_users: HashMap<String, RemoteUserId>,
    /// Matrix room id or alias → the chat it is a portal of.
    pub remote_chats: HashMap<String, ChatId>,
}

/// How something is named on Matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixName {
    /// The full Matrix id (`@user:server`, `!room:server`), if there is one.
    pub mxid: Option<String>,
    /// The name to show.
    pub name: String,
}
