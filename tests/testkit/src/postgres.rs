//! A throw-away Postgres server: own folder, own port, no durability, gone at the end.
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail, ensure};
use tempfile::TempDir;

use crate::guard::{guarded, let_go};
use crate::{Port, Result};

/// The environment variable that names a server to use instead of starting one: a URL without a database.
pub const SHARED_URL: &str = "TEST_POSTGRES_URL";

/// A Postgres server for tests. Stops when dropped, and also when this process dies.
#[derive(Debug)]
pub struct Postgres {
    url: String,
    bin: PathBuf,
    _server: Option<Server>,
}

#[derive(Debug)]
struct Server {
    child: Child,
    _folder: TempDir,
    _port: Port,
}

/// The system user that owns the server: initdb refuses to run as root.
#[derive(Debug, Clone, Copy)]
struct Owner {
    uid: u32,
    gid: u32,
}

impl Postgres {
    /// Starts a server (about a second), or uses the one named by [`SHARED_URL`].
    ///
    /// Programs are looked for in `PATH` and in `/usr/lib/postgresql/*/bin`. Blocks while it starts.
    pub fn start() -> Result<Self> {
        let bin = find_programs()?;
        if let Ok(url) = std::env::var(SHARED_URL) {
            let url = url.trim_end_matches('/');
            let url = url.strip_suffix("/postgres").unwrap_or(url).to_owned();
            return Ok(Self { url, bin, _server: None });
        }
        let folder = tempfile::Builder::new().prefix("testkit-postgres-").tempdir()?;
        let owner = owner()?;
        if let Some(owner) = owner {
            chown(folder.path(), Some(owner.uid), Some(owner.gid))?;
        }
        let port = Port::reserve()?;
        let data = folder.path().join("data");
        initialise(&bin, &data, owner)?;
        let child = launch(&bin, &data, folder.path(), &port, owner)?;
        let url = format!("postgres://postgres@{}", port.address());
        let mut postgres = Self { url, bin, _server: Some(Server { child, _folder: folder, _port: port }) };
        postgres.wait_up()?;
        Ok(postgres)
    }

    /// One server for all tests of this test binary, started by the first call; it ends with the process.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<Postgres, String>> = OnceLock::new();
        let started = SHARED.get_or_init(|| Self::start().map_err(|error| format!("{error:#}")));
        started.as_ref().map_err(|error| anyhow!("{error}"))
    }

    /// Makes an empty database and answers its URL. Each call makes another one.
    pub fn fresh_database(&self) -> Result<String> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("CREATE DATABASE {name}"))?;
        Ok(format!("{}/{name}", self.url))
    }

    /// The server's URL, without a database: what [`SHARED_URL`] should be set to for other processes.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs one statement in the `postgres` database through psql and answers its bare output.
    pub fn sql(&self, statement: &str) -> Result<String> {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement]);
        run(psql.arg(format!("{}/postgres", self.url)).env("PGCONNECT_TIMEOUT", "5"))
    }

    fn wait_up(&mut self) -> Result<()> {
        let started = Instant::now();
        loop {
            let Err(error) = self.sql("SELECT 1") else { return Ok(()) };
            if started.elapsed() > Duration::from_secs(30) {
                return Err(error.context("PostgreSQL did not come up within 30 s"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let_go(&mut self.child, Duration::from_secs(10));
    }
}

fn initialise(bin: &Path, data: &Path, owner: Option<Owner>) -> Result<()> {
    let mut command = Command::new(bin.join("initdb"));
    command.arg("-D").arg(data).args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]);
    run(as_owner(&mut command, owner)).context("initdb failed").map(drop)
}

fn launch(bin: &Path, data: &Path, folder: &Path, port: &Port, owner: Option<Owner>) -> Result<Child> {
    let log = std::fs::File::create(folder.join("postgres.log"))?;
    let mut command = guarded(&bin.join("postgres"));
    command.arg("-D").arg(data).args(["-p", &port.number().to_string(), "-h", "127.0.0.1"]);
    command.arg("-k").arg(folder);
    for setting in ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300"] {
        command.args(["-c", setting]);
    }
    command.stdout(log.try_clone()?).stderr(log);
    as_owner(&mut command, owner).spawn().context("cannot start postgres")
}

fn as_owner(command: &mut Command, owner: Option<Owner>) -> &mut Command {
    if let Some(owner) = owner {
        command.uid(owner.uid).gid(owner.gid);
    }
    // The caller's folder may be closed to that user.
    command.current_dir("/")
}

fn run(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {command:?}"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} failed: {errors}", command.get_program().to_string_lossy());
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The user to run as: `None` means ourselves.
fn owner() -> Result<Option<Owner>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd")?;
    for line in users.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        if let ["postgres", _, uid, gid, ..] = fields[..] {
            return Ok(Some(Owner { uid: uid.parse()?, gid: gid.parse()? }));
        }
    }
    bail!(
        "We are root and there is no system user `postgres`; initdb refuses root. Install PostgreSQL's package."
    )
}

/// The folder with the server's own programs (a `PATH` entry may only be a link to one of them).
fn find_programs() -> Result<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH").iter().flat_map(std::env::split_paths).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        let mut found: Vec<PathBuf> = versions.flatten().map(|version| version.path().join("bin")).collect();
        found.sort();
        folders.extend(found.into_iter().rev());
    }
    let has_all =
        |folder: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|name| folder.join(name).is_file());
    folders.into_iter().find(has_all).ok_or_else(|| {
        anyhow!("PostgreSQL's initdb, postgres and psql were found neither in PATH nor in /usr/lib/postgresql/*/bin.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_serves_all() {
        let one = Postgres::shared().unwrap();
        assert_eq!(one.url(), Postgres::shared().unwrap().url());
        assert_ne!(one.fresh_database().unwrap(), one.fresh_database().unwrap());
    }

    #[test]
    fn starts_makes_databases_and_stops() {
        let postgres = Postgres::start().unwrap();
        let one = postgres.fresh_database().unwrap();
        let two = postgres.fresh_database().unwrap();
        assert_ne!(one, two);
        let count = postgres.sql("SELECT count(*) FROM pg_database WHERE datname LIKE 'test_%'").unwrap();
        assert!(count.parse::<u32>().unwrap() >= 2, "{count}");
        if std::env::var(SHARED_URL).is_err() {
            let again = Postgres { url: postgres.url.clone(), bin: postgres.bin.clone(), _server: None };
            drop(postgres);
            assert!(again.sql("SELECT 1").is_err(), "the server still answers after its owner was dropped");
        }
    }
}
