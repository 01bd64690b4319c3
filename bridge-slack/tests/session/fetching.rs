//! Files of Slack: their bytes as they are, the token to nobody else, and what is told when there are none.

use bridge_core::content::File;
use bridge_core::error::NetworkError;
use bridge_core::network::{FileBytes, Session};
use bridge_slack::convert::SlackFile;
use fake_slack::{DownloadFault, NewFile, Upload};

use super::world::{World, refusal};

const BYTES: &[u8] = b"an original of a cat";

impl World {
    /// A file of Alice's as its message tells of it.
    fn theirs(&self, new: NewFile) -> File {
        let upload = Upload { files: vec![new], ..Upload::default() };
        let uploaded = self.slack.upload_with("alice", "general", upload).unwrap();
        let message = self.slack.message("general", &uploaded.ts).unwrap();
        let told = &message["files"][0];
        let source = SlackFile {
            id: uploaded.file_ids[0].clone(),
            url: told["url_private"].as_str().unwrap_or_default().to_owned(),
            stub: told["file_access"] == "check_file_info",
        };
        File::new(source.write(), "cat.png")
    }

    async fn open(&self, file: &File) -> Result<FileBytes, NetworkError> {
        self.session.open_file(file).await
    }
}

fn cat() -> NewFile {
    NewFile::new("cat.png", BYTES)
}

#[tokio::test]
async fn a_file_comes_with_its_bytes_and_length() {
    let world = World::new().await;
    let opened = world.open(&world.theirs(cat())).await.unwrap();
    assert_eq!(opened.size, Some(BYTES.len() as u64));
    assert_eq!(opened.into_bytes(100).await.unwrap(), BYTES);
    let large = world.theirs(NewFile::of_length("long.mp4", 5_000_000));
    let opened = world.open(&large).await.unwrap();
    assert_eq!(opened.size, Some(5_000_000));
    assert_eq!(opened.into_bytes(5_000_000).await.unwrap().len(), 5_000_000);
}

#[tokio::test]
async fn a_file_that_is_only_named_is_asked_for() {
    let world = World::new().await;
    let mut hidden = cat();
    hidden.details_hidden = true;
    let opened = world.open(&world.theirs(hidden)).await.unwrap();
    assert_eq!(opened.into_bytes(100).await.unwrap(), BYTES);
    assert_eq!(world.slack.call_count("files.info"), 1);
    for (mode, word) in [("tombstone", "deleted"), ("hidden_by_limit", "hides"), ("external", "not kept")] {
        let mut odd = cat();
        odd.details_hidden = true;
        odd.overrides.insert("mode".to_owned(), mode.into());
        let why = refusal(world.open(&world.theirs(odd)).await);
        assert!(why.contains(word), "{mode}: {why}");
    }
}

#[tokio::test]
async fn a_redirect_is_followed_and_takes_no_token_elsewhere() {
    let world = World::new().await;
    let file = world.theirs(cat());
    world.slack.spoil_downloads(DownloadFault::Redirect, 1);
    assert_eq!(world.open(&file).await.unwrap().into_bytes(100).await.unwrap(), BYTES);
    world.slack.spoil_downloads(DownloadFault::RedirectTo("http://127.0.0.1:1/".to_owned()), 1);
    let why = refusal(world.open(&file).await);
    assert!(why.contains("public https address"), "{why}");
}

#[tokio::test]
async fn an_answer_that_is_not_the_file_is_told_in_words() {
    let world = World::new().await;
    let file = world.theirs(cat());
    for (fault, word) in [
        (DownloadFault::LoginPage, "files:read"),
        (DownloadFault::Status(403), "HTTP status 403"),
        (DownloadFault::Status(404), "any more"),
    ] {
        world.slack.spoil_downloads(fault.clone(), 1);
        let why = refusal(world.open(&file).await);
        assert!(why.contains(word), "{fault:?}: {why}");
    }
    let foreign = File::new(bridge_core::content::FileSource::new("mxc://hs/1"), "a");
    assert!(refusal(world.open(&foreign).await).contains("not a file of Slack"));
}

#[tokio::test]
async fn a_failure_that_passes_is_tried_again() {
    let world = World::new().await;
    let file = world.theirs(cat());
    world.slack.spoil_downloads(DownloadFault::Status(503), 1);
    let error = world.open(&file).await.unwrap_err();
    assert!(matches!(error, NetworkError::Transient(_)), "{error:?}");
    world.slack.spoil_downloads(DownloadFault::RateLimited(7), 1);
    let error = world.open(&file).await.unwrap_err();
    assert!(matches!(error, NetworkError::RateLimited(wait) if wait.as_secs() == 7), "{error:?}");
    world.slack.spoil_downloads(DownloadFault::Truncated(5), 1);
    let whole = async { world.open(&file).await?.into_bytes(100).await };
    let broken = whole.await.unwrap_err();
    assert!(matches!(broken, NetworkError::Transient(_)), "{broken:?}");
    assert_eq!(world.open(&file).await.unwrap().into_bytes(100).await.unwrap(), BYTES);
}
