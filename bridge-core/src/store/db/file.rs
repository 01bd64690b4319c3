//! Where an embedded database lies.

use std::path::PathBuf;

use super::Db;

impl Db {
    /// The file that everything is kept in; none where it is kept by a server or in memory.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        let Self::Sqlite { write, .. } = self else { return None };
        let options = write.connect_options();
        let file = options.get_filename();
        file.is_file().then(|| file.to_owned())
    }
}
