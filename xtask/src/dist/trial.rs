//! Installs the packages into an empty folder as if it were a machine, tries what they bring, and purges them.

use super::package::Package;
use super::{Dist, files, read, write};
use crate::workspace::{Workspace, make_folder};
use crate::{debian, process};
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

/// What may stay: dpkg's own records, and the users, whose numbers must not go to somebody else who then owns old files.
const STAYS: [&str; 3] = ["var/lib/dpkg", "var/log", "etc/"];
/// The lists of users below `etc/`.
const USERS: [&str; 5] = ["passwd", "group", "shadow", "gshadow", ".pwd.lock"];

/// The folder that is taken for a machine.
struct Machine {
    root: PathBuf,
}

/// Tries all packages.
pub(super) fn run(workspace: &Workspace, packages: &[Package], dist: &Dist) -> Result<()> {
    if process::find("dpkg").is_none() {
        println!("dist: there is no dpkg here; the packages were not tried");
        return Ok(());
    }
    let machine = Machine::empty(workspace)?;
    if !debian::is_root() {
        println!("dist: only root may install packages; they are unpacked, and neither installed nor purged");
        for package in packages {
            process::run(Command::new("dpkg-deb").arg("--extract").arg(&package.file).arg(&machine.root))?;
            machine.starts(workspace, package, dist)?;
        }
        return Ok(());
    }
    // The packages' scripts make users and folders with it.
    if process::find("systemd-sysusers").is_none() {
        debian::install(&["systemd"])?;
    }
    let before = machine.all()?;
    for package in packages {
        machine.dpkg(&["--install"], &[package.file.as_os_str()])?;
        machine.starts(workspace, package, dist)?;
        machine.has_user_and_folders(package.program)?;
        machine.begins(package.program)?;
    }
    // The second one has been backed up; the first has not.
    let [first, second] = packages else { bail!("there are {} packages, not two", packages.len()) };
    let backup = machine.root.join(format!("var/backups/{}/daily-2026-01-01.backup", second.program));
    write(&backup, "A backup.\n")?;
    for package in packages {
        machine.dpkg(&["--remove", package.program], &[])?;
        machine.kept(package.program)?;
        machine.dpkg(&["--purge", package.program], &[])?;
    }
    let key = machine.root.join(format!("etc/{}/secret.key", second.program));
    if !backup.is_file() || !key.is_file() {
        bail!("purging {} took its backups or the key that they need", second.program);
    }
    let left: Vec<String> = machine.all()?.difference(&before).cloned().collect();
    let wrong: Vec<&String> = left.iter().filter(|path| !may_stay(path, second.program)).collect();
    if !wrong.is_empty() {
        bail!("purging {} and {} left behind: {wrong:?}", first.program, second.program);
    }
    println!("dist: both packages install, start and purge");
    Ok(())
}

/// Whether something may be there after everything is purged. `backed_up` is the program that has a backup.
fn may_stay(path: &str, backed_up: &str) -> bool {
    let is_kept = [format!("var/backups/{backed_up}"), format!("etc/{backed_up}")];
    let user_list =
        path.strip_prefix(STAYS[2]).is_some_and(|name| USERS.contains(&name.trim_end_matches('-')));
    let is_only_folder = ["etc", "var", "var/lib", "var/backups"].contains(&path);
    user_list
        || is_only_folder
        || STAYS[..2].iter().any(|start| path.starts_with(start))
        || is_kept.iter().any(|start| path == start || path.starts_with(&format!("{start}/")))
}

impl Machine {
    fn empty(workspace: &Workspace) -> Result<Self> {
        let root = workspace.target.join("dist-trial");
        if root.exists() {
            std::fs::remove_dir_all(&root).with_context(|| format!("{} is not ours", root.display()))?;
        }
        for folder in ["var/lib/dpkg/info", "var/lib/dpkg/updates", "var/log", "etc"] {
            make_folder(&root.join(folder))?;
        }
        write(&root.join("var/lib/dpkg/status"), "")?;
        Ok(Self { root })
    }

    /// Calls dpkg for this folder. What the packages need of others is not there; their scripts find the folder in
    /// `DPKG_ROOT`, as there is nothing in it that could run them.
    fn dpkg(&self, order: &[&str], files: &[&std::ffi::OsStr]) -> Result<()> {
        let mut dpkg = Command::new("dpkg");
        dpkg.arg(format!("--root={}", self.root.display()));
        dpkg.args(["--force-script-chrootless", "--force-depends", "--path-include=/*"])
            .args(order)
            .args(files);
        let out = dpkg.output().context("dpkg could not be started")?;
        let said =
            format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        if !out.status.success() {
            bail!("{}: {said}", process::words(&dpkg));
        }
        Ok(())
    }

    /// Everything in the folder, by paths from it.
    fn all(&self) -> Result<BTreeSet<String>> {
        let mut find = Command::new("find");
        find.current_dir(&self.root).args([".", "-mindepth", "1", "-printf", "%P\\n"]);
        Ok(process::output(&mut find)?.lines().map(str::to_owned).collect())
    }

    /// The program starts where it was put, and says what it says in the repository; what its units start is there.
    fn starts(&self, workspace: &Workspace, package: &Package, dist: &Dist) -> Result<()> {
        let name = package.program;
        let ask = |word: &str| process::output(Command::new(self.root.join("usr/bin").join(name)).arg(word));
        if ask("--version")?.trim() != format!("{name} {}", dist.version) {
            bail!("the installed {name} is of another version");
        }
        if ask("example-config")? != read(&workspace.root.join(format!("docs/generated/{name}.yaml")))? {
            bail!("the installed {name} has another config than docs/generated/{name}.yaml");
        }
        let mut started = 0;
        for unit in files(&self.root.join("usr/lib/systemd/system"))? {
            for line in read(&unit)?.lines().filter_map(|line| line.strip_prefix("ExecStart=/")) {
                for path in
                    line.split_whitespace().filter(|word| word.contains(name) || line.starts_with(word))
                {
                    let path = path.trim_start_matches('/');
                    if path.starts_with("usr/") && !self.root.join(path).is_file() {
                        bail!("{} starts /{path}, which the package does not have", unit.display());
                    }
                }
                started += 1;
            }
        }
        if started == 0 {
            bail!("the package of {name} has no units");
        }
        Ok(())
    }

    /// The installation made a user and folders that are the user's own.
    fn has_user_and_folders(&self, program: &str) -> Result<()> {
        use std::os::unix::fs::MetadataExt as _;
        let users = read(&self.root.join("etc/passwd"))?;
        let user = users.lines().find(|line| line.starts_with(&format!("{program}:")));
        let number = user.and_then(|line| line.split(':').nth(2)).context("the program has no user")?;
        for folder in ["etc", "var/lib", "var/backups"] {
            let folder = self.root.join(folder).join(program);
            let found =
                std::fs::metadata(&folder).with_context(|| format!("{} is not there", folder.display()))?;
            if found.uid().to_string() != number || found.mode() & 0o777 != 0o700 {
                bail!("{} belongs to {} with mode {:o}", folder.display(), found.uid(), found.mode());
            }
        }
        let wanted = self.root.join("etc/systemd/system");
        if wanted.exists() {
            bail!("something is enabled in {}, though there is no config", wanted.display());
        }
        Ok(())
    }

    /// Without a config the program says so; with that of `init` there is something for a purge to remove.
    fn begins(&self, name: &str) -> Result<()> {
        let config = self.root.join("etc").join(name).join("config.yaml");
        let program = || {
            let mut program = Command::new(self.root.join("usr/bin").join(name));
            program.arg("--config").arg(&config);
            program
        };
        let out = program().arg("check").output()?;
        let said = String::from_utf8_lossy(&out.stderr);
        if out.status.code() != Some(1) || !said.contains(&*config.to_string_lossy()) {
            bail!("{name} without a config ends with {} and says: {said}", out.status);
        }
        let words = ["init", "--server-name", "example.org", "--admin", "@you:example.org"];
        process::output(program().args(words))?;
        write(&self.root.join("var/lib").join(name).join("bridge.db"), "A database.\n")
    }

    /// A package that is removed and not purged leaves what a person needs to install it again.
    fn kept(&self, program: &str) -> Result<()> {
        for file in [format!("etc/{program}/config.yaml"), format!("var/lib/{program}/bridge.db")] {
            if !self.root.join(&file).is_file() {
                bail!("removing {program} took /{file}");
            }
        }
        if self.root.join("usr/bin").join(program).exists() {
            bail!("removing {program} left the program");
        }
        Ok(())
    }
}
