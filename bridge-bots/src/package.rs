//! An uploaded plugin, read and looked over before anything is done with it.

mod archive;
mod manifest;
mod python;
#[cfg(test)]
mod tests;
mod wasm;

use std::fmt::Write as _;

use crate::plugin::Problem;

pub(crate) use manifest::Manifest;

/// The largest upload, in bytes: what maubot takes, too.
pub(crate) const LARGEST: usize = 100 * 1024 * 1024;

/// What a package is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Modules in Python with a `maubot.yaml`, in a zip: what maubot's tools build.
    Python,
    /// A WebAssembly component.
    Wasm,
}

impl Kind {
    /// For sentences: "a plugin …".
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Python => "in Python",
            Self::Wasm => "in WebAssembly",
        }
    }
}

/// A plugin that somebody uploaded.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) kind: Kind,
    /// What it says of itself; none where only its runtime can tell.
    pub(crate) manifest: Option<Manifest>,
    /// The folder in the archive below which it lies, as in downloads of a repository; empty for the archive's root.
    pub(crate) folder: String,
    /// As it was uploaded.
    pub(crate) bytes: Vec<u8>,
}

impl Package {
    /// Reads an upload. It takes as long as unpacking does, so not on a thread that others wait for. The problems say all that
    /// is wrong, as far as it can be seen.
    pub(crate) fn read(bytes: Vec<u8>) -> Result<Self, Vec<Problem>> {
        if bytes.len() > LARGEST {
            return Err(vec![too_large()]);
        }
        if wasm::is_one(&bytes) {
            wasm::check(&bytes).map_err(|problem| vec![problem])?;
            return Ok(Self { kind: Kind::Wasm, manifest: None, folder: String::new(), bytes });
        }
        let (manifest, folder) = python::read(&bytes)?;
        Ok(Self { kind: Kind::Python, manifest: Some(manifest), folder, bytes })
    }

    /// What it is called, for sentences.
    pub(crate) fn title(&self) -> String {
        let Some(manifest) = &self.manifest else { return format!("a plugin {}", self.kind.words()) };
        let mut title = format!("{} {}, a plugin {}", manifest.id, manifest.version, self.kind.words());
        if !self.folder.is_empty() {
            let _ = write!(title, " (in the folder {} of the archive)", self.folder);
        }
        title
    }
}

/// What is said of an upload that is too large.
pub(crate) fn too_large() -> Problem {
    let text =
        format!("The file is larger than {} MiB, which is the most that is taken.", LARGEST / (1024 * 1024));
    Problem::new("", text)
}
