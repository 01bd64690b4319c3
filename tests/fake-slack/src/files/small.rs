//! Smaller pictures of PNGs, as Slack makes them of whatever is uploaded.
use std::io::Cursor;

use axum::body::Bytes;
use png::{BitDepth, ColorType, Transformations};

/// Width and height within an edge; a picture is never made larger.
pub(crate) fn within(edge: u32, width: u32, height: u32) -> (u32, u32) {
    let largest = width.max(height).max(1);
    let scale = |side: u32| (side * edge.min(largest) / largest).max(1);
    (scale(width), scale(height))
}

/// The picture within an edge. `None` for what is no PNG.
pub(crate) fn small(bytes: &[u8], edge: u32) -> Option<Bytes> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(Transformations::ALPHA | Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().ok()?;
    let (width, height) = reader.info().size();
    let (color, _) = reader.output_color_type();
    let channels = match color {
        ColorType::Rgba => 4,
        ColorType::GrayscaleAlpha => 2,
        _ => return None,
    };
    let mut pixels = vec![0; reader.output_buffer_size()?];
    reader.next_frame(&mut pixels).ok()?;
    let (small_width, small_height) = within(edge, width, height);
    let mut kept = Vec::new();
    for (y, x) in (0..small_height).flat_map(|y| (0..small_width).map(move |x| (y, x))) {
        let place = (y * height / small_height * width + x * width / small_width) as usize * channels;
        kept.extend_from_slice(pixels.get(place..place + channels)?);
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, small_width, small_height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    encoder.write_header().ok()?.write_image_data(&kept).ok()?;
    Some(file.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_made_smaller_never_larger() {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 800, 400);
        encoder.set_color(ColorType::Rgb);
        encoder.write_header().unwrap().write_image_data(&vec![7; 800 * 400 * 3]).unwrap();
        for (edge, expected) in [(360, (360, 180)), (1_024, (800, 400))] {
            let made = small(&file, edge).unwrap();
            let made = png::Decoder::new(Cursor::new(&made[..])).read_info().unwrap().info().size();
            assert_eq!((made, within(edge, 800, 400)), (expected, expected));
        }
        assert!(small(b"no picture", 360).is_none());
    }
}
