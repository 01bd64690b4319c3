//! Sizes and blurs of pictures made here, and what broken ones give.
#![allow(clippy::unwrap_used, reason = "tests")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{blurhash, media_type, size};

/// A PNG whose color is a function of the place.
fn png(width: u32, height: u32, color: impl Fn(u32, u32) -> [u8; 3]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let pixels: Vec<u8> = places.flat_map(|(x, y)| color(x, y)).collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    file
}

#[test]
fn a_blurhash_is_as_others_write_it() {
    // Compared with the reference implementation in Python, at the same places of the picture.
    let one = png(32, 32, |_, _| [255, 0, 0]);
    assert_eq!(blurhash(&one).unwrap(), "L9TI:j|cfQ|c|co1fQo1fQfQfQfQ");
    let gradient = png(64, 48, |x, y| [(x * 4).try_into().unwrap(), (y * 5).try_into().unwrap(), 128]);
    assert_eq!(blurhash(&gradient).unwrap(), "L#HLF[2Y$5SgmGazjtf7gJfjfQfj");
}

#[test]
fn a_large_picture_is_blurred_like_a_small_one_and_a_huge_one_is_not() {
    let color = |x: u32, y: u32| if x < y { [200, 10, 10] } else { [10, 10, 200] };
    let large = png(640, 640, |x, y| color(x / 10, y / 10));
    assert_eq!(blurhash(&large), blurhash(&png(64, 64, color)));
    assert_eq!(blurhash(&png(3_000, 2, |_, _| [0; 3])), None);
}

#[test]
fn sizes_stand_at_the_beginning() {
    let picture = png(640, 48, |_, _| [9; 3]);
    assert_eq!((media_type(&picture), size(&picture[..24])), (Some("image/png"), Some((640, 48))));
    assert_eq!(size(&picture[..23]), None);
    assert_eq!(size(b"GIF89a\x10\x01\x02\x00rest"), Some((272, 2)));
    assert_eq!(size(b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0"), Some((640, 480)));
    assert_eq!(size(b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x7f\xc2\x77\0"), Some((640, 480)));
    assert_eq!(size(b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x80\x02\xe0\x01"), Some((640, 480)));
    for nothing in [&b""[..], b"\x89PNG", b"<svg/>", b"RIFF\0\0\0\0WEBPVP8Y", b"GIF89a\0\0\0\0"] {
        assert_eq!(size(nothing), None);
    }
}

#[test]
fn a_jpeg_says_how_it_is_held() {
    let frame = b"\xff\xc0\x00\x0b\x08\x01\xe0\x02\x80\x01\x01\x11\x00";
    let plain = [&b"\xff\xd8\xff\xe0\x00\x04ab"[..], frame].concat();
    assert_eq!(size(&plain), Some((640, 480)));
    // Exif, big endian: one entry, orientation 6.
    let exif = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let turned = [&b"\xff\xd8"[..], exif, frame].concat();
    assert_eq!(size(&turned), Some((480, 640)));
    for end in 0..turned.len() - 5 {
        assert_eq!(size(&turned[..end]), None, "{end} bytes");
    }
}

/// 24 by 16 pixels, 321 bytes.
const JPEG: &str = "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6j\
    q62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSk\
    pKSkpKSkpKT/wAARCAAQABgDASIAAhEBAxEB/8QAFwAAAwEAAAAAAAAAAAAAAAAAAAMEBf/EABcQAAMBAAAAAAAAAAAAAAAAAAAC\
    BGH/xAAVAQEBAAAAAAAAAAAAAAAAAAADBf/EABkRAAIDAQAAAAAAAAAAAAAAAAADAQIEIf/aAAwDAQACEQMRAD8Ayknwek+FyT4P\
    SfBLOBToIUnwDVSfAAlxUpo4f//Z";

#[test]
fn a_jpeg_is_blurred_too() {
    let whole = STANDARD.decode(JPEG).unwrap();
    assert_eq!(size(&whole), Some((24, 16)));
    assert_eq!(blurhash(&whole).map(|hash| hash.len()), Some(28));
}

#[test]
fn broken_pictures_give_nothing() {
    let whole = png(64, 64, |x, y| [(x * y % 256).try_into().unwrap(); 3]);
    assert_eq!(blurhash(&whole[..whole.len() / 2]), None);
    for broken in [&b""[..], b"GIF89a", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"] {
        assert_eq!(blurhash(broken), None);
    }
}
