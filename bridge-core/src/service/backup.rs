//! The verbs `backup` and `restore`: one file that holds database, config and registration.

use std::fmt::Write as _;
use std::fs::File;
use std::io::BufWriter;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use bridge_registration::write_private;
use serde::de::DeserializeOwned;

use super::cli::{BackupArgs, RestoreArgs};
use super::common::{DATABASES, Kept};
use super::ground;
use crate::clock::Clock;
use crate::command::time;
use crate::config::{Config, Defaults};
use crate::store::Store;
use crate::store::backup::{Backup, Beside, Written, restore_with};

/// What the files are called in a backup.
pub(super) const CONFIG: &str = "config";
pub(super) const REGISTRATION: &str = "registration";

/// Writes a backup beside the program that may be running. Gives what is in it.
pub(super) async fn back_up<S: DeserializeOwned + Default>(
    path: &Path,
    args: &BackupArgs,
    defaults: &Defaults,
    kept: &Kept<S>,
) -> Result<String, String> {
    let config = ground::load::<S>(path, defaults)?;
    if args.file.exists() {
        return Err(format!(
            "{} exists already. Name another file; nothing is overwritten.",
            args.file.display()
        ));
    }
    let registration = &config.appservice.registration;
    let files = [(CONFIG, path), (REGISTRATION, registration.as_path())];
    let files =
        files.map(|(name, path)| read_beside(name, path)).into_iter().collect::<Result<Vec<_>, _>>()?;
    let store = Store::open_beside(config.database.url.expose(), Clock::system())
        .await
        .map_err(|error| format!("database.url: {error}"))?
        .with_components(kept.components);
    let databases = match kept.databases {
        Some(folder) => Some(noted_folder(&store).await.unwrap_or_else(|| folder(&config))),
        None => None,
    };
    let written = write_file_with(&store, defaults.id, &files, databases.as_deref(), &args.file).await;
    store.close().await;
    let Written { rows, damaged } = written?;
    let key = config.secret.key_file.as_ref().map_or_else(
        || {
            "No key is set (secret.key_file), so the tokens in it lie open: keep it as you keep them."
                .to_owned()
        },
        |key| format!("The key is not in it: keep {} in another place.", key.display()),
    );
    let single = databases.filter(|folder| folder.is_dir());
    let single = single
        .map_or_else(String::new, |folder| format!(", the files of single bots in {}", folder.display()));
    let told = format!(
        "{} holds the database ({rows} rows){single}, the config and the registration. {key}",
        args.file.display()
    );
    if damaged.is_empty() { Ok(told) } else { Err(format!("{told}\n{}", told_damaged(&damaged))) }
}

/// What is to be said of files that are in the backup, and of no use as they are. It is an error, so that earlier backups, in which
/// they may be whole, are not taken for superfluous.
fn told_damaged(files: &[PathBuf]) -> String {
    let names = files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ");
    format!(
        "Damaged, and in it as they are: {names}. Stop the program, and put each bot's file of an earlier backup in its place, or \
         delete the bot; keep the earlier backups until then."
    )
}

/// Where the program had its SQLite files when it last opened one, if that is there still.
async fn noted_folder(store: &Store) -> Option<PathBuf> {
    let noted = store.fact(DATABASES).await.ok().flatten().map(PathBuf::from);
    noted.filter(|folder| folder.is_dir())
}

pub(super) fn read_beside(name: &str, path: &Path) -> Result<Beside, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("The {name} {} could not be read: {error}.", path.display()))?;
    Ok(Beside { name: name.to_owned(), text })
}

/// Under its name stands a whole backup or nothing.
pub(super) async fn write_file(
    store: &Store,
    program: &str,
    files: &[Beside],
    path: &Path,
) -> Result<Written, String> {
    write_file_with(store, program, files, None, path).await
}

async fn write_file_with(
    store: &Store,
    program: &str,
    files: &[Beside],
    databases: Option<&Path>,
    path: &Path,
) -> Result<Written, String> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let failed = |error: std::io::Error| format!("{} could not be written: {error}.", path.display());
    // A file that a broken try left could be open to others.
    let _ = std::fs::remove_file(&part);
    let file = File::options().write(true).create_new(true).mode(0o600).open(&part).map_err(failed)?;
    let mut out = BufWriter::with_capacity(1 << 16, file);
    let written = store.back_up_with(program, files, databases, &mut out).await;
    let kept = written.map_err(|error| format!("{error}.")).and_then(|all| {
        let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().and_then(|()| std::fs::rename(&part, path)).map_err(failed)?;
        Ok(all)
    });
    if kept.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    kept
}

/// Reads a backup into the database that the config names; a config or registration that is missing comes from the
/// backup, too. Gives what was done.
pub(super) async fn restore<S: DeserializeOwned + Default>(
    path: &Path,
    args: &RestoreArgs,
    defaults: &Defaults,
    kept: &Kept<S>,
) -> Result<String, String> {
    let backup = Backup::look(&args.file, defaults.id, kept.components).map_err(|error| error.0)?;
    let text = |name: &str| backup.files.iter().find(|file| file.name == name).map(|file| file.text.as_str());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let config = match text(CONFIG).filter(|_| !path.exists()) {
        Some(text) => Config::<S>::parse(text, folder, defaults),
        None => Config::<S>::load(path, defaults),
    };
    let config = ground::with_password(config.map_err(|error| error.to_string())?)?;
    let _held = hold_port(&config, args.force)?;
    let databases = kept.databases.map(|folder| folder(&config));
    let url = config.database.url.expose();
    let restored = restore_with(&args.file, &backup, url, databases.as_deref(), args.force)
        .await
        .map_err(|error| format!("database.url: {error}"))?;
    let header = &backup.header;
    let mut done = format!(
        "Restored {} rows, as they were at {} (version {}, {}).\n",
        restored.rows,
        time::shown(header.made_at),
        header.version,
        header.engine
    );
    if restored.databases > 0 {
        let folder = databases.unwrap_or_default();
        let _ = writeln!(
            done,
            "Files of single bots that were restored: {}. They are in {}, where the program has to look \
             for them.",
            restored.databases,
            folder.display()
        );
    } else if let Some(folder) = databases.filter(|folder| folder.is_dir()) {
        let _ =
            writeln!(done, "It has no files of single bots; those in {} are as they were.", folder.display());
    }
    for (name, path) in [(CONFIG, path), (REGISTRATION, config.appservice.registration.as_path())] {
        done.push_str(&put_back(name, path, text(name))?);
    }
    if let Some(key) = config.secret.key_file.as_ref().filter(|key| !key.exists()) {
        let _ = writeln!(
            done,
            "{} is missing. It is in no backup: put it back before you start the program.",
            key.display()
        );
    }
    Ok(done)
}

/// Keeps a program on this database from starting meanwhile. A database file has a lock of its own for that, so a backup may be
/// read into a new file beside the running program; what is there is deleted only where the program does not run.
fn hold_port<S>(config: &Config<S>, force: bool) -> Result<Option<TcpListener>, String> {
    if config.database.file().is_some() && !force {
        return Ok(None);
    }
    let address = config.appservice.listen;
    TcpListener::bind(address).map(Some).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => format!(
            "appservice.listen: the port of {address} is in use. The program seems to run; stop it first."
        ),
        _ => format!("appservice.listen: {address} cannot be listened on ({error})."),
    })
}

/// Writes a file that is missing, and tells of one that is another.
fn put_back(name: &str, path: &Path, text: Option<&str>) -> Result<String, String> {
    let Some(text) = text else { return Ok(String::new()) };
    match std::fs::read_to_string(path) {
        Ok(there) if there == text => Ok(String::new()),
        Ok(_) => {
            Ok(format!("The {name} {} is not the one in the backup; it was left as it is.\n", path.display()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            write_private(path, text).map_err(|error| error.to_string())?;
            Ok(format!("The {name} {} was missing, and is written from the backup.\n", path.display()))
        }
        Err(error) => Err(format!("The {name} {} could not be read: {error}.", path.display())),
    }
}
