//! What a file really is, told by its bytes: type, size of the picture, length of the video.

mod mp4;

use std::io::{Read, Seek, SeekFrom};

/// A file's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    Webp,
    /// GIF.
    Gif,
    /// MP4.
    Mp4,
}

/// What a file's own bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measures {
    /// Its type.
    pub kind: FileKind,
    /// In pixels, as shown.
    pub width: Option<u32>,
    /// In pixels, as shown.
    pub height: Option<u32>,
    /// A video's length in milliseconds.
    pub duration_ms: Option<u64>,
}

impl FileKind {
    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
            Self::Mp4 => "video/mp4",
        }
    }

    /// The usual ending of its name.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Gif => "gif",
            Self::Mp4 => "mp4",
        }
    }

    /// Whether it is a video.
    pub fn is_video(self) -> bool {
        self == Self::Mp4
    }
}

/// How much of a file's beginning tells its type.
const HEAD: usize = 32;
/// How many blocks of a JPEG are passed over in search of its size.
const MOST_BLOCKS: usize = 500;

/// Reads what a file is; `None` if it is none of the types that posts consist of, or ends before its own end.
pub fn measure(file: &mut (impl Read + Seek)) -> Option<Measures> {
    let length = file.seek(SeekFrom::End(0)).ok()?;
    file.seek(SeekFrom::Start(0)).ok()?;
    let mut head = [0; HEAD];
    let read = usize::try_from(length).unwrap_or(HEAD).min(HEAD);
    file.read_exact(&mut head[..read]).ok()?;
    let of = |kind, (width, height): (u32, u32)| {
        let side = |side| Some(side).filter(|side| *side > 0);
        Measures { kind, width: side(width), height: side(height), duration_ms: None }
    };
    match &head {
        [0xff, 0xd8, 0xff, ..] => Some(of(FileKind::Jpeg, jpeg(file)?)),
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, _, _, _, _, b'I', b'H', b'D', b'R', size @ ..] => {
            Some(of(FileKind::Png, (be32(&size[..4]), be32(&size[4..8]))))
        }
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', size @ ..] => {
            Some(of(FileKind::Gif, (le16(&size[..2]), le16(&size[2..4]))))
        }
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', rest @ ..] => {
            Some(of(FileKind::Webp, webp(rest)?))
        }
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] if mp4::is_video_brand(&brand[..4]) => {
            mp4::measure(file, length)
        }
        _ => None,
    }
}

fn be32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn le16(bytes: &[u8]) -> u32 {
    u32::from(bytes[0]) | u32::from(bytes[1]) << 8
}

fn le24(bytes: &[u8]) -> u32 {
    le16(bytes) | u32::from(bytes[2]) << 16
}

/// The frame's block, after whatever cameras and programs put before it.
fn jpeg(file: &mut (impl Read + Seek)) -> Option<(u32, u32)> {
    file.seek(SeekFrom::Start(2)).ok()?;
    for _ in 0..MOST_BLOCKS {
        let mut block = [0; 4];
        file.read_exact(&mut block).ok()?;
        let [0xff, kind, high, low] = block else { return None };
        match kind {
            // Filling before a block's sign.
            0xff => {
                file.seek(SeekFrom::Current(-3)).ok()?;
            }
            0xc0..=0xcf if !matches!(kind, 0xc4 | 0xc8 | 0xcc) => {
                let mut frame = [0; 5];
                file.read_exact(&mut frame).ok()?;
                return Some((be32(&frame[3..5]), be32(&frame[1..3])));
            }
            // The picture begins or the file ends, without a frame.
            0xd9 | 0xda => return None,
            _ => {
                let length = i64::from(u16::from_be_bytes([high, low]));
                file.seek(SeekFrom::Current(length.checked_sub(2).filter(|rest| *rest >= 0)?)).ok()?;
            }
        }
    }
    None
}

/// The three forms; `rest` begins with the first block's name.
fn webp(rest: &[u8]) -> Option<(u32, u32)> {
    match rest {
        [b'V', b'P', b'8', b'X', _, _, _, _, _, _, _, _, size @ ..] if size.len() >= 6 => {
            Some((le24(&size[..3]) + 1, le24(&size[3..6]) + 1))
        }
        [b'V', b'P', b'8', b'L', _, _, _, _, 0x2f, size @ ..] if size.len() >= 4 => {
            let bits = le16(&size[..2]) | le16(&size[2..4]) << 16;
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        [b'V', b'P', b'8', b' ', _, _, _, _, _, _, _, 0x9d, 0x01, 0x2a, size @ ..] if size.len() >= 4 => {
            Some((le16(&size[..2]) & 0x3fff, le16(&size[2..4]) & 0x3fff))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
