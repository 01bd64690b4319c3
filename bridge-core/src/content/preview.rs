//! What is known of a page that a text links to.

use serde::{Deserialize, Serialize};

/// A page as a network shows it below a message that links to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LinkPreview {
    /// The address as the text has it.
    pub matched_url: String,
    /// The address of the page itself.
    pub url: String,
    /// Its title; empty if not known.
    pub title: String,
    /// What it says, in short; empty if not known.
    pub description: String,
    /// The name of the site; empty if not known.
    pub site: String,
}

impl LinkPreview {
    /// A page of which the rest is not known.
    pub fn new(matched_url: impl Into<String>, url: impl Into<String>) -> Self {
        Self { matched_url: matched_url.into(), url: url.into(), ..Self::default() }
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        [&self.title, &self.description, &self.site].iter().all(|text| text.is_empty())
    }
}
