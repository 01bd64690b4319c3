//! Makes messages of a post: its caption, its pictures and videos, and one line for all that is missing.

use std::sync::Arc;

use bot_instagram::Answer;
use bot_instagram::links::Link;
use bot_instagram::words::{self, Words};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::InstagramBot;
use super::uploads::{Around, Failure, Upload, Uploaded, Wanted, What};
use crate::plugin::{PluginError, Severity};

impl InstagramBot {
    /// The messages that show what stands behind a link; at least one, with a line and the link if there is nothing else.
    pub(super) async fn show(
        &self,
        answer: &Arc<Answer>,
        around: &Around<'_>,
    ) -> Result<Vec<Value>, PluginError> {
        let link = &answer.link;
        if answer.post.is_none() {
            let why = answer.reason.name();
            around.context.log(Severity::Warn, format!("a post could not be shown: {why}"));
        }
        let mut parts = Vec::new();
        let mut lines: Vec<String> = Vec::new();
        if let Some(post) = &answer.post {
            parts.extend(words::caption(post).map(|words| caption(&words)));
            let (range, more) = words::shown(post, Link::read(link).and_then(|link| link.img_index));
            for file in join_all(range.map(|index| self.file(answer, index, around))).await {
                let (content, missing) = file?;
                parts.extend(content);
                // Several files may be missing for the same reason.
                lines.extend(missing.filter(|missing| !lines.contains(missing)));
            }
            lines.extend(more.map(|more| format!("{more}: {link}")));
        }
        lines.extend(words::missing(answer));
        if parts.is_empty() && lines.is_empty() {
            lines.push(format!("Instagram's answer held no picture or video: {link}"));
        }
        if !lines.is_empty() {
            parts.push(json!({ "msgtype": "m.notice", "body": lines.join("\n"), "m.mentions": {} }));
        }
        Ok(parts)
    }

    /// The message of a picture or video, and the line that says why it is not shown, or only its still picture is.
    async fn file(
        &self,
        answer: &Arc<Answer>,
        index: usize,
        around: &Around<'_>,
    ) -> Result<(Option<Value>, Option<String>), PluginError> {
        let obtain = |what| self.uploads.obtain(Wanted { answer, index, what }, around);
        let media = answer.post.as_ref().and_then(|post| post.media.get(index));
        let has_still = media.is_some_and(|media| media.thumbnail.is_some());
        let still = async { if has_still { Some(obtain(What::Still).await) } else { None } };
        // Together: of a video that takes too long the still is shown.
        let (whole, still) = tokio::join!(obtain(What::File), still);
        let line = match &*whole {
            Ok(file) if !file.is_video => return Ok((Some(content(file, None)), None)),
            Ok(_) => None,
            Err(failure) => {
                around.context.log(Severity::Warn, format!("a file could not be shown: {}", failure.name()));
                Some(line(failure, &answer.link)?)
            }
        };
        let still = still.as_deref().map(shown).transpose()?.flatten();
        let content = match &*whole {
            Ok(file) => Some(content(file, still)),
            Err(_) => still.map(|still| content(still, None)),
        };
        Ok((content, line))
    }
}

/// What is there of a still picture. Nobody misses one.
fn shown(upload: &Upload) -> Result<Option<&Uploaded>, PluginError> {
    match upload {
        Ok(still) => Ok(Some(still)),
        Err(Failure::Later(error)) => Err(error.clone()),
        Err(_) => Ok(None),
    }
}

/// The line for a file that could not be had; an error if it may be had when the event is tried again.
fn line(failure: &Failure, link: &str) -> Result<String, PluginError> {
    match failure {
        Failure::Fetch(error) => Ok(words::not_fetched(error, link)),
        Failure::Refused => Ok(format!("The homeserver does not take the file: {link}")),
        Failure::Later(error) => Err(error.clone()),
    }
}

fn caption(words: &Words) -> Value {
    json!({
        "msgtype": "m.notice",
        "body": words.plain,
        "format": "org.matrix.custom.html",
        "formatted_body": words.html,
        "m.mentions": {},
    })
}

fn content(file: &Uploaded, still: Option<&Uploaded>) -> Value {
    let mut info = file.info.clone();
    if let Some(still) = still {
        info["thumbnail_url"] = still.address.as_str().into();
        info["thumbnail_info"] = still.info.clone();
    }
    json!({
        "msgtype": if file.is_video { "m.video" } else { "m.image" },
        "body": file.name,
        "url": file.address,
        "info": info,
        "m.mentions": {},
    })
}
