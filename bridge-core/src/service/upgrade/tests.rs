//! Before tables are changed, a backup is made; without one nothing is changed.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use super::*;
use crate::clock::Clock;
use crate::config::Defaults;
use crate::store::db::Db;
use crate::store::lease::Role;
use crate::store::migrate;
use crate::store::seal::Seal;
use crate::store::tests::engine::{Engine, run, sql, until};
use crate::task;

const DEFAULTS: Defaults = Defaults { id: "paper", name: "Paper", bot: "paperbot", port: 29_000, notes: &[] };

#[derive(Debug, Default, serde::Deserialize)]
struct Nothing {}

/// A folder with a config and a registration; the database is not there yet.
fn folder() -> (tempfile::TempDir, PathBuf, Config<Nothing>) {
    folder_with("")
}

/// The same, with more in the config.
fn folder_with(more: &str) -> (tempfile::TempDir, PathBuf, Config<Nothing>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    let text = format!("homeserver: {{ url: 'http://127.0.0.1:8008', name: hs.test }}\n{more}");
    std::fs::write(&path, text).unwrap();
    let config = Config::<Nothing>::load(&path, &DEFAULTS).unwrap();
    std::fs::write(&config.appservice.registration, "id: paper\n").unwrap();
    (folder, path, config)
}

async fn open(config: &Config<Nothing>) -> Store {
    Store::open_unchanged(config.database.url.expose(), Seal::none(), Clock::system()).await.unwrap()
}

/// Makes the database as an earlier version left it.
async fn make_old(config: &Config<Nothing>) {
    let old = Db::open(config.database.url.expose()).await.unwrap();
    migrate::run_only(&old, &migrate::known()[..1]).await.unwrap();
    old.close().await;
}

fn backups(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|it| it == "backup")).collect()
}

#[tokio::test]
async fn an_earlier_database_is_backed_up_and_brought_up_to_date_once() {
    let (folder, path, config) = folder();
    make_old(&config).await;
    let store = open(&config).await;
    store.put_fact("kept", "as it was").await.unwrap();
    bring_up_to_date(&store, &config, &path, DEFAULTS.id).await.unwrap();
    assert_eq!(store.fact("kept").await.unwrap().as_deref(), Some("as it was"));
    assert!(!store.lags_behind().await.unwrap());
    let [backup] = &backups(folder.path())[..] else { panic!("{:?}", backups(folder.path())) };
    let text = std::fs::read_to_string(backup).unwrap();
    assert!(text.contains("as it was") && text.contains("id: paper") && text.contains("hs.test"), "{text}");
    bring_up_to_date(&store, &config, &path, DEFAULTS.id).await.unwrap();
    assert_eq!(backups(folder.path()).len(), 1, "nothing lags behind any more");
    store.close().await;
}

#[tokio::test]
async fn a_new_database_needs_no_backup() {
    let (folder, path, config) = folder();
    let store = open(&config).await;
    bring_up_to_date(&store, &config, &path, DEFAULTS.id).await.unwrap();
    assert!(backups(folder.path()).is_empty());
    store.close().await;
}

#[tokio::test]
async fn without_a_backup_nothing_is_changed() {
    let (folder, path, config) = folder();
    make_old(&config).await;
    std::fs::remove_file(&config.appservice.registration).unwrap();
    let store = open(&config).await;
    let why = bring_up_to_date(&store, &config, &path, DEFAULTS.id).await.unwrap_err();
    assert!(why.contains("nothing was changed") && why.contains("registration"), "{why}");
    assert!(store.lags_behind().await.unwrap());
    assert!(backups(folder.path()).is_empty());
    store.close().await;
}

#[test]
fn tables_are_not_changed_under_a_process_that_works_on_them() {
    run(Engine::Postgres, async |db| {
        let (folder, path, config) = folder_with(&format!("database: {{ url: '{}' }}\n", db.url));
        let old = open(&config).await.shared(&db.url, "old".to_owned()).await.unwrap();
        old.bring_up_to_date().await.unwrap();
        let lease = old.lease().clone();
        let keeping = task::spawn("lease", async move { lease.keep().await });
        until("it works", async || matches!(old.lease().role(), Role::Working(_))).await;
        // As if a step were new.
        sql(&old, "DROP INDEX message_by_chat").await;
        sql(&old, "DELETE FROM core_migration WHERE version = 9").await;
        let new = open(&config).await;
        let why = bring_up_to_date(&new, &config, &path, DEFAULTS.id).await.unwrap_err();
        assert!(why.contains("Stop all processes"), "{why}");
        assert!(new.lags_behind().await.unwrap() && backups(folder.path()).is_empty());
        // Killed, it is in nobody's way.
        keeping.abort();
        bring_up_to_date(&new, &config, &path, DEFAULTS.id).await.unwrap();
        assert!(!new.lags_behind().await.unwrap() && backups(folder.path()).len() == 1);
        new.close().await;
    });
}
