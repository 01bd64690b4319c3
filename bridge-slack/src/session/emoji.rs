//! The workspace's own emoji, remembered for minutes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bridge_core::cache::Cache;
use bridge_core::error::NetworkError;
use tokio::sync::OnceCell;

use crate::api::Caller;
use crate::api::reply::EmojiReply;

/// The list is asked for again after this time, even without an event that says it changed.
const KEPT_FOR: Duration = Duration::from_mins(10);
/// An emoji may be another name of another name, but not without end.
const MOST_STEPS: usize = 8;

type Named = HashMap<String, String>;

/// What is known of the workspace's emoji. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Emojis {
    kept: Cache<(), Arc<OnceCell<Named>>>,
}

impl Emojis {
    pub(crate) fn new() -> Self {
        Self { kept: Cache::expiring(1, KEPT_FOR) }
    }

    /// The list changed.
    pub(crate) fn forget(&self) {
        self.kept.clear();
    }

    /// Where an emoji's picture is. Those who ask at the same time share one call.
    pub(super) async fn url(&self, caller: &Caller, name: &str) -> Result<Option<String>, NetworkError> {
        const METHOD: &str = "emoji.list";
        let list = self.kept.or_insert_with(&(), Arc::default);
        let list = list.get_or_try_init(|| async {
            let reply: Result<EmojiReply, _> = caller.get(METHOD, &Vec::new()).await;
            reply.map(|reply| reply.emoji).map_err(|error| error.of_read(METHOD))
        });
        Ok(resolve(list.await?, name))
    }
}

fn resolve(list: &Named, name: &str) -> Option<String> {
    let mut found = list.get(name)?;
    for _ in 0..MOST_STEPS {
        match found.strip_prefix("alias:") {
            Some(other) => found = list.get(other)?,
            None => return Some(found.clone()),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_lead_to_the_picture() {
        let list = [("a", "https://e.test/a.png"), ("b", "alias:a"), ("c", "alias:b"), ("up", "alias:+1")]
            .into_iter()
            .chain([("x", "alias:y"), ("y", "alias:x")])
            .map(|(name, url)| (name.to_owned(), url.to_owned()))
            .collect();
        for name in ["a", "b", "c"] {
            assert_eq!(resolve(&list, name).as_deref(), Some("https://e.test/a.png"), "{name}");
        }
        for name in ["up", "x", "y", "z"] {
            assert_eq!(resolve(&list, name), None, "{name}");
        }
    }
}
