//! What Slack calls a file by its name: type, words for people, media type.

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileKind {
    /// Slack's `filetype`.
    pub(crate) filetype: &'static str,
    /// What people read.
    pub(crate) pretty: &'static str,
    /// The media type.
    pub(crate) mimetype: &'static str,
}

/// Endings of names with what they mean.
const KINDS: &[(&str, &str, &str, &str)] = &[
    ("png", "png", "PNG", "image/png"),
    ("jpg", "jpg", "JPEG", "image/jpeg"),
    ("jpeg", "jpg", "JPEG", "image/jpeg"),
    ("gif", "gif", "GIF", "image/gif"),
    ("webp", "webp", "WEBP", "image/webp"),
    ("svg", "svg", "SVG", "image/svg+xml"),
    ("heic", "heic", "HEIC", "image/heic"),
    ("mp4", "mp4", "MPEG 4 Video", "video/mp4"),
    ("mov", "mov", "QuickTime Movie", "video/quicktime"),
    ("webm", "webm", "WebM", "video/webm"),
    ("mp3", "mp3", "MP3", "audio/mpeg"),
    ("m4a", "m4a", "MPEG 4 Audio", "audio/mp4"),
    ("ogg", "ogg", "OGG", "audio/ogg"),
    ("wav", "wav", "WAV", "audio/wav"),
    ("pdf", "pdf", "PDF", "application/pdf"),
    ("txt", "text", "Plain Text", "text/plain"),
    ("md", "markdown", "Markdown (raw)", "text/plain"),
    ("html", "html", "HTML", "text/html"),
    ("csv", "csv", "CSV", "text/csv"),
    ("json", "javascript", "JSON", "application/json"),
    ("zip", "zip", "Zip", "application/zip"),
];

impl FileKind {
    /// The kind that a file's name speaks of.
    pub(crate) fn of(name: &str) -> Self {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
        let found = KINDS.iter().find(|kind| kind.0 == ending);
        let (_, filetype, pretty, mimetype) =
            found.copied().unwrap_or(("", "binary", "Binary", "application/octet-stream"));
        Self { filetype, pretty, mimetype }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_kinds() {
        assert_eq!(FileKind::of("Cat.PNG").mimetype, "image/png");
        assert_eq!(FileKind::of("a.b.jpeg").filetype, "jpg");
        assert_eq!(FileKind::of("README").mimetype, "application/octet-stream");
    }
}
