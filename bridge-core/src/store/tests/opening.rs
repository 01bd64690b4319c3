//! Opening and closing: what is refused, and in which words.

use super::engine::{Database, Engine, each_engine, number, sql};
use crate::clock::Clock;
use crate::store::db::Db;
use crate::store::seal::Seal;
use crate::store::{Store, StoreError, migrate};

each_engine! { answers_a_ping a_wrong_address_is_named brings_up_to_date rolls_back }
each_engine! { durable: every_landed_schema_is_brought_up_to_date keeps_what_was_written opens_again refuses_a_newer_schema }

async fn refusal(url: &str) -> String {
    let StoreError(words) = Store::open(url, Seal::none(), Clock::system()).await.unwrap_err();
    words
}

async fn answers_a_ping(db: &Database) {
    let store = db.store().await;
    store.ping().await.unwrap();
    store.close().await;
    assert!(store.ping().await.is_err(), "a closed store must not claim to be well");
}

async fn a_wrong_address_is_named(db: &Database) {
    let (wrong, says) = match db.engine {
        Engine::Memory | Engine::File => ("sqlite:/no/such/folder/hidden".to_owned(), "could not be"),
        Engine::Postgres => (db.url.replacen("postgres@", "postgres:hidden@", 1) + "_not", "createdb"),
    };
    let words = refusal(&wrong).await;
    assert!(words.contains(says), "{words}");
    assert!(db.engine != Engine::Postgres || !words.contains("hidden"), "{words}");
}

async fn brings_up_to_date(db: &Database) {
    let store = db.store().await;
    assert!(number(&store, "SELECT COUNT(*) FROM core_migration").await >= 1);
}

async fn rolls_back(db: &Database) {
    let store = db.store().await;
    let mut tx = store.begin().await.unwrap();
    crate::store::kv::put(&mut tx, "undone", "1").await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(store.fact("undone").await.unwrap(), None);
    // The connection is free for the next.
    store.put_fact("done", "1").await.unwrap();
    assert_eq!(store.fact("done").await.unwrap().as_deref(), Some("1"));
}

async fn keeps_what_was_written(db: &Database) {
    let store = db.store().await;
    store.put_fact("mark", "42").await.unwrap();
    store.close().await;
    drop(store);
    assert_eq!(db.store().await.fact("mark").await.unwrap().as_deref(), Some("42"));
}

async fn opens_again(db: &Database) {
    let count = "SELECT COUNT(*) FROM core_migration";
    let first = db.store().await;
    let at_first = number(&first, count).await;
    first.close().await;
    drop(first);
    for _ in 0..3 {
        let store = db.store().await;
        assert_eq!(number(&store, count).await, at_first);
        store.close().await;
    }
}

async fn refuses_a_newer_schema(db: &Database) {
    let store = db.store().await;
    sql(
        &store,
        "INSERT INTO core_migration (version, description, success, checksum, execution_time) \
         SELECT 9999, 'from the future', success, checksum, 0 FROM core_migration WHERE version = 1",
    )
    .await;
    store.close().await;
    drop(store);
    let words = refusal(&db.url).await;
    assert!(words.contains("newer version") && words.contains("9999"), "{words}");
}

async fn every_landed_schema_is_brought_up_to_date(db: &Database) {
    let tables = async |db: &Db| {
        let mut tx = db.read().await.unwrap();
        let mut tables = tx.tables().await.unwrap();
        tx.commit().await.unwrap();
        // Steps that came in another order left their columns in another order.
        for columns in tables.values_mut() {
            columns.sort_by(|a, b| a.name.cmp(&b.name));
        }
        tables
    };
    let known = migrate::known();
    let mut landed: Vec<Vec<i64>> = (1..=known.len()).map(|count| known[..count].to_vec()).collect();
    // The order in which they landed is not that of their numbers.
    landed.push(vec![1, 2, 3, 5, 9]);
    let fresh = Db::open(&db.url).await.unwrap();
    migrate::run(&fresh).await.unwrap();
    let expected = tables(&fresh).await;
    fresh.close().await;
    drop(fresh);
    for steps in landed {
        let store = db.store().await;
        for table in migrate::tables().into_iter().chain([migrate::TABLE.to_owned()]) {
            sql(&store, &format!("DROP TABLE IF EXISTS {table}")).await;
        }
        store.close().await;
        drop(store);
        let old = Db::open(&db.url).await.unwrap();
        migrate::run_only(&old, &steps).await.unwrap();
        let StoreError(words) = match migrate::expect_current(&old).await {
            Ok(()) => StoreError(String::new()),
            Err(error) => error,
        };
        assert_eq!(words.contains("older version"), steps != known, "{steps:?}: {words}");
        old.close().await;
        drop(old);
        let store = db.store().await;
        assert_eq!(tables(&store.db).await, expected, "from {steps:?}");
        store.close().await;
    }
}

#[tokio::test]
async fn a_second_opening_of_a_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    let first = Store::open(&url, Seal::none(), Clock::system()).await.unwrap();
    let words = refusal(&url).await;
    assert!(words.contains("Another process is using the database") && words.contains("a.db"), "{words}");
    first.ping().await.unwrap();
    drop(first);
    Store::open(&url, Seal::none(), Clock::system()).await.unwrap();
}

#[tokio::test]
async fn a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let words = refusal(&format!("sqlite:{}", folder.path().join("no/a.db").display())).await;
    assert!(words.contains("Make its folder"), "{words}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    std::fs::write(&path, "This is a letter to the landlord, and not a database at all.\n".repeat(100))
        .unwrap();
    let words = refusal(&format!("sqlite:{}", path.display())).await;
    assert!(words.contains("a.db") && words.contains("not a database"), "{words}");
}

#[tokio::test]
async fn an_address_that_means_nothing_is_refused() {
    for url in ["", "bridge.db", "mysql://127.0.0.1/a", "sqlite:", "sqlite://"] {
        assert!(refusal(url).await.contains("has to start with sqlite:"), "{url}");
    }
}

#[tokio::test]
async fn slashes_before_a_file_name_are_understood() {
    let folder = tempfile::tempdir().unwrap();
    for (name, slashes) in [("one.db", ""), ("three.db", "//"), ("four.db", "///")] {
        let path = folder.path().join(name);
        Store::open(&format!("sqlite:{slashes}{}", path.display()), Seal::none(), Clock::system())
            .await
            .unwrap();
        assert!(path.is_file(), "{name}");
    }
}
