//! Brings the files of posts to the homeserver, each once, however many rooms show the post.

use std::sync::Arc;
use std::time::Duration;

use bot_instagram::cache::Cache;
use bot_instagram::fetch::{Download, FetchError};
use bot_instagram::file::Measures;
use bot_instagram::links::PostId;
use bot_instagram::post::Post;
use bot_instagram::{Answer, Instagram, words};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::kept::Kept;
use crate::plugin::{PluginContext, PluginError};

/// How many uploads are held in memory; the others are read from disk.
const HELD: usize = 200;

/// A file that the homeserver has.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Uploaded {
    /// Its `mxc://` address.
    pub(super) address: String,
    pub(super) name: String,
    /// Type, length and measures, as they stand in a message.
    pub(super) info: Value,
    pub(super) is_video: bool,
}

/// Why the homeserver does not have a file.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was not to be had.
    Fetch(FetchError),
    /// The homeserver does not take it.
    Refused,
    /// The homeserver is away, or asks to wait.
    Later(PluginError),
}

/// What became of a file.
pub(super) type Upload = Result<Uploaded, Failure>;

/// Which file of a picture or video.
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    /// Itself.
    File,
    /// A video's still picture.
    Still,
}

/// In what circumstances files are wanted.
#[derive(Debug)]
pub(super) struct Around<'a> {
    pub(super) site: &'a Instagram,
    pub(super) context: &'a PluginContext,
    /// The longest file that the homeserver takes, in bytes.
    pub(super) limit: u64,
    pub(super) deadline: Instant,
}

/// A file that is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) answer: &'a Arc<Answer>,
    /// Its place in the post, from 0.
    pub(super) index: usize,
    pub(super) what: What,
}

/// The uploads of the last day.
#[derive(Debug)]
pub(super) struct Uploads {
    held: Cache<Upload>,
    kept: Kept,
}

impl Failure {
    /// Its name in the log.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Fetch(error) => error.name(),
            Self::Refused => "refused_by_homeserver",
            Self::Later(_) => "later",
        }
    }
}

impl Uploads {
    /// Those of so many posts, as they stand on disk.
    pub(super) async fn start(posts: usize, context: &PluginContext) -> Result<Self, PluginError> {
        let kept = Kept::read(posts.saturating_mul(words::MOST_SHOWN), context).await?;
        Ok(Self { held: Cache::new(HELD, context.clock()), kept })
    }

    /// A file of a post, from the homeserver if it is there, else from the site. Who wants the same file meanwhile waits for it.
    pub(super) async fn obtain(&self, wanted: Wanted<'_>, around: &Around<'_>) -> Arc<Upload> {
        let key = wanted.key();
        let make = || async {
            match self.make(wanted, &key, around).await {
                Ok((file, left)) => (Ok(file), left),
                Err(failure) => (Err(failure), Duration::ZERO),
            }
        };
        // Waiting for somebody else counts, too. If this is cut off in the middle, the next in turn begins anew.
        let obtained = timeout_at(around.deadline, self.held.obtain(&key, make)).await;
        obtained.unwrap_or_else(|_| Arc::new(Err(Failure::Fetch(FetchError::Slow))))
    }

    async fn make(
        &self,
        wanted: Wanted<'_>,
        key: &str,
        around: &Around<'_>,
    ) -> Result<(Uploaded, Duration), Failure> {
        if let Some(found) = self.kept.find(key, around.context).await.map_err(Failure::Later)? {
            return Ok(found);
        }
        let file = bring(wanted, key, around).await?;
        // Dying before this, the event comes again, and its upload is known by the event and the key.
        self.kept.keep(key, file, around.context).await.map_err(Failure::Later)
    }
}

impl Wanted<'_> {
    /// Of a post that is not whole other files may stand in the same places.
    fn key(&self) -> String {
        let is_whole = self.answer.post.as_ref().is_some_and(Post::is_whole);
        let kind = match self.what {
            What::File => "file",
            What::Still => "still",
        };
        format!("{} {} {kind}{}", self.id(), self.index, if is_whole { "" } else { " of a part" })
    }

    fn id(&self) -> &str {
        self.answer.id.as_ref().map_or("post", PostId::as_str)
    }
}

async fn bring(wanted: Wanted<'_>, key: &str, around: &Around<'_>) -> Upload {
    let Around { site, context, limit, .. } = *around;
    let got = match wanted.what {
        What::File => site.download(wanted.answer, wanted.index, limit).await,
        What::Still => site.thumbnail(wanted.answer, wanted.index, limit).await,
    };
    // The file is gone from the disk when this ends.
    let Download { file, bytes, measures } = got.map_err(Failure::Fetch)?;
    let name = format!("{}-{}.{}", wanted.id(), wanted.index + 1, measures.kind.ending());
    // Several come at the same time, in any order.
    let place = context.under(key);
    match place.upload_file(file.path(), bytes, measures.kind.media_type(), Some(&name)).await {
        Ok(address) => {
            let is_video = measures.kind.is_video();
            Ok(Uploaded { address, name, info: info(&measures, bytes), is_video })
        }
        Err(PluginError::Refused(_)) => Err(Failure::Refused),
        Err(error) => Err(Failure::Later(error)),
    }
}

/// What a message says of a file: only what its own bytes say.
fn info(measures: &Measures, bytes: u64) -> Value {
    let mut info = json!({ "mimetype": measures.kind.media_type(), "size": bytes });
    let numbers = [
        ("w", measures.width.map(u64::from)),
        ("h", measures.height.map(u64::from)),
        ("duration", measures.duration_ms),
    ];
    for (key, number) in numbers {
        if let Some(number) = number {
            info[key] = number.into();
        }
    }
    info
}
