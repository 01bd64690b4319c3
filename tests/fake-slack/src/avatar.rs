//! Pictures: a small PNG for any name, the same name always the same picture.
use axum::body::Body;
use axum::extract::Path;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

/// `GET /avatars/<name>-<size>.png`
pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    let Some(stem) = name.strip_suffix(".png") else { return not_found() };
    let (subject, size) = stem.rsplit_once('-').unwrap_or((stem, "64"));
    let size = size.parse::<u32>().unwrap_or(64).clamp(8, 512);
    let Ok(png) = draw(subject, size) else { return not_found() };
    let mut response = Response::new(Body::from(png));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    response
}

fn not_found() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// A pattern of five by five squares, mirrored, in a colour of its own.
fn draw(subject: &str, size: u32) -> Result<Vec<u8>, png::EncodingError> {
    // FNV-1a: spreads short names well enough for pictures.
    let hash = subject.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let [red, green, blue, ..] = hash.to_le_bytes();
    let palette = vec![238, 238, 238, red / 2 + 40, green / 2 + 40, blue / 2 + 40];
    let filled = |row: u32, column: u32| hash >> (24 + row * 3 + column.min(4 - column)) & 1;
    let mut pixels = Vec::with_capacity((size * size) as usize);
    for y in 0..size {
        for x in 0..size {
            pixels.push(u8::try_from(filled(y * 5 / size, x * 5 / size)).unwrap_or(0));
        }
    }
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, size, size);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(palette);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(png)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_png_and_differ_by_name() {
        let alice = draw("alice", 32).unwrap();
        assert!(alice.starts_with(b"\x89PNG"));
        assert_eq!(alice, draw("alice", 32).unwrap());
        assert_ne!(alice, draw("bob", 32).unwrap());
    }
}
