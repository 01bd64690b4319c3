//! A throw-away PostgreSQL: own folder, own port on loopback, no fsync, gone when we are.

use crate::workspace::{Workspace, make_folder};
use crate::{debian, process};
use anyhow::{Context, Result, bail};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the server may take to answer, on a slow machine.
const START: Duration = Duration::from_mins(1);
/// How long it may take to stop before it is killed.
const STOP: Duration = Duration::from_secs(10);

/// A running server; it is stopped and its files are removed when this is dropped.
pub(crate) struct Postgres {
    server: Child,
    folder: PathBuf,
    port: u16,
}

impl Postgres {
    /// Starts a server; PostgreSQL is installed first where it is missing and that is ours to do.
    pub(crate) fn start(workspace: &Workspace) -> Result<Self> {
        let programs = programs()?;
        let owner = if debian::is_root() { Some(owner()?) } else { None };
        let folder = folder(workspace, owner)?;
        let data = folder.join("data");
        let mut init = as_owner(&programs.join("initdb"), owner);
        init.current_dir(&folder).arg("-D").arg(&data).stdout(Stdio::null());
        init.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        process::run(&mut init)?;
        let port = free_port()?;
        let log = folder.join("server.log");
        let mut server = as_owner(&programs.join("postgres"), owner);
        server.current_dir(&folder).arg("-D").arg(&data).args(settings(port));
        server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(&log)?);
        let server = server.spawn().context("the PostgreSQL server could not be started")?;
        let mut postgres = Self { server, folder, port };
        postgres.wait_until_ready(&log)?;
        Ok(postgres)
    }

    /// Where the server listens, with a database that is always there.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn wait_until_ready(&mut self, log: &Path) -> Result<()> {
        let deadline = Instant::now() + START;
        loop {
            let text = fs::read_to_string(log).unwrap_or_default();
            if text.contains("ready to accept connections")
                && TcpStream::connect(("127.0.0.1", self.port)).is_ok()
            {
                return Ok(());
            }
            if let Some(status) = self.server.try_wait()? {
                bail!("the PostgreSQL server ended at once ({status}); it said:\n{text}");
            }
            if Instant::now() > deadline {
                bail!("the PostgreSQL server did not answer within {} s; it said:\n{text}", START.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn stop(&mut self) {
        process::interrupt(self.server.id());
        let deadline = Instant::now() + STOP;
        while self.server.try_wait().is_ok_and(|status| status.is_none()) {
            if Instant::now() > deadline {
                let _ = self.server.kill();
                let _ = self.server.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The verb: holds a server until Ctrl-C, or runs `-- COMMAND` beside it.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<bool> {
    let args = args.strip_prefix(&["--".to_owned()]).unwrap_or(args);
    let mut postgres = Postgres::start(workspace)?;
    let Some((program, rest)) = args.split_first() else {
        println!("{}", postgres.url());
        postgres.server.wait()?;
        return Ok(true);
    };
    let status = Command::new(program)
        .args(rest)
        .env("TEST_POSTGRES_URL", postgres.url())
        .status()
        .with_context(|| format!("`{program}` could not be started; is it installed and in PATH?"))?;
    Ok(status.success())
}

fn settings(port: u16) -> Vec<String> {
    let mut args = vec!["-h".into(), "127.0.0.1".into(), "-p".into(), port.to_string()];
    for setting in [
        "unix_socket_directories=",
        "max_connections=300",
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
    ] {
        args.extend(["-c".into(), setting.into()]);
    }
    args
}

/// The folder with `initdb` and `postgres`: from PATH, else the newest of Debian's.
fn programs() -> Result<PathBuf> {
    if let Some(folder) = find_programs() {
        return Ok(folder);
    }
    println!("xtask: PostgreSQL is neither in PATH nor under /usr/lib/postgresql");
    if debian::is_root() && process::find("apt-get").is_some() {
        // The package would make and start a server of its own, which nobody here needs.
        debian::install(&["postgresql-common"])?;
        let file = Path::new("/etc/postgresql-common/createcluster.conf");
        let text = fs::read_to_string(file).unwrap_or_default();
        fs::write(file, format!("{text}\ncreate_main_cluster = false\n"))?;
    }
    debian::install(&["postgresql"])?;
    find_programs().context("PostgreSQL was installed, but initdb is still not to be found")
}

fn find_programs() -> Option<PathBuf> {
    let whole = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    let linked = process::find("initdb").and_then(|file| fs::canonicalize(file).ok());
    if let Some(folder) = linked.and_then(|file| file.parent().map(Path::to_owned)).filter(whole) {
        return Some(folder);
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(Result::ok)
        .map(|entry| (entry.file_name().to_string_lossy().parse().unwrap_or(0), entry.path().join("bin")))
        .filter(|(_, folder)| whole(folder))
        .collect();
    found.sort();
    found.pop().map(|(_, folder)| folder)
}

/// The user to run as when we are root, which PostgreSQL refuses.
fn owner() -> Result<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").context("/etc/passwd could not be read")?;
    ids_of(&users, "postgres").or_else(|| ids_of(&users, "nobody")).context(
        "PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it as",
    )
}

fn ids_of(users: &str, name: &str) -> Option<(u32, u32)> {
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// A fresh folder under `target/postgres`; where another user cannot get there, under the system's own.
fn folder(workspace: &Workspace, owner: Option<(u32, u32)>) -> Result<PathBuf> {
    let mut base = workspace.target.join("postgres");
    make_folder(&base)?;
    if owner.is_some() && !open_to_others(&base) {
        base = std::env::temp_dir().join("xtask-postgres");
        make_folder(&base)?;
    }
    remove_left_behind(&base);
    let folder = base.join(std::process::id().to_string());
    make_folder(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
    if let Some((user, group)) = owner {
        chown(&folder, Some(user), Some(group))?;
    }
    Ok(folder)
}

/// Removes the folders of runs that were killed before they could tidy up.
fn remove_left_behind(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().filter_map(Result::ok) {
        let pid_file = entry.path().join("data/postmaster.pid");
        let server = fs::read_to_string(pid_file).ok();
        let server = server.as_deref().and_then(|text| text.lines().next());
        let alive = |pid: &str| Path::new("/proc").join(pid).exists();
        if !server.is_some_and(alive) && !alive(&entry.file_name().to_string_lossy()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn open_to_others(path: &Path) -> bool {
    path.ancestors().all(|dir| fs::metadata(dir).is_ok_and(|meta| meta.mode() & 0o001 != 0))
}

/// A command that runs as the owner and, where `setpriv` is there, stops when we die without a word.
fn as_owner(program: &Path, owner: Option<(u32, u32)>) -> Command {
    if process::find("setpriv").is_none() {
        let mut command = Command::new(program);
        if let Some((user, group)) = owner {
            command.uid(user).gid(group);
        }
        return command;
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT"]);
    if let Some((user, group)) = owner {
        command.args([format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]);
    }
    command.arg(program);
    command
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::ids_of;

    #[test]
    fn finds_a_user() {
        let users = "root:x:0:0:root:/root:/bin/bash\npostgres:x:101:104::/var/lib/postgresql:/bin/sh\n";
        assert_eq!(ids_of(users, "postgres"), Some((101, 104)));
        assert_eq!(ids_of(users, "post"), None);
    }
}
