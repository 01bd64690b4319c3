//! Opens people's files.

use std::borrow::Cow;

use bridge_core::content::File;
use bridge_core::error::NetworkError;
use bridge_core::network::FileBytes;

use crate::api::Caller;
use crate::api::reply::FileReply;
use crate::convert::SlackFile;

/// Opens a file for reading. Of one that the message only names, the rest is asked for.
pub(super) async fn open(caller: &Caller, file: &File) -> Result<FileBytes, NetworkError> {
    let Some(source) = SlackFile::read(&file.source) else {
        return Err(refused("This is not a file of Slack."));
    };
    let (mut url, mut media_type) = (source.url, file.media_type.clone());
    if source.stub || url.is_empty() {
        (url, media_type) = ask(caller, &source.id).await?;
    }
    let is_page = media_type.as_deref().is_some_and(|kind| kind.starts_with("text/html"));
    caller.open(&url, is_page).await
}

async fn ask(caller: &Caller, file_id: &str) -> Result<(String, Option<String>), NetworkError> {
    const METHOD: &str = "files.info";
    let params = vec![("file", Some(Cow::Borrowed(file_id)))];
    let reply: FileReply = caller.get(METHOD, &params).await.map_err(|error| error.of_read(METHOD))?;
    let file = reply.file;
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
    let url = [file.url_private_download, file.url_private].into_iter().find(|url| !url.is_empty());
    url.map(|url| (url, file.mimetype)).ok_or_else(|| refused("Slack does not say where the file is."))
}

fn refused(sentence: &str) -> NetworkError {
    NetworkError::Rejected(sentence.to_owned())
}
