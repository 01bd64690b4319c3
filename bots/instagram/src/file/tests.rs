//! Each type is told by its bytes, and any bytes are read without harm.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::io::Cursor;

use proptest::prelude::*;

use super::{FileKind, Measures, measure};
use crate::testing::files;

fn of(bytes: &[u8]) -> Option<Measures> {
    measure(&mut Cursor::new(bytes))
}

fn picture(kind: FileKind, width: u32, height: u32) -> Measures {
    Measures { kind, width: Some(width), height: Some(height), duration_ms: None }
}

fn whole_files() -> Vec<(Vec<u8>, Measures)> {
    let video =
        Measures { kind: FileKind::Mp4, width: Some(320), height: Some(568), duration_ms: Some(61_500) };
    vec![
        (files::jpeg(1080, 1350), picture(FileKind::Jpeg, 1080, 1350)),
        (files::png(64, 48), picture(FileKind::Png, 64, 48)),
        (files::gif(300, 200), picture(FileKind::Gif, 300, 200)),
        (files::webp(640, 801), picture(FileKind::Webp, 640, 801)),
        (files::mp4(320, 568, 61_500, false), video),
        (files::mp4(320, 568, 61_500, true), video),
    ]
}

#[test]
fn each_type_is_told_by_its_bytes() {
    for (bytes, measures) in whole_files() {
        assert_eq!(of(&bytes), Some(measures));
    }
    let lossless = b"RIFF\x16\0\0\0WEBPVP8L\x0a\0\0\0\x2f\x7f\x02\x19\x00\0\0\0\0\0\0\0";
    assert_eq!(of(lossless), Some(picture(FileKind::Webp, 640, 101)));
    let lossy = b"RIFF\x16\0\0\0WEBPVP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a\x80\x02\x65\0\0\0\0\0";
    assert_eq!(of(lossy), Some(picture(FileKind::Webp, 640, 101)));
}

#[test]
fn a_video_on_its_side_is_measured_as_shown() {
    let mut bytes = files::mp4(320, 568, 1_000, false);
    // The matrix of the second track's head: 0, 1 in the place of 1, 0.
    let head = bytes.windows(4).rposition(|window| window == b"tkhd").unwrap() + 4;
    bytes[head + 45] = 1;
    let measures = of(&bytes).unwrap();
    assert_eq!((measures.width, measures.height), (Some(568), Some(320)));
}

#[test]
fn other_types_are_none() {
    for other in [
        b"<html>Please log in</html>".as_slice(),
        b"",
        b"\xff\xd8\xff",
        b"%PDF-1.7",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\0\0\0\0\0",
        b"{\"message\":\"no\"}",
    ] {
        assert_eq!(of(other), None);
    }
}

#[test]
fn a_video_that_was_cut_off_is_none() {
    for at_end in [false, true] {
        let bytes = files::mp4(320, 568, 1_000, at_end);
        for end in (0..bytes.len()).step_by(7) {
            assert_eq!(of(&bytes[..end]), None, "cut at {end}");
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read(which in 0..6_usize, damage in prop::collection::vec((0..400_usize, any::<u8>()), 0..12)) {
        let (mut bytes, _) = whole_files().swap_remove(which);
        // Behind the block that is there to be passed over.
        for (at, byte) in damage {
            let length = bytes.len();
            bytes[at % length] = byte;
            bytes[length - 1 - at % length] = byte;
        }
        let _ = of(&bytes);
    }

    #[test]
    fn any_boxes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = of(&[b"\0\0\0\x0cftypisom".as_slice(), &bytes].concat());
        let _ = of(&[b"\xff\xd8\xff".as_slice(), &bytes].concat());
    }
}
