//! Writes small files of each type that posts consist of.

/// A picture as PNG, whole.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().expect("a header");
    let pixels = vec![128; (width * height) as usize];
    writer.write_image_data(&pixels).expect("a picture");
    writer.finish().expect("an end");
    bytes
}

/// The frame of a JPEG: what says its type and size, with an application's block before it, and no picture.
pub fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xe0, 0, 16];
    bytes.extend(b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    // A block larger than what is read at a time, as cameras write it.
    bytes.extend([0xff, 0xe1, 0x80, 0x02]);
    bytes.extend(vec![0; 0x8000]);
    bytes.extend([0xff, 0xc2, 0, 11, 8]);
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.extend([1, 1, 0x11, 0, 0xff, 0xda, 0, 2, 0, 0xff, 0xd9]);
    bytes
}

/// The head of a GIF.
pub fn gif(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = b"GIF89a".to_vec();
    bytes.extend(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    bytes.extend([0, 0, 0, 0x3b]);
    bytes
}

/// The head of a WebP in its extended form.
pub fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
    bytes.extend(&(width - 1).to_le_bytes()[..3]);
    bytes.extend(&(height - 1).to_le_bytes()[..3]);
    bytes
}

/// An MP4 with a sound track and a video track of these measures. `at_end`: its description follows its data.
pub fn mp4(width: u16, height: u16, duration_ms: u32, at_end: bool) -> Vec<u8> {
    let track = |width: u16, height: u16, kind: [u8; 4]| {
        let mut head = vec![0; 84];
        head[76..78].copy_from_slice(&width.to_be_bytes());
        head[80..82].copy_from_slice(&height.to_be_bytes());
        let mut handler = vec![0; 8];
        handler.extend(kind);
        handler.extend([0; 12]);
        boxed(*b"trak", &[boxed(*b"tkhd", &head), boxed(*b"mdia", &boxed(*b"hdlr", &handler))].concat())
    };
    let mut head = vec![0; 100];
    head[12..16].copy_from_slice(&1_000_u32.to_be_bytes());
    head[16..20].copy_from_slice(&duration_ms.to_be_bytes());
    let description =
        [boxed(*b"mvhd", &head), track(0, 0, *b"soun"), track(width, height, *b"vide")].concat();
    let description = boxed(*b"moov", &description);
    let data = boxed(*b"mdat", &[7; 5_000]);
    let begin = boxed(*b"ftyp", b"isom\0\0\x02\0isomiso2avc1mp41");
    if at_end { [begin, data, description].concat() } else { [begin, description, data].concat() }
}

fn boxed(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 8).expect("a small box");
    [&length.to_be_bytes(), &kind, content].concat()
}
