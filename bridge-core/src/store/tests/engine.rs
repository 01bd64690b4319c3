//! A fresh database per test, on each engine.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

use crate::clock::Clock;
use crate::store::db::on;
use crate::store::seal::Seal;
use crate::store::{Store, Tx};

/// How long a condition may take to come true on a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Where a test's tables are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// In memory: gone with the store.
    Memory,
    /// In a file of a folder of its own.
    File,
    /// On the server named by `TEST_POSTGRES_URL`.
    Postgres,
}

/// A test's database.
pub(crate) struct Database {
    pub(crate) engine: Engine,
    pub(crate) url: String,
    folder: Option<TempDir>,
    name: String,
}

/// Mounts tests (`async fn name(db: &Database)`) on all engines, or on the `durable` ones that outlive a store.
macro_rules! each_engine {
    (durable: $($name:ident)*) => { $(
        mod $name {
            use $crate::store::tests::engine::{Engine, run};

            #[test]
            fn file() {
                run(Engine::File, super::$name);
            }

            #[test]
            fn postgres() {
                run(Engine::Postgres, super::$name);
            }
        }
    )* };
    ($($name:ident)*) => { $(
        mod $name {
            use $crate::store::tests::engine::{Engine, run};

            #[test]
            fn memory() {
                run(Engine::Memory, super::$name);
            }

            #[test]
            fn file() {
                run(Engine::File, super::$name);
            }

            #[test]
            fn postgres() {
                run(Engine::Postgres, super::$name);
            }
        }
    )* };
}
pub(crate) use each_engine;

/// Runs a test on a fresh database, on two threads, so that what can happen at the same time does.
pub(crate) fn run(engine: Engine, test: impl AsyncFnOnce(&Database)) {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    run_in(&builder.worker_threads(2).enable_all().build().unwrap(), engine, test);
}

/// Like [`run`], on this thread alone.
pub(crate) fn run_on_one_thread(engine: Engine, test: impl AsyncFnOnce(&Database)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    run_in(&runtime, engine, test);
}

fn run_in(runtime: &tokio::runtime::Runtime, engine: Engine, test: impl AsyncFnOnce(&Database)) {
    runtime.block_on(async {
        let Some(db) = Database::fresh(engine).await else {
            println!("skipped: no PostgreSQL (`cargo xtask postgres -- cargo test` starts one)");
            return;
        };
        test(&db).await;
        db.remove().await;
    });
}

impl Database {
    /// An empty database; none when there is no server to make it on.
    async fn fresh(engine: Engine) -> Option<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("core_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let (mut url, mut folder) = ("sqlite::memory:".to_owned(), None);
        match engine {
            Engine::Memory => {}
            Engine::File => {
                let made = tempfile::tempdir().unwrap();
                url = format!("sqlite:{}", made.path().join("test.db").display());
                folder = Some(made);
            }
            Engine::Postgres => {
                url = format!("{}/{name}", server()?);
                admin(&format!("CREATE DATABASE {name}")).await;
            }
        }
        Some(Self { engine, url, folder, name })
    }

    /// The file, where there is one.
    pub(crate) fn file(&self) -> std::path::PathBuf {
        self.folder.as_ref().expect("only the embedded engine has a file").path().join("test.db")
    }

    /// The tables, without a key and by the machine's clock.
    pub(crate) async fn store(&self) -> Store {
        self.store_at(Clock::system()).await
    }

    /// The tables by this clock.
    pub(crate) async fn store_at(&self, clock: Clock) -> Store {
        Store::open(&self.url, Seal::none(), clock).await.unwrap()
    }

    /// Waits until nothing of an earlier opening is left at work, as it is after a process died.
    pub(crate) async fn until_let_go(&self) {
        until("the database was let go", async || match self.engine {
            Engine::Memory => true,
            // Held until the last handle of the store is gone.
            Engine::File => {
                let mut name = self.file().into_os_string();
                name.push(".lock");
                std::fs::File::open(name).is_ok_and(|lock| lock.try_lock().is_ok())
            }
            Engine::Postgres => {
                let sql = format!("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = '{}'", self.name);
                let mut admin =
                    PgConnection::connect(&format!("{}/postgres", server().unwrap())).await.unwrap();
                let (count,): (i64,) =
                    sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut admin).await.unwrap();
                admin.close().await.unwrap();
                count == 0
            }
        })
        .await;
    }

    async fn remove(self) {
        if self.engine == Engine::Postgres {
            admin(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
        }
    }
}

/// The server, without a database.
#[allow(clippy::disallowed_methods, reason = "the test's command line is its environment")]
fn server() -> Option<String> {
    let Ok(url) = std::env::var("TEST_POSTGRES_URL") else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI has to name a server in TEST_POSTGRES_URL");
        return None;
    };
    let url = url.trim_end_matches('/');
    Some(url.strip_suffix("/postgres").unwrap_or(url).to_owned())
}

async fn admin(sql: &str) {
    let mut admin = PgConnection::connect(&format!("{}/postgres", server().unwrap())).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await.unwrap();
    admin.close().await.unwrap();
}

/// Runs one statement in an open transaction.
pub(crate) async fn sql_in(tx: &mut Tx, sql: &str) {
    on!(tx, c => {
        sqlx::query(AssertSqlSafe(sql)).execute(c).await.unwrap();
    });
}

/// Runs one statement.
pub(crate) async fn sql(store: &Store, sql: &str) {
    let mut tx = store.begin().await.unwrap();
    sql_in(&mut tx, sql).await;
    tx.commit().await.unwrap();
}

/// Asks for one number.
pub(crate) async fn number(store: &Store, sql: &str) -> i64 {
    let mut tx = store.read().await.unwrap();
    let (number,): (i64,) = on!(&mut tx, c => sqlx::query_as(AssertSqlSafe(sql)).fetch_one(c).await.unwrap());
    tx.commit().await.unwrap();
    number
}

/// Asks until the answer is yes.
pub(crate) async fn until(what: &str, mut asked: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    while !asked().await {
        assert!(tokio::time::Instant::now() < deadline, "waited too long until {what}");
        ticks.tick().await;
    }
}
