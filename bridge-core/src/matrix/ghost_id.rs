//! Which Matrix user stands for which remote user, by name alone.
//!
//! The escape is that of the Matrix specification's appendix on user identifiers: `a`–`z`, `0`–`9`, `.`, `-` and `/`
//! stay, an upper-case letter is `_` and the small letter, `_` is `__`, every other byte is `=` and two hex digits.

use std::fmt::Write as _;

use ruma::{OwnedRoomAliasId, OwnedServerName, OwnedUserId, RoomAliasId, UserId};
use sha2::{Digest, Sha256};

use crate::id::RemoteUserId;

/// How long a whole user id may be.
const MAX_BYTES: usize = 255;
/// Stands before the hash that replaces the end of an id that is too long; the escape never writes it.
const CUT: char = '+';
/// Hex digits of that hash.
const HASH_DIGITS: usize = 32;

/// The names of our ghosts: `@<prefix><escaped remote id>:<server>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GhostIds {
    prefix: String,
    server_name: OwnedServerName,
}

impl GhostIds {
    /// The ghosts with this prefix on this server. The error is a sentence: the prefix cannot be part of a user id, or
    /// leaves no room for one.
    pub fn new(prefix: &str, server_name: OwnedServerName) -> Result<Self, String> {
        let fits = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'=' | b'-' | b'/');
        if prefix.is_empty() || !prefix.bytes().all(fits) {
            return Err(
                "appservice.user_prefix may hold a-z, 0-9 and . _ = - / only, and must not be empty.".into(),
            );
        }
        if prefix.len() + server_name.as_str().len() + 2 + HASH_DIGITS + 1 > MAX_BYTES {
            return Err("appservice.user_prefix is too long for this server name; shorten it.".into());
        }
        Ok(Self { prefix: prefix.to_owned(), server_name })
    }

    /// The ghost's user id. Always lower case, in the namespace, and of allowed length; two remote ids never have
    /// the same.
    #[allow(
        clippy::expect_used,
        reason = "the prefix was checked and the escape writes allowed characters only"
    )]
    pub fn user_id(&self, remote: &RemoteUserId) -> OwnedUserId {
        UserId::parse(self.user_id_text(remote)).expect("an escaped id is a user id")
    }

    /// The alias of a room of our own that is no chat's portal, made from what the room is for. A ghost's id and the
    /// alias of a portal, which have the escape behind the prefix, are never the same.
    #[allow(
        clippy::expect_used,
        reason = "the prefix was checked and leaves room, and the hash has allowed characters only"
    )]
    pub fn own_alias(&self, purpose: &str) -> OwnedRoomAliasId {
        let alias = format!("#{}{CUT}{}:{}", self.prefix, hash(purpose), self.server_name);
        RoomAliasId::parse(alias).expect("a prefix and a hash are an alias")
    }

    fn user_id_text(&self, remote: &RemoteUserId) -> String {
        let mut escaped = escape(remote.as_str());
        let room = MAX_BYTES - self.prefix.len() - self.server_name.as_str().len() - 2;
        if escaped.len() > room {
            escaped.truncate(room - HASH_DIGITS - CUT.len_utf8());
            escaped.push(CUT);
            escaped.push_str(&hash(remote.as_str()));
        }
        format!("@{}{escaped}:{}", self.prefix, self.server_name)
    }

    /// The remote user a Matrix user stands for; `None` for one that is not our ghost, and for one whose id had to be
    /// cut, which only the database can tell.
    pub fn parse(&self, user_id: &str) -> Option<RemoteUserId> {
        let escaped = self.escaped_part(user_id)?;
        let remote = unescape(escaped)?;
        // Only what we would write ourselves is ours.
        (escape(&remote) == escaped).then(|| RemoteUserId::new(remote))
    }

    /// Whether the id is in the ghosts' namespace, whatever it stands for.
    pub fn contains(&self, user_id: &str) -> bool {
        self.escaped_part(user_id).is_some()
    }

    fn escaped_part<'a>(&self, user_id: &'a str) -> Option<&'a str> {
        let rest = user_id.strip_prefix('@')?.strip_prefix(&self.prefix)?;
        let (localpart, server) = rest.split_once(':')?;
        (server == self.server_name.as_str()).then_some(localpart)
    }
}

fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(HASH_DIGITS / 2).fold(String::with_capacity(HASH_DIGITS), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'/' => escaped.push(char::from(byte)),
            b'A'..=b'Z' => escaped.extend(['_', char::from(byte.to_ascii_lowercase())]),
            b'_' => escaped.push_str("__"),
            _ => {
                let _ = write!(escaped, "={byte:02x}");
            }
        }
    }
    escaped
}

fn unescape(escaped: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'_' => rest.next()?.to_ascii_uppercase(),
            b'=' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
