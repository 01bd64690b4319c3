//! What can be told of a picture by looking at its bytes: its kind, its size, and a blur of it.

mod blurhash;
mod pixels;
mod size;

pub use size::size;

/// The media type of a picture, by its first bytes; none for what is no picture that Matrix programs show.
pub fn media_type(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        _ => return None,
    })
}

/// The blurred look of a small picture (`xyz.amorgan.blurhash`), if it is a PNG or JPEG that can be read. Takes some
/// milliseconds of work and some megabytes, whatever the bytes are.
pub fn blurhash(bytes: &[u8]) -> Option<String> {
    Some(blurhash::write(&pixels::read(bytes)?))
}

#[cfg(test)]
mod tests;
