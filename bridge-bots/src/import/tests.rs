//! Folders of maubot as they are found, and what is read from them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{Connection as _, Executor as _, SqliteConnection};
use tempfile::TempDir;

use super::*;

const CLIENT: &str = "CREATE TABLE client (id TEXT PRIMARY KEY, homeserver TEXT NOT NULL, access_token TEXT NOT NULL, \
    device_id TEXT NOT NULL, enabled BOOLEAN NOT NULL, next_batch TEXT NOT NULL, filter_id TEXT NOT NULL, \
    sync BOOLEAN NOT NULL, autojoin BOOLEAN NOT NULL, online BOOLEAN NOT NULL, displayname TEXT NOT NULL, \
    avatar_url TEXT NOT NULL)";
const INSTANCE: &str = "CREATE TABLE instance (id TEXT PRIMARY KEY, type TEXT NOT NULL, enabled BOOLEAN NOT NULL, \
    primary_user TEXT NOT NULL, config TEXT NOT NULL, database_engine TEXT)";

/// A folder with a database of these statements; it is left open as a maubot that runs has it.
async fn folder(statements: &[&'static str]) -> (TempDir, SqliteConnection) {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("maubot.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    for statement in statements {
        connection.execute(*statement).await.unwrap();
    }
    (folder, connection)
}

#[tokio::test]
async fn what_maubot_has_is_read_and_left_as_it_is() {
    let (folder, _open) = folder(&[
        CLIENT,
        INSTANCE,
        "INSERT INTO client VALUES ('@a:b.test', 'https://b.test', 'secret', 'D', 1, '', '', 1, 0, 1, 'Ann', 'mxc://b/c')",
        "INSERT INTO client VALUES ('@off:b.test', 'https://b.test', 'secret', 'D', 0, '', '', 1, 1, 1, 'disable', '')",
        "INSERT INTO instance VALUES ('insta', 'sna.instagram', 1, '@a:b.test', '{\"enabled\": true}', NULL)",
        "INSERT INTO instance VALUES ('Off', 'xyz.maubot.echo', 1, '@off:b.test', '', 'sqlite')",
    ])
    .await;
    std::fs::create_dir(folder.path().join("plugins")).unwrap();
    std::fs::write(folder.path().join("plugins/a.mbp"), "no plugin").unwrap();
    std::fs::write(folder.path().join("plugins/notes.txt"), "").unwrap();
    let before = std::fs::read(folder.path().join("maubot.db")).unwrap();
    let source = source::read(folder.path()).await.unwrap();
    assert_eq!(before, std::fs::read(folder.path().join("maubot.db")).unwrap());
    let (clients, instances) = items(&source, false);
    let Item::Client(ann) = &clients[0] else { panic!("{clients:?}") };
    assert_eq!((ann.name.as_str(), ann.displayname.as_deref(), ann.autojoin), ("a", Some("Ann"), false));
    assert_eq!(ann.avatar.as_deref(), Some("mxc://b/c"));
    let Item::Client(off) = &clients[1] else { panic!("{clients:?}") };
    assert_eq!((off.displayname.as_deref(), off.avatar.as_deref()), (None, None));
    let Item::Instance(one) = &instances[0] else { panic!("{instances:?}") };
    assert_eq!(
        (one.id.as_str(), one.name.as_str(), one.account.as_str(), one.enabled),
        ("Off", "off", "off", false)
    );
    let Item::Instance(one) = &instances[1] else { panic!("{instances:?}") };
    assert_eq!((one.account.as_str(), one.config.as_str(), one.enabled), ("a", "{\"enabled\": true}", true));
    assert_eq!(source.files.len(), 1);
    assert!(said_of(&source.files[0], &[]).starts_with("a.mbp: The file is a text"));
    assert!(!format!("{clients:?}{instances:?}").contains("secret"));
}

#[tokio::test]
async fn a_wrong_folder_is_named() {
    let told = async |folder: &Path| source::read(folder).await.unwrap_err();
    let (other, _open) = folder(&["CREATE TABLE things (id TEXT)"]).await;
    assert!(told(&other.path().join("missing")).await.contains("is no folder"));
    assert!(told(&other.path().join("maubot.db")).await.contains("is no folder"));
    assert!(told(other.path()).await.contains("not maubot's"));
    let (old, _open) =
        folder(&[CLIENT, "CREATE TABLE plugin (id TEXT)", "CREATE TABLE alembic_version (version_num TEXT)"])
            .await;
    assert!(told(old.path()).await.contains("before 0.3"));
    let empty = tempfile::tempdir().unwrap();
    assert!(told(empty.path()).await.contains("There is no maubot.db in"));
    std::fs::write(
        empty.path().join("maubot.db"),
        "this is no database, but it is long enough to be one".repeat(99),
    )
    .unwrap();
    assert!(told(empty.path()).await.contains("no database of maubot's"));
    std::fs::write(empty.path().join("config.yaml"), "database: postgresql://maubot:hunter2@db/maubot\n")
        .unwrap();
    let text = told(empty.path()).await;
    assert!(text.contains("PostgreSQL") && !text.contains("hunter2"), "{text}");
    std::fs::write(empty.path().join("config.yaml"), "database: 'x\n").unwrap();
    assert!(told(empty.path()).await.contains("config.yaml is not YAML"));
}

#[tokio::test]
async fn maubots_config_says_where_things_are() {
    for url in ["sqlite:other.db", "sqlite:///other.db", "sqlite:////data/other.db", "sqlite:/data/other.db"]
    {
        let (folder, open) = folder(&[CLIENT, INSTANCE]).await;
        open.close().await.unwrap();
        std::fs::rename(folder.path().join("maubot.db"), folder.path().join("other.db")).unwrap();
        std::fs::create_dir(folder.path().join("kept")).unwrap();
        std::fs::write(folder.path().join("kept/a.mbp"), "").unwrap();
        let config = format!("database: {url}\nplugin_directories: {{ load: [/data/kept] }}\n");
        std::fs::write(folder.path().join("config.yaml"), config).unwrap();
        let source = source::read(folder.path()).await.unwrap();
        assert_eq!((source.clients.len(), source.files.len()), (0, 1), "{url}");
    }
}
