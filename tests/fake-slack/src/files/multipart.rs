//! Takes the file out of a `multipart/form-data` body as it streams in.

/// Reads one body: what comes before the file, the file, what comes after.
#[derive(Debug)]
pub(crate) struct FilePart {
    /// `--boundary`
    opening: Vec<u8>,
    /// `\r\n--boundary`
    closing: Vec<u8>,
    /// Bytes that cannot be judged yet.
    held: Vec<u8>,
    place: Place,
    found: bool,
    name: Option<String>,
}

#[derive(Debug, PartialEq)]
enum Place {
    /// In front of a part's header, or in it.
    Header,
    /// In a part; whether it is the file.
    Inside(bool),
}

impl FilePart {
    /// A reader for a body of this content type; `None` when it is another kind, or names no boundary.
    pub(crate) fn of(content_type: &str) -> Option<Self> {
        let (kind, parameters) = content_type.split_once(';')?;
        if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let boundary = parameters.split(';').find_map(|p| p.trim().strip_prefix("boundary="))?;
        let boundary = boundary.trim_matches('"');
        Some(Self {
            opening: format!("--{boundary}").into_bytes(),
            closing: format!("\r\n--{boundary}").into_bytes(),
            held: Vec::new(),
            place: Place::Header,
            found: false,
            name: None,
        })
    }

    /// Takes the next bytes of the body and hands on those of the file.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut file: impl FnMut(&[u8])) {
        self.held.extend_from_slice(bytes);
        loop {
            let moved = match self.place {
                Place::Header => self.read_header(),
                Place::Inside(is_file) => self.read_part(is_file, &mut file),
            };
            if !moved {
                return;
            }
        }
    }

    /// Whether there was a file in it.
    pub(crate) fn found(&self) -> bool {
        self.found
    }

    /// What the file is called, if that was said.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Reads a part's header if all of it is there.
    fn read_header(&mut self) -> bool {
        let Some(start) = position(&self.held, &self.opening) else { return false };
        let Some(end) = position(&self.held[start..], b"\r\n\r\n") else { return false };
        let header = String::from_utf8_lossy(&self.held[start..start + end]).into_owned();
        let is_file = !self.found && header.contains("filename");
        self.found |= is_file;
        if is_file {
            let quoted = header.split_once("filename=\"").and_then(|(_, rest)| rest.split_once('"'));
            self.name = quoted.map(|(name, _)| name.to_owned()).filter(|name| !name.is_empty());
        }
        self.held.drain(..start + end + 4);
        self.place = Place::Inside(is_file);
        true
    }

    /// Hands on what surely belongs to the part; answers whether the part is at its end.
    fn read_part(&mut self, is_file: bool, file: &mut impl FnMut(&[u8])) -> bool {
        let end = position(&self.held, &self.closing);
        // The last bytes may be the beginning of the boundary.
        let sure = end.unwrap_or_else(|| self.held.len().saturating_sub(self.closing.len()));
        if is_file && sure > 0 {
            file(&self.held[..sure]);
        }
        // The line break in front of the boundary goes too, so that the header's search finds it in place.
        self.held.drain(..sure + if end.is_some() { 2 } else { 0 });
        if end.is_some() {
            self.place = Place::Header;
        }
        end.is_some()
    }
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"--xyz\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nno\r\n--xyz\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\nab\r\n--xy\r\n\0c\r\n--xyz--\r\n";

    #[test]
    fn the_file_comes_out_whole_however_it_was_cut() {
        for size in 1..BODY.len() {
            let mut part = FilePart::of("multipart/form-data; boundary=xyz").unwrap();
            let mut file = Vec::new();
            for chunk in BODY.chunks(size) {
                part.feed(chunk, |bytes| file.extend_from_slice(bytes));
            }
            assert_eq!((part.found(), part.name()), (true, Some("a.bin")));
            assert_eq!(file, b"ab\r\n--xy\r\n\0c", "in pieces of {size}");
        }
    }

    #[test]
    fn other_bodies_are_none() {
        assert!(FilePart::of("application/octet-stream").is_none());
        assert!(FilePart::of("multipart/form-data; charset=x").is_none());
    }
}
