//! Who may sign in: names and hashes of passwords from the config file.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use bridge_core::secret::Secret;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::config::admin::{Admin, Password};
use crate::plugin::Problem;
use crate::random;

/// How many passwords are looked at together: each look takes 19 MB and a core for some 20 ms.
const TOGETHER: usize = 2;
/// How long a password may be, in bytes.
const LONGEST: usize = 1_024;

/// The users. Clones share everything.
#[derive(Debug, Clone)]
pub(crate) struct Users {
    by_name: Arc<BTreeMap<String, Secret>>,
    looks: Arc<Semaphore>,
}

/// The hash of a password that nobody has.
static NOBODY: LazyLock<Secret> = LazyLock::new(|| Secret::new(hash("nobody").unwrap_or_default()));

impl Users {
    /// Reads the hashes; `folder` is where files of the config lie. The problems name the keys.
    pub(crate) fn read(config: &Admin, folder: &Path) -> Result<Self, Vec<Problem>> {
        let (mut by_name, mut problems) = (BTreeMap::new(), Vec::new());
        for (name, password) in &config.users {
            match one(password, folder) {
                Ok(hash) => drop(by_name.insert(name.clone(), hash)),
                Err(why) => problems.push(Problem::new(format!("bots.admin.users.{name}"), why)),
            }
            if name.starts_with('@') || name.is_empty() {
                let text = "is no name to sign in with. Those who begin with @ sign in by a link that the bot sends them.";
                problems.push(Problem::new(format!("bots.admin.users.{name}"), text));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self { by_name: Arc::new(by_name), looks: Arc::new(Semaphore::new(TOGETHER)) })
    }

    /// Whether there is anybody.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Whether this is the name's password.
    pub(crate) async fn check(&self, name: &str, password: &Secret) -> bool {
        if password.expose().len() > LONGEST {
            return false;
        }
        let known = self.by_name.get(name).cloned();
        let is_known = known.is_some();
        let (hash, password) = (known.unwrap_or_else(|| self.of_nobody()), password.clone());
        let Ok(place) = Arc::clone(&self.looks).acquire_owned().await else { return false };
        let fits = tokio::task::spawn_blocking(move || {
            // Held to the end also where nobody waits for the answer any more.
            let _place = place;
            fits(hash.expose(), password.expose())
        });
        let fits = fits.await;
        is_known && fits.unwrap_or(false)
    }

    /// What is looked at for a name that nobody has: what takes as long as for one that somebody has.
    fn of_nobody(&self) -> Secret {
        self.by_name.values().next().cloned().unwrap_or_else(|| NOBODY.clone())
    }

    /// What is another one when the name's password is another one; none for somebody who is not there.
    pub(crate) fn stamp(&self, name: &str) -> Option<String> {
        let hash = self.by_name.get(name)?;
        Some(random::hex(&Sha256::digest(hash.expose())[..8]))
    }
}

/// A password's hash. The error is a sentence.
pub(crate) fn hash(password: &str) -> Result<String, String> {
    let salt = SaltString::encode_b64(&random::bytes::<16>()?)
        .map_err(|error| format!("The password could not be hashed: {error}."))?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|error| format!("The password could not be hashed: {error}."))
}

fn one(password: &Password, folder: &Path) -> Result<Secret, String> {
    let hash = match password {
        Password::Hash(hash) => hash.clone(),
        Password::File { file } => {
            let file = folder.join(file);
            let text = std::fs::read_to_string(&file);
            let text = text.map_err(|error| format!("{} could not be read ({error}).", file.display()))?;
            Secret::new(text.trim())
        }
    };
    if is_bcrypt(hash.expose()) || PasswordHash::new(hash.expose()).is_ok_and(|hash| is_argon2(&hash)) {
        return Ok(hash);
    }
    Err("is no hash of a password. `bridge-bots hash-password` makes one; those of maubot's config ($2b$…) are taken, too."
        .to_owned())
}

fn is_bcrypt(hash: &str) -> bool {
    hash.parse::<bcrypt::HashParts>().is_ok()
}

fn is_argon2(hash: &PasswordHash<'_>) -> bool {
    hash.algorithm.as_str().starts_with("argon2") && hash.hash.is_some()
}

fn fits(hash: &str, password: &str) -> bool {
    if is_bcrypt(hash) {
        return bcrypt::verify(password, hash).unwrap_or(false);
    }
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;

    fn config(users: &[(&str, Password)]) -> Admin {
        let users = users.iter().map(|(name, password)| ((*name).to_owned(), password.clone())).collect();
        Admin { users, ..Admin::default() }
    }

    fn hashed(hash: &str) -> Password {
        Password::Hash(Secret::new(hash))
    }

    #[tokio::test]
    async fn the_right_password_of_the_right_name_signs_in() {
        let argon2 = hash("swordfish").unwrap();
        let bcrypt = bcrypt::hash("hunter two", 4).unwrap();
        let config = config(&[("ann", hashed(&argon2)), ("bob", hashed(&bcrypt))]);
        let users = Users::read(&config, Path::new("/nowhere")).unwrap();
        for (name, password, is_right) in [
            ("ann", "swordfish", true),
            ("bob", "hunter two", true),
            ("ann", "hunter two", false),
            ("bob", "swordfish", false),
            ("ann", "", false),
            ("nobody", "nobody", false),
            ("ann", &"x".repeat(LONGEST + 1), false),
        ] {
            assert_eq!(users.check(name, &Secret::new(password)).await, is_right, "{name}");
        }
        assert_ne!(users.stamp("ann"), users.stamp("bob"));
        assert_eq!(users.stamp("nobody"), None);
    }

    #[test]
    fn what_is_no_hash_is_named_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("good"), format!("{}\n", hash("x").unwrap())).unwrap();
        let good = config(&[("ann", Password::File { file: "good".into() })]);
        assert!(Users::read(&good, folder.path()).is_ok());
        let bad = config(&[
            ("ann", hashed("swordfish")),
            ("bob", Password::File { file: "missing".into() }),
            ("cid", hashed("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ")),
            ("@dan:hs", hashed(&hash("x").unwrap())),
        ]);
        let problems = Users::read(&bad, folder.path()).unwrap_err();
        let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
        let expected = ["@dan:hs", "ann", "bob", "cid"].map(|name| format!("bots.admin.users.{name}"));
        assert_eq!(fields, expected);
        assert!(problems.iter().all(|problem| !problem.text.contains("swordfish")));
    }
}
