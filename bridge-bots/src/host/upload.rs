//! Taking a plugin that an operator uploads.

use serde::Serialize;

use super::Host;
use crate::error::HostError;
use crate::import::counterpart;
use crate::package::Package;

/// What became of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Installed {
    /// The plugin's id.
    pub(crate) id: String,
    /// Its version.
    pub(crate) version: String,
    /// Whether it took the place of another version.
    pub(crate) replaced: bool,
}

impl Host {
    /// Reads an uploaded file and installs the plugin that it is. If anything is wrong with it, the error says what, and nothing
    /// has changed.
    pub(crate) async fn upload(&self, bytes: Vec<u8>) -> Result<Installed, HostError> {
        self.install(Self::read_package(bytes).await?).await
    }

    /// Reads an uploaded file, without doing anything with it.
    pub(crate) async fn read_package(bytes: Vec<u8>) -> Result<Package, HostError> {
        let read = tokio::task::spawn_blocking(|| Package::read(bytes)).await;
        let read = read.map_err(|_| {
            HostError::Failed(
                "The file could not be read: our code broke on it. The log says where.".to_owned(),
            )
        })?;
        read.map_err(HostError::Invalid)
    }

    /// Hands a package to a runtime that takes its kind.
    pub(crate) async fn install(&self, package: Package) -> Result<Installed, HostError> {
        let (title, kind) = (package.title(), package.kind);
        tracing::info!(plugin = title, bytes = package.bytes.len(), "a plugin was uploaded");
        let id = package.manifest.as_ref().map(|manifest| manifest.id.clone()).unwrap_or_default();
        if self.runtime(&id).is_some_and(|(runtime, _)| !runtime.takes(kind)) {
            return Err(HostError::Conflict(format!(
                "This is {title}. {id} is built into this program already and can be used as it is; the upload was not \
                 needed, and nothing was changed."
            )));
        }
        if let Some(runtime) = self.parts().runtimes.iter().find(|runtime| runtime.takes(kind)) {
            let installed = runtime.install(package).await?;
            self.signals().state_changed();
            return Ok(installed);
        }
        let instead = counterpart(&id).filter(|ours| self.runtime(ours).is_some()).map_or_else(
            || "`ctl plugins` lists the plugins that there are.".to_owned(),
            |ours| format!("The plugin {ours}, which is built in, does the same."),
        );
        Err(HostError::Conflict(format!(
            "This is {title}. This program has nothing that runs plugins {}, so it was not kept. {instead}",
            kind.words()
        )))
    }
}
