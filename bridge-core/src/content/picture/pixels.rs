//! Decodes a small PNG or JPEG, within limits, to as many pixels as a blur needs.

use std::io::Cursor;

use png::{ColorType, Transformations};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// The largest side of a picture that is decoded.
const LARGEST_SIDE: u32 = 1_280;
/// What decoding may take, in bytes.
const MEMORY: usize = 16 * 1024 * 1024;
/// The largest side of what is kept: a blur needs no more.
const KEPT_SIDE: u32 = 64;

/// A few pixels, each red, green and blue.
pub(super) struct Pixels {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) colors: Vec<[u8; 3]>,
}

/// The pixels of a picture; none for another kind, and for one that is too large or broken.
pub(super) fn read(bytes: &[u8]) -> Option<Pixels> {
    match super::media_type(bytes)? {
        "image/png" => png(bytes),
        "image/jpeg" => jpeg(bytes),
        _ => None,
    }
}

fn png(bytes: &[u8]) -> Option<Pixels> {
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: MEMORY });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().ok()?;
    let (width, height) = reader.info().size();
    let length = reader.output_buffer_size().filter(|length| *length <= MEMORY)?;
    let mut buffer = vec![0; length];
    let (color, _) = reader.output_color_type();
    fits(width, height)?;
    reader.next_frame(&mut buffer).ok()?;
    Some(match color {
        ColorType::Rgb => small(width, height, 3, &buffer, |pixel| [pixel[0], pixel[1], pixel[2]]),
        ColorType::Rgba => small(width, height, 4, &buffer, |pixel| {
            [0, 1, 2].map(|channel| on_white(pixel[channel], pixel[3]))
        }),
        ColorType::GrayscaleAlpha => {
            small(width, height, 2, &buffer, |pixel| [on_white(pixel[0], pixel[1]); 3])
        }
        ColorType::Grayscale => small(width, height, 1, &buffer, |pixel| [pixel[0]; 3]),
        ColorType::Indexed => return None,
    })
}

fn jpeg(bytes: &[u8]) -> Option<Pixels> {
    let side = LARGEST_SIDE as usize;
    let options = DecoderOptions::default()
        .set_max_width(side)
        .set_max_height(side)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().ok()?;
    let (width, height) = decoder.dimensions()?;
    let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    fits(width, height)?;
    let buffer = decoder.decode().ok()?;
    Some(small(width, height, 3, &buffer, |pixel| [pixel[0], pixel[1], pixel[2]]))
}

fn fits(width: u32, height: u32) -> Option<()> {
    (1..=LARGEST_SIDE).contains(&width).then_some(())?;
    (1..=LARGEST_SIDE).contains(&height).then_some(())
}

/// The color of a pixel that lets something through, as it is seen on white.
fn on_white(color: u8, alpha: u8) -> u8 {
    let (color, alpha) = (u32::from(color), u32::from(alpha));
    u8::try_from((color * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
}

/// Every so-manieth pixel.
fn small(
    width: u32,
    height: u32,
    channels: usize,
    buffer: &[u8],
    color: impl Fn(&[u8]) -> [u8; 3],
) -> Pixels {
    let kept = |side: u32| side.min(KEPT_SIDE) as usize;
    let place = |at: usize, kept: usize, side: u32| (2 * at + 1) * side as usize / (2 * kept);
    let (kept_width, kept_height) = (kept(width), kept(height));
    let places = (0..kept_height).flat_map(|y| (0..kept_width).map(move |x| (x, y)));
    let colors = places.map(|(x, y)| {
        let at = place(y, kept_height, height) * width as usize + place(x, kept_width, width);
        buffer.get(at * channels..(at + 1) * channels).map_or([u8::MAX; 3], &color)
    });
    Pixels { width: kept_width, height: kept_height, colors: colors.collect() }
}
