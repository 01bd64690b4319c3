//! Opens people's files.

use std::borrow::Cow;

use bridge_core::content::File;
use bridge_core::error::NetworkError;
use bridge_core::network::FileBytes;

use crate::api::Caller;
use crate::api::reply::RawFileReply;
use crate::convert::{SlackFile, files, wire};

/// Opens a file for reading. Of one that the message only names, the rest is asked for.
pub(super) async fn open(caller: &Caller, file: &File) -> Result<FileBytes, NetworkError> {
    let Some(source) = SlackFile::read(&file.source) else {
        return Err(refused("This is not a file of Slack."));
    };
    if !source.stub && !source.url.is_empty() {
        return caller.open(&source.url, is_page(file)).await;
    }
    let about = ask(caller, &source.id).await?;
    let url = SlackFile::read(&about.source).map(|source| source.url).filter(|url| !url.is_empty());
    let url = url.ok_or_else(|| refused("Slack does not say where the file is."))?;
    let mut bytes = caller.open(&url, is_page(&about)).await?;
    bytes.about = Some(Box::new(about));
    Ok(bytes)
}

fn is_page(file: &File) -> bool {
    file.media_type.as_deref().is_some_and(|kind| kind.starts_with("text/html"))
}

async fn ask(caller: &Caller, file_id: &str) -> Result<File, NetworkError> {
    const METHOD: &str = "files.info";
    let params = vec![("file", Some(Cow::Borrowed(file_id)))];
    let reply: RawFileReply = caller.get(METHOD, &params).await.map_err(|error| error.of_read(METHOD))?;
    let file: wire::File = serde_json::from_value(reply.file).unwrap_or_default();
    match file.mode.as_str() {
        "tombstone" => return Err(refused("the file was deleted on Slack.")),
        "hidden_by_limit" => {
            return Err(refused(
                "Slack hides the file, because it is older than the workspace's plan allows.",
            ));
        }
        "external" => return Err(refused("the file is not kept by Slack itself.")),
        _ => {}
    }
    files::about(&file).ok_or_else(|| refused("Slack does not say where the file is."))
}

fn refused(sentence: &str) -> NetworkError {
    NetworkError::Rejected(sentence.to_owned())
}
