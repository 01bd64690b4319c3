//! Remembers on disk which files the homeserver has, so that a restart uploads none again.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::uploads::Uploaded;
use crate::plugin::{PluginContext, PluginError};

/// For how long an upload is used again: a day.
const KEPT_MS: i64 = 24 * 3_600_000;
/// What the names begin with.
const BEGINNING: &str = "upload ";

/// The uploads of the last day, or the newest of them.
#[derive(Debug)]
pub(super) struct Kept {
    /// Names and ends of what stands on disk, the next to end first. The rest is read when it is asked for.
    ends: Mutex<VecDeque<(i64, String)>>,
    most: usize,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    /// In milliseconds since 1970.
    until: i64,
    file: Uploaded,
}

impl Kept {
    /// Reads what stands on disk, and takes away what is over or more than `most`.
    pub(super) async fn read(most: usize, context: &PluginContext) -> Result<Self, PluginError> {
        let lines = context.values(BEGINNING).await?;
        let end = |text: &str| serde_json::from_str(text).map_or(0, |line: Line| line.until);
        let mut ends: Vec<_> = lines.into_iter().map(|(name, text)| (end(&text), name)).collect();
        ends.sort();
        let mut ends = VecDeque::from(ends);
        prune(&mut ends, most, context).await?;
        Ok(Self { ends: Mutex::new(ends), most })
    }

    /// The file that was uploaded under this key, and for how long it may be used again.
    pub(super) async fn find(
        &self,
        key: &str,
        context: &PluginContext,
    ) -> Result<Option<(Uploaded, Duration)>, PluginError> {
        let Some(text) = context.value(&name(key)).await? else { return Ok(None) };
        // What cannot be read is uploaded once more and written anew.
        let Ok(Line { until, file }) = serde_json::from_str(&text) else { return Ok(None) };
        let left = u64::try_from(until.saturating_sub(context.now_ms())).unwrap_or(0);
        Ok((left > 0).then(|| (file, Duration::from_millis(left))))
    }

    /// Remembers an upload, and says for how long. Takes away what is over, and the oldest if there are too many.
    pub(super) async fn keep(
        &self,
        key: &str,
        file: Uploaded,
        context: &PluginContext,
    ) -> Result<(Uploaded, Duration), PluginError> {
        let line = Line { until: context.now_ms().saturating_add(KEPT_MS), file };
        let text = serde_json::to_string(&line);
        let text = text.map_err(|_| PluginError::Fault("An upload cannot be written down.".to_owned()))?;
        let name = name(key);
        // Held over the writing: whoever takes away what is over must not meet what is just being renewed.
        let mut ends = self.ends.lock().await;
        ends.retain(|(_, other)| *other != name);
        ends.push_back((line.until, name.clone()));
        context.put(&name, &text).await?;
        prune(&mut ends, self.most, context).await?;
        Ok((line.file, Duration::from_millis(KEPT_MS.unsigned_abs())))
    }
}

/// Takes away what is over, and the oldest if there are too many.
async fn prune(
    ends: &mut VecDeque<(i64, String)>,
    most: usize,
    context: &PluginContext,
) -> Result<(), PluginError> {
    let now = context.now_ms();
    while ends.len() > most || ends.front().is_some_and(|(until, _)| *until <= now) {
        let Some((_, name)) = ends.pop_front() else { break };
        context.forget(&name).await?;
    }
    Ok(())
}

fn name(key: &str) -> String {
    format!("{BEGINNING}{key}")
}
