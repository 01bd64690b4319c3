//! An instance's database: its steps, its limits, its end.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::*;

const ENDLESS: &str =
    "WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more) SELECT count(*) FROM more";
const FIRST: &str = "CREATE TABLE said (text TEXT NOT NULL); INSERT INTO said VALUES ('first')";

fn limits() -> Limits {
    Limits { mib: 1, held: Duration::from_millis(300), steps: Duration::from_millis(300) }
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("below").join("a.b-wal.db");
    (folder, file)
}

async fn texts(database: &Database) -> Vec<String> {
    sqlx::query_scalar("SELECT text FROM said ORDER BY rowid").fetch_all(database.pool()).await.unwrap()
}

async fn refused(file: &Path, steps: &'static [&'static str]) -> String {
    Database::open(file, steps, limits()).await.unwrap_err().to_string()
}

#[tokio::test]
async fn each_step_is_taken_once_and_what_does_not_fit_is_refused_in_words() {
    const SECOND: &str = "INSERT INTO said VALUES ('second')";
    const BROKEN: &[&str] = &[FIRST, SECOND, "INSERT INTO said VALUES ('third'); INSERT INTO sad VALUES (1)"];
    let (_folder, file) = place();
    let database = Database::open(&file, &[FIRST], limits()).await.unwrap();
    assert_eq!(texts(&database).await, ["first"]);
    database.close().await;
    let next: &[&str] = &[FIRST, SECOND];
    for _ in 0..2 {
        let database = Database::open(&file, next, limits()).await.unwrap();
        assert_eq!(texts(&database).await, ["first", "second"]);
        database.close().await;
    }
    assert!(refused(&file, &[FIRST]).await.contains("newer version of the plugin"));
    assert!(refused(&file, &[FIRST, "SELECT 1"]).await.contains("step 2 of its database is not the one"));
    let words = refused(&file, BROKEN).await;
    assert!(
        words.contains("step 3 of its database failed") && words.contains("no such table: sad"),
        "{words}"
    );
    let database = Database::open(&file, next, limits()).await.unwrap();
    assert_eq!(texts(&database).await, ["first", "second"], "half a step was taken");
    for part in [&file, &file.with_file_name("a.b-wal.db-wal")] {
        assert_eq!(std::fs::metadata(part).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_statement_without_end_is_cut_off_and_the_connection_is_of_use_again() {
    let (_folder, file) = place();
    let database = Database::open(&file, &[FIRST], limits()).await.unwrap();
    for _ in 0..2 {
        let error = sqlx::query(ENDLESS).execute(database.pool()).await.unwrap_err();
        assert!(PluginError::from(error).to_string().contains("cut off"));
        assert_eq!(texts(&database).await, ["first"]);
    }
    let words = refused(&file, &[FIRST, ENDLESS]).await;
    assert!(words.contains("step 2 of its database failed") && words.contains("cut off"), "{words}");
}

#[tokio::test]
async fn the_end_of_the_last_handle_ends_a_statement_and_closes_the_pool() {
    let (_folder, file) = place();
    let long = Limits { held: Duration::from_hours(1), ..limits() };
    let database = Database::open(&file, &[FIRST], long).await.unwrap();
    let pool = database.pool().clone();
    let mut connection = pool.acquire().await.unwrap();
    let endless = async { sqlx::query(ENDLESS).execute(&mut *connection).await };
    let ending = async { drop(database) };
    let (ended, ()) = tokio::join!(endless, ending);
    assert!(ended.is_err());
    drop(connection);
    pool.close_event().await;
    assert!(matches!(pool.acquire().await, Err(sqlx::Error::PoolClosed)));
}

#[tokio::test]
async fn a_flood_ends_at_the_limit() {
    let (_folder, file) = place();
    let long = Limits { held: Duration::from_mins(1), ..limits() };
    let database = Database::open(&file, &[FIRST], long).await.unwrap();
    let error = loop {
        let more = sqlx::query("INSERT INTO said VALUES (hex(randomblob(100000)))");
        if let Err(error) = more.execute(database.pool()).await {
            break PluginError::from(error);
        }
    };
    assert!(error.to_string().contains("is full"), "{error}");
    database.close().await;
    assert!(std::fs::metadata(&file).unwrap().len() <= 1_048_576);
}
