//! What must never be in a program's log: secrets, and what people said.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::bail;

use crate::Result;

/// Texts of at most this many characters are in a log by accident.
const SHORTEST: usize = 8;

/// What something is that was planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Secret,
    Words,
}

/// What was given to the programs of a world, or went through them. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Planted(Arc<Mutex<BTreeMap<String, What>>>);

impl Planted {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, What>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something that nobody but the program may know.
    pub fn secret(&self, secret: &str) {
        self.lock().insert(secret.to_owned(), What::Secret);
    }

    /// What somebody said.
    pub fn words(&self, words: &str) {
        self.lock().entry(words.to_owned()).or_insert(What::Words);
    }

    /// Looks through all that a program wrote. The error shows the line with what was found hidden.
    pub fn ensure_absent(&self, program: &str, log: &str) -> Result<()> {
        for (text, what) in self.lock().iter().filter(|(text, _)| text.chars().count() > SHORTEST) {
            // As it is, and as it stands between the quotes of a field.
            let quoted = format!("{text:?}");
            let quoted = quoted.trim_matches('"');
            let Some(found) = [text.as_str(), quoted].into_iter().find(|text| log.contains(text)) else {
                continue;
            };
            let line = log.lines().find(|line| line.contains(found)).unwrap_or("(over several lines)");
            let (name, shown) = match what {
                What::Secret => ("a secret", line.replace(found, "‹the secret›")),
                What::Words => ("what somebody said", line.replace(found, "‹the words›")),
            };
            bail!("{name} ({} characters) stands in the log of {program}: {shown}", text.chars().count());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Planted;

    #[test]
    fn what_is_found_is_named_and_hidden() {
        let planted = Planted::default();
        planted.secret("xoxb-1-secret");
        planted.words("good \"morning\" all");
        planted.words("short");
        assert!(planted.ensure_absent("it", "a line\nshort\nxoxb-2-secret").is_ok());
        for (log, name) in [
            ("1\nINFO token=xoxb-1-secret, used\n3", "a secret"),
            ("DEBUG body=\"good \\\"morning\\\" all\", sent", "what somebody said"),
        ] {
            let told = planted.ensure_absent("it", log).unwrap_err().to_string();
            assert!(told.starts_with(name) && told.contains("the log of it"), "{told}");
            assert!(!told.contains("xoxb-1") && !told.contains("morning"), "{told}");
        }
    }
}
