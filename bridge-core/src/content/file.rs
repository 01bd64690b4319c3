//! A file within a message: what it is, and where its bytes are.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::RichText;

/// Where a file's bytes are, in the words of the side it comes from. Only that side reads them. It may hold a key, so
/// it does not print.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileSource(String);

impl FileSource {
    /// Wraps the side's own words.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The side's own words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for FileSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileSource")
    }
}

/// How a file is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FileKind {
    /// By its name, to be saved.
    #[default]
    File,
    /// As a picture.
    Image,
    /// As a video.
    Video,
    /// As something to listen to.
    Audio,
    /// As something that was said.
    Voice,
}

impl FileKind {
    /// The kind of a media type such as `image/png`.
    pub fn of_media_type(media_type: &str) -> Self {
        match media_type.split_once('/').map(|(group, _)| group) {
            // Matrix programs show no vector pictures, and some run what is in them.
            Some("image") if !media_type.starts_with("image/svg") => Self::Image,
            Some("video") => Self::Video,
            Some("audio") => Self::Audio,
            _ => Self::File,
        }
    }
}

/// A file, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct File {
    /// Where the bytes are.
    pub source: FileSource,
    /// Its name with its ending; never empty.
    pub name: String,
    /// The media type, if known (`image/png`).
    pub media_type: Option<String>,
    /// The length in bytes, if known.
    pub size: Option<u64>,
    /// How it is shown.
    pub kind: FileKind,
    /// Width in pixels.
    pub width: Option<u32>,
    /// Height in pixels.
    pub height: Option<u32>,
    /// How long it plays, in milliseconds.
    pub duration_ms: Option<u64>,
    /// How loud a voice message is over its course, each value from 0 to 1024; empty if not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waveform: Vec<u16>,
    /// A smaller picture of it, ready made on its own side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Box<Preview>>,
    /// What is said about it.
    pub caption: Option<RichText>,
    /// A page on its own side where people can open it; shown where the file itself cannot be carried over.
    pub page_url: Option<String>,
}

/// A smaller picture of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Where its bytes are; opened like the file itself.
    pub source: FileSource,
    /// Width and height in pixels, if known.
    pub dimensions: Option<(u32, u32)>,
}

impl File {
    /// A file of which the rest is not known.
    pub fn new(source: FileSource, name: impl Into<String>) -> Self {
        Self {
            source,
            name: name.into(),
            media_type: None,
            size: None,
            kind: FileKind::File,
            width: None,
            height: None,
            duration_ms: None,
            waveform: Vec::new(),
            preview: None,
            caption: None,
            page_url: None,
        }
    }

    /// The same, with its media type, which also says how it is shown.
    #[must_use]
    pub fn of_type(mut self, media_type: impl Into<String>) -> Self {
        let media_type = media_type.into();
        self.kind = FileKind::of_media_type(&media_type);
        self.media_type = Some(media_type);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_does_not_print() {
        let file = File::new(FileSource::new("canary"), "a.png").of_type("image/png");
        assert!(!format!("{file:?}").contains("canary"));
        assert_eq!(file.kind, FileKind::Image);
        assert_eq!(FileKind::of_media_type("image/svg+xml"), FileKind::File);
    }
}
