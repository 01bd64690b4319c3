//! Instances' own databases: where they lie, and their beginning and end.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bridge_core::config::Config;
use bridge_core::service::cli::environment;
use bridge_core::service::common::DATABASES;
use bridge_core::store::StoreError;

use super::Host;
use crate::config::Section;
use crate::error::HostError;
use crate::instance::Instance;
use crate::plugin::database::{Database, Limits};
use crate::plugin::{Descriptor, PluginError, Problem};

/// The folder if the config names none.
const FOLDER: &str = "databases";
/// What SQLite makes beside a database, and the database itself.
const PARTS: [&str; 4] = ["-wal", "-shm", "-journal", ""];

/// The folder of the databases: that of the config, or one beside the SQLite file, in the folder that systemd gives the program
/// (`StateDirectory=`), or beside the config.
pub(crate) fn folder(config: &Config<Section>) -> PathBuf {
    if let Some(folder) = &config.own.databases {
        return config.folder.join(folder);
    }
    let beside = config.database.file().filter(|file| file.is_absolute() || file.components().count() > 1);
    if let Some(folder) = beside.and_then(Path::parent) {
        return folder.join(FOLDER);
    }
    let given = environment("STATE_DIRECTORY").filter(|_| config.database.file().is_none());
    let given = given.and_then(|folders| Some(PathBuf::from(folders.to_string_lossy().split(':').next()?)));
    given.unwrap_or_else(|| config.folder.clone()).join(FOLDER)
}

/// What is wrong with the folder: in that of the host's own database, a bot's name could be the database's.
pub(crate) fn folder_problem(config: &Config<Section>) -> Option<Problem> {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let own = config
        .database
        .file()
        .map(|file| real(file.parent().filter(|at| !at.as_os_str().is_empty()).unwrap_or(Path::new("."))));
    (own? == real(&folder(config))).then(|| {
        Problem::new(
            "bots.databases",
            "is the folder of database.url. Name a folder of its own, such as `databases` in it.",
        )
    })
}

/// An instance's file. All names that instances may have are names of files, and no file beside a database ends like one.
fn file(folder: &Path, instance_id: &str) -> PathBuf {
    folder.join(format!("{instance_id}.db"))
}

impl Host {
    /// Opens an instance's database, if its plugin asks for one.
    pub(super) async fn open_database(
        &self,
        instance_id: &str,
        descriptor: &Descriptor,
        steps_limit: Duration,
    ) -> Result<Option<Database>, PluginError> {
        let Some(steps) = descriptor.database else { return Ok(None) };
        let mib = self.parts().section.database_limit;
        let limits = Limits { mib, held: self.event_limit(), steps: steps_limit };
        let folder = &self.parts().databases;
        let database = Database::open(&file(folder, instance_id), steps, limits).await?;
        if let Err(error) = self.note_folder(folder).await {
            tracing::warn!(%error, "where the bots' databases are could not be noted for backups");
        }
        Ok(Some(database))
    }

    /// A backup from a shell has neither systemd's folder nor, perhaps, the same config: it finds the place here.
    async fn note_folder(&self, folder: &Path) -> Result<(), StoreError> {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let folder = folder.to_string_lossy();
        if self.store().fact(DATABASES).await?.as_deref() == Some(&*folder) {
            return Ok(());
        }
        self.store().put_fact(DATABASES, &folder).await
    }

    /// Stops an instance and closes its database.
    pub(super) async fn halt_for_good(&self, instance: &Instance) {
        let database = instance.worker().and_then(|started| started.database);
        instance.halt(self.now());
        if let Some(database) = database {
            database.close().await;
        }
    }

    /// Deletes the database of an instance that was stopped.
    pub(super) fn remove_database(&self, instance: &Instance) -> Result<(), HostError> {
        let file = file(&self.parts().databases, &instance.row().instance_id);
        for part in PARTS {
            let mut path = file.clone().into_os_string();
            path.push(part);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(HostError::Failed(format!(
                        "The bot's database {} could not be deleted ({error}), so the bot was only stopped. Delete it again \
                         when that is mended.",
                        file.display()
                    )));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Closes what instances have open, at the program's end.
    pub(crate) async fn close_databases(&self) {
        let open = self.instances().into_iter().filter_map(|instance| instance.worker()?.database);
        futures_util::future::join_all(open.map(|database| async move { database.close().await })).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_a_file_of_its_own_in_the_folder() {
        let names = ["a", "a.db", "a.db-wal", "a-wal", "...".trim_start_matches('.'), "x..y"];
        let mut files = std::collections::BTreeSet::new();
        for name in names.into_iter().filter(|name| crate::config::name_problem("name", name).is_none()) {
            let database = file(Path::new("/d"), name);
            assert_eq!(database.parent(), Some(Path::new("/d")));
            for part in PARTS {
                assert!(files.insert(format!("{}{part}", database.display())), "{name}{part}");
            }
        }
    }
}
