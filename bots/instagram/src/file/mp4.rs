//! Reads the description of an MP4: its boxes are passed over one by one, only a few small ones are read.

use std::io::{Read, Seek, SeekFrom};

use super::{FileKind, Measures, be32};

/// How many boxes are passed over.
const MOST_BOXES: usize = 4_000;

/// Whether a file of this brand is a video and not a picture in the same container.
pub(super) fn is_video_brand(brand: &[u8]) -> bool {
    !matches!(brand, b"heic" | b"heix" | b"hevc" | b"mif1" | b"msf1" | b"avif" | b"avis" | b"qt  " | b"M4A ")
}

/// What the description says; `None` if the file ends before its boxes do, or is described nowhere.
pub(super) fn measure(file: &mut (impl Read + Seek), length: u64) -> Option<Measures> {
    let mut boxes = Boxes { file, left: MOST_BOXES };
    let whole = Span { from: 0, to: length };
    let parts = boxes.all(whole)?;
    let has_data = parts.iter().any(|(kind, _)| kind == b"mdat");
    if !has_data || parts.last().is_some_and(|(_, span)| span.to != length) {
        return None;
    }
    let description = parts.into_iter().find(|found| found.0 == *b"moov")?.1;
    let mut measures = Measures { kind: FileKind::Mp4, width: None, height: None, duration_ms: None };
    for (kind, span) in boxes.all(description)? {
        match &kind {
            b"mvhd" => measures.duration_ms = boxes.duration(span).or(measures.duration_ms),
            b"trak" => {
                if let Some((width, height)) = boxes.video_track(span)?
                    && measures.width.is_none()
                {
                    measures.width = Some(width);
                    measures.height = Some(height);
                }
            }
            _ => {}
        }
    }
    // A video that is written in pieces says 0 here.
    measures.duration_ms = measures.duration_ms.filter(|length| *length > 0);
    Some(measures)
}

#[derive(Debug, Clone, Copy)]
struct Span {
    from: u64,
    to: u64,
}

struct Boxes<'a, F> {
    file: &'a mut F,
    left: usize,
}

impl<F: Read + Seek> Boxes<'_, F> {
    /// The boxes of a span with their content; `None` if one does not fit into it.
    fn all(&mut self, span: Span) -> Option<Vec<([u8; 4], Span)>> {
        let mut found = Vec::new();
        let mut at = span.from;
        while at + 8 <= span.to {
            self.left = self.left.checked_sub(1)?;
            let head: [u8; 8] = self.read(at)?;
            let kind = [head[4], head[5], head[6], head[7]];
            let (content, length) = match be32(&head[..4]) {
                0 => (at + 8, span.to - at),
                1 => {
                    let long: [u8; 8] = self.read(at + 8)?;
                    (at + 16, u64::from_be_bytes(long))
                }
                length => (at + 8, u64::from(length)),
            };
            let end = at.checked_add(length).filter(|end| *end <= span.to && *end >= content)?;
            found.push((kind, Span { from: content, to: end }));
            at = end;
        }
        Some(found)
    }

    /// The length in milliseconds, from the head of the whole.
    fn duration(&mut self, span: Span) -> Option<u64> {
        let version: [u8; 1] = self.within(span, 0)?;
        let (scale, length) = if version == [1] {
            (self.within(span, 20)?, u64::from_be_bytes(self.within(span, 24)?))
        } else {
            (self.within(span, 12)?, u64::from(u32::from_be_bytes(self.within(span, 16)?)))
        };
        let scale = u64::from(u32::from_be_bytes(scale));
        length.checked_mul(1_000)?.checked_div(scale)
    }

    /// The picture's size as shown, if the track is one of pictures. The outer `None`: a box does not fit.
    #[allow(clippy::option_option, reason = "a track without pictures is no fault")]
    fn video_track(&mut self, track: Span) -> Option<Option<(u32, u32)>> {
        let (mut size, mut is_video) = (None, false);
        for (kind, span) in self.all(track)? {
            match &kind {
                b"tkhd" => size = self.size(span),
                b"mdia" => {
                    for (kind, span) in self.all(span)? {
                        is_video |= kind == *b"hdlr" && self.within(span, 8) == Some(*b"vide");
                    }
                }
                _ => {}
            }
        }
        Some(size.filter(|_| is_video))
    }

    fn size(&mut self, head: Span) -> Option<(u32, u32)> {
        let version: [u8; 1] = self.within(head, 0)?;
        let shift = if version == [1] { 12 } else { 0 };
        // The matrix turns the picture: with its first number 0 it lies on its side.
        let matrix: [u8; 8] = self.within(head, 40 + shift)?;
        let sizes: [u8; 8] = self.within(head, 76 + shift)?;
        let (width, height) = (be32(&sizes[..2]), be32(&sizes[4..6]));
        let is_turned = matrix[..4] == [0; 4] && matrix[4..] != [0; 4];
        let (width, height) = if is_turned { (height, width) } else { (width, height) };
        Some((width, height)).filter(|(width, height)| *width > 0 && *height > 0)
    }

    fn within<const N: usize>(&mut self, span: Span, at: u64) -> Option<[u8; N]> {
        let from = span.from + at;
        if from + N as u64 > span.to { None } else { self.read(from) }
    }

    fn read<const N: usize>(&mut self, at: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.file.seek(SeekFrom::Start(at)).ok()?;
        self.file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }
}
