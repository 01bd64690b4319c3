//! Programs that do, or do not do, what is asked, as scripts.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::os::unix::fs::PermissionsExt as _;

use bridge_core::content::FileSource;
use tempfile::TempDir;
use tokio::sync::Mutex;

use super::*;

/// A program that was just written cannot be started while another test's child may still hold it open.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// A program that runs these lines, with the result's path in `$made`.
fn program(lines: &str) -> (TempDir, Transcoder) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ffmpeg");
    fs::write(&path, format!("#!/bin/sh\nfor made; do :; done\n{lines}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let transcoder = Transcoder::find(path.to_str().unwrap()).unwrap();
    (folder, transcoder)
}

fn recording(content: &'static [u8]) -> FileStream {
    FileBytes::of_bytes(content.into()).stream
}

#[tokio::test]
async fn what_the_program_makes_is_the_result() {
    let _one = ONE_AT_A_TIME.lock().await;
    let (folder, transcoder) = program(
        "{ printf 'made of '; cat; } > \"$made\"
        exec 3>&1
        { stat -L -c %h /proc/$$/fd/3 || echo 0; } > \"$0.names\"",
    );
    let mut made = transcoder.convert(recording(b"a voice")).await.unwrap();
    assert_eq!((made.size, made.media_type.take().as_deref()), (Some(15), Some("audio/mp4")));
    assert_eq!(made.into_bytes(100).await.unwrap(), "made of a voice");
    let names = fs::read_to_string(folder.path().join("ffmpeg.names")).unwrap();
    assert_eq!(names.trim(), "0", "a crash would leave the file");
}

#[tokio::test]
async fn what_it_does_not_make_is_a_failure_of_the_program() {
    let _one = ONE_AT_A_TIME.lock().await;
    for (lines, word) in [
        ("cat > \"$made\"; exit 3", "exit status: 3"),
        ("exit 0", "0 bytes"),
        ("cat > /dev/null; : > \"$made\"", "0 bytes"),
    ] {
        let (_folder, transcoder) = program(lines);
        let failure = transcoder.convert(recording(b"a voice")).await;
        assert!(matches!(&failure, Err(Failure::Program(why)) if why.contains(word)), "{lines}: {failure:?}");
    }
}

#[tokio::test]
async fn a_recording_that_breaks_off_is_a_failure_of_its_side() {
    let _one = ONE_AT_A_TIME.lock().await;
    let (_folder, transcoder) = program("cat > \"$made\"");
    let pieces = [Ok("half".into()), Err(NetworkError::Transient("broken off".to_owned()))];
    let failure = transcoder.convert(Box::pin(futures_util::stream::iter(pieces))).await;
    assert!(matches!(failure, Err(Failure::Source(NetworkError::Transient(_)))), "{failure:?}");
}

#[tokio::test]
async fn a_recording_is_read_to_its_end_although_the_program_is_content_earlier() {
    let _one = ONE_AT_A_TIME.lock().await;
    let (_folder, transcoder) = program("echo made > \"$made\"; exit 0");
    // More than a pipe holds, so that a piece finds nobody any more.
    let good = std::iter::repeat_with(|| Ok(vec![7; 64 * 1024].into())).take(8);
    let pieces = good.chain([Err(NetworkError::Rejected("differs".to_owned()))]);
    let failure = transcoder.convert(Box::pin(futures_util::stream::iter(pieces))).await;
    assert!(matches!(failure, Err(Failure::Source(NetworkError::Rejected(_)))), "{failure:?}");
}

#[test]
fn only_voice_in_ogg_is_taken() {
    let (_folder, transcoder) = program("");
    let file = |kind: &str| File::new(FileSource::new("x"), "voice.ogg").of_type(kind);
    let voice = |kind: &str| {
        let mut file = file(kind);
        file.kind = FileKind::Voice;
        file
    };
    assert!(transcoder.takes(&voice("audio/ogg; codecs=opus")));
    assert!(!transcoder.takes(&voice("audio/mp4")) && !transcoder.takes(&file("audio/ogg")));
    assert!(!Transcoder::find("off").unwrap().takes(&voice("audio/ogg")));
    assert!(!Transcoder::find("no such program anywhere").unwrap().takes(&voice("audio/ogg")));
    assert!(Transcoder::find("sh").unwrap().takes(&voice("audio/ogg")), "found in PATH");
    assert_eq!(
        (name("Voice message.ogg").as_str(), name(".ogg").as_str()),
        ("Voice message.m4a", "voice.m4a")
    );
}
