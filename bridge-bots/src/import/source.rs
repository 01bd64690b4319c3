//! What is in a folder of maubot's: its database, read and never written, and its plugins.

use std::fs;
use std::path::{Path, PathBuf};

use bridge_core::clock::Clock;
use bridge_core::store::seal::Seal;
use bridge_core::store::{Store, StoreError};
use serde_yaml::Value;

use crate::store::maubot::{self, ClientRow, InstanceRow};

/// The database, where maubot's config says nothing else.
const DATABASE: &str = "maubot.db";
/// The plugins.
const PLUGINS: &str = "plugins";

/// All of it.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) clients: Vec<ClientRow>,
    pub(super) instances: Vec<InstanceRow>,
    /// The plugins' files.
    pub(super) files: Vec<PathBuf>,
}

/// Reads a folder. The error is a sentence.
pub(super) async fn read(folder: &Path) -> Result<Source, String> {
    if !folder.is_dir() {
        return Err(format!(
            "{} is no folder. Name the one in which maubot's config.yaml and {DATABASE} lie.",
            folder.display()
        ));
    }
    let config = config(folder)?;
    let database = database(folder, &config)?;
    let (clients, instances) = tables(&database).await?;
    Ok(Source { clients, instances, files: files(folder, &config) })
}

/// maubot's config; empty if there is none.
fn config(folder: &Path) -> Result<Value, String> {
    let path = folder.join("config.yaml");
    let Ok(text) = fs::read_to_string(&path) else { return Ok(Value::Null) };
    serde_yaml::from_str(&text).map_err(|error| format!("{} is not YAML: {error}.", path.display()))
}

fn database(folder: &Path, config: &Value) -> Result<PathBuf, String> {
    let url = config.get("database").and_then(Value::as_str).unwrap_or("sqlite:maubot.db");
    if url.starts_with("postgres") {
        return Err(format!(
            "The maubot in {} keeps its data in PostgreSQL (`database` in its config.yaml). Only SQLite is read: make the accounts \
             and instances by hand, as docs/bots-from-maubot.md shows.",
            folder.display()
        ));
    }
    let named = url.strip_prefix("sqlite:").unwrap_or(url);
    // sqlite:NAME, sqlite:///NAME and sqlite:////PATH are in use.
    let named = named.strip_prefix("///").unwrap_or(named);
    let name = Path::new(named).file_name().unwrap_or(DATABASE.as_ref());
    // A path inside a container is another one here, so the name alone is looked for, too.
    let candidates = [folder.join(named), folder.join(name)];
    let found = candidates.iter().find(|path| path.is_file());
    found.cloned().ok_or_else(|| {
        format!(
            "There is no {} in {}. Name the folder in which maubot's config.yaml and database lie.",
            Path::new(name).display(),
            folder.display()
        )
    })
}

/// Reads the tables from a copy: a database with a write-ahead log cannot be opened without writing beside it.
async fn tables(database: &Path) -> Result<(Vec<ClientRow>, Vec<InstanceRow>), String> {
    let not_copied = |error| format!("{} could not be read ({error}).", database.display());
    let folder = tempfile::tempdir().map_err(not_copied)?;
    let copy = folder.path().join(DATABASE);
    fs::copy(database, &copy).map_err(not_copied)?;
    for end in ["-wal", "-journal"] {
        let beside = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        if beside(database).is_file() {
            fs::copy(beside(database), beside(&copy)).map_err(not_copied)?;
        }
    }
    let unread = |error: StoreError| {
        format!("{} is no database of maubot's that can be read ({error}).", database.display())
    };
    let url = format!("sqlite:{}", copy.display());
    let store = Store::open_unchanged(&url, Seal::none(), Clock::system()).await.map_err(unread)?;
    let names = maubot::tables(&store).await.map_err(unread)?;
    let has = |table: &str| names.iter().any(|name| name == table);
    if has("plugin") && has("client") && has("alembic_version") {
        return Err(format!(
            "{} is of a maubot before 0.3. Start a maubot of today on it once, which brings it up to date, and import then.",
            database.display()
        ));
    }
    if !has("client") || !has("instance") {
        let text = "is a database, but not maubot's: it has no tables `client` and `instance`.";
        return Err(format!("{} {text}", database.display()));
    }
    let clients = maubot::clients(&store).await.map_err(unread)?;
    let instances = maubot::instances(&store).await.map_err(unread)?;
    store.close().await;
    Ok((clients, instances))
}

/// The plugins' files, in the folders that maubot's config names.
fn files(folder: &Path, config: &Value) -> Vec<PathBuf> {
    let named =
        config.get("plugin_directories").and_then(|folders| folders.get("load")).and_then(Value::as_sequence);
    let named: Vec<&str> = named.into_iter().flatten().filter_map(Value::as_str).collect();
    let named = if named.is_empty() { vec![PLUGINS] } else { named };
    let mut files = Vec::new();
    for name in named {
        let last = Path::new(name).file_name().unwrap_or(PLUGINS.as_ref());
        let place = [folder.join(name), folder.join(last)].into_iter().find(|path| path.is_dir());
        let entries = place.and_then(|place| fs::read_dir(place).ok()).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        files.extend(paths.filter(|path| path.extension().is_some_and(|end| end == "mbp") && path.is_file()));
    }
    files.sort();
    files.dedup();
    files
}
