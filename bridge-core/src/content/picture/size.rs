//! Reads width and height from the beginning of a picture.

/// Width and height in pixels as the first bytes tell them. None: not told by so many bytes, or no picture of a known kind.
pub fn size(head: &[u8]) -> Option<(u32, u32)> {
    let (width, height) = match super::media_type(head)? {
        "image/png" => (big_endian(head, 16, 4)?, big_endian(head, 20, 4)?),
        "image/gif" => (little_endian(head, 6, 2)?, little_endian(head, 8, 2)?),
        "image/webp" => webp(head)?,
        _ => jpeg(head)?,
    };
    (width > 0 && height > 0).then_some((width, height))
}

/// The first chunk says it, in one of three forms.
fn webp(head: &[u8]) -> Option<(u32, u32)> {
    match head.get(12..16)? {
        b"VP8X" => Some((little_endian(head, 24, 3)? + 1, little_endian(head, 27, 3)? + 1)),
        b"VP8L" => {
            let bits = little_endian(head, 21, 4)?;
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8 " => Some((little_endian(head, 26, 2)? & 0x3fff, little_endian(head, 28, 2)? & 0x3fff)),
        _ => None,
    }
}

/// Goes from segment to segment until the one that begins the picture. A camera that was held upright says so before.
fn jpeg(head: &[u8]) -> Option<(u32, u32)> {
    let (mut at, mut is_turned) = (2, false);
    loop {
        while *head.get(at)? == 0xff && *head.get(at + 1)? == 0xff {
            at += 1;
        }
        let (marker, length) = (*head.get(at + 1)?, big_endian(head, at + 2, 2)? as usize);
        match marker {
            _ if *head.get(at)? != 0xff => return None,
            // Beginnings of pictures, without the tables of the same row.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let (height, width) = (big_endian(head, at + 5, 2)?, big_endian(head, at + 7, 2)?);
                return Some(if is_turned { (height, width) } else { (width, height) });
            }
            0xe1 => is_turned |= head.get(at + 4..at + 2 + length).is_some_and(is_turned_by),
            0xd9 | 0xda => return None,
            _ => {}
        }
        at += 2 + length.max(2);
    }
}

/// Whether an Exif segment says that width and height are shown the other way around.
fn is_turned_by(segment: &[u8]) -> bool {
    let Some(tiff) = segment.strip_prefix(b"Exif\0\0") else { return false };
    let number: fn(&[u8], usize, usize) -> Option<u32> = match tiff.get(..2) {
        Some(b"II") => little_endian,
        Some(b"MM") => big_endian,
        _ => return false,
    };
    let orientation = || {
        let table = number(tiff, 4, 4)? as usize;
        let entries = number(tiff, table, 2)?.min(1_000) as usize;
        let mut places = (0..entries).map(|entry| table + 2 + entry * 12);
        let place = places.find(|place| number(tiff, *place, 2) == Some(0x112))?;
        number(tiff, place + 8, 2)
    };
    matches!(orientation(), Some(5..=8))
}

fn big_endian(bytes: &[u8], at: usize, count: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(count)?)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

fn little_endian(bytes: &[u8], at: usize, count: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(count)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}
