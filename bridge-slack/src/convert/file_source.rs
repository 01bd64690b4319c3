//! What stands for a file of Slack between the reading of a message and the fetching of the bytes.

use bridge_core::content::FileSource;
use serde::{Deserialize, Serialize};

/// A file of Slack: JSON `{"id", "url", "stub"}` within a [`FileSource`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SlackFile {
    /// `F…`; empty where Slack gave none.
    pub id: String,
    /// `url_private`, or `url_private_download`; empty where the message does not say.
    pub url: String,
    /// Whether the message says nothing but the id, as in channels shared between workspaces
    /// (`file_access: check_file_info`): the rest is asked for.
    pub stub: bool,
}

impl SlackFile {
    /// As the core keeps it.
    pub fn write(&self) -> FileSource {
        FileSource::new(serde_json::json!(self).to_string())
    }

    /// Out of what the core kept. None for a source that is not Slack's.
    pub fn read(source: &FileSource) -> Option<Self> {
        let file: Self = serde_json::from_str(source.as_str()).ok()?;
        (!file.id.is_empty() || !file.url.is_empty()).then_some(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back() {
        let file =
            SlackFile { id: "F1".to_owned(), url: "https://files.slack.com/a".to_owned(), stub: false };
        assert_eq!(SlackFile::read(&file.write()), Some(file));
        let stub = SlackFile { id: "F1".to_owned(), stub: true, ..SlackFile::default() };
        assert_eq!(SlackFile::read(&FileSource::new(r#"{"id":"F1","stub":true}"#)), Some(stub));
        for other in ["", "mxc://hs/a", "{}", "[1]", "7"] {
            assert_eq!(SlackFile::read(&FileSource::new(other)), None, "{other}");
        }
    }
}
