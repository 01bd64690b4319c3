//! A release: programs, man pages, completions, lists of what is in them, Debian packages, checksums; each checked.

mod crates;
mod licences;
mod manuals;
mod package;
mod programs;
mod sbom;
mod sums;
mod trial;

pub(crate) use programs::{release, target};

use crate::process;
use crate::workspace::{Workspace, make_folder};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The programs that are released.
const PROGRAMS: [&str; 2] = ["bridge-slack", "bridge-bots"];

const HELP: &str = "\
cargo xtask dist [--profile release|dev] [--out FOLDER]

Puts a release into FOLDER, target/dist if nothing is said: stripped programs, man pages, completions, a list of the
crates in each (CycloneDX) and of their licences, a Debian package of each, and SHA256SUMS. Each is checked.

  --profile release  builds them, static where the target x86_64-unknown-linux-musl and musl-gcc are there
  --profile dev      takes the programs that `cargo build --workspace` made, to see in a minute that all of this works
";

/// What was asked for.
pub(crate) struct Dist {
    /// Built for speed, and for others; if not, it is what is built already.
    is_release: bool,
    /// Where everything goes.
    out: PathBuf,
    /// The version of all programs.
    version: String,
    /// Seconds since 1970 that stand in for the time of the build: of the last commit, so that a release can be repeated.
    epoch: Option<String>,
}

/// Makes a release.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<bool> {
    let mut dist = Dist {
        is_release: true,
        out: workspace.target.join("dist"),
        version: version(workspace)?,
        epoch: epoch(workspace),
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--profile" => match value()?.as_str() {
                "release" => dist.is_release = true,
                "dev" => dist.is_release = false,
                other => bail!("there is no profile `{other}`; take release or dev"),
            },
            "--out" => dist.out = std::path::absolute(value()?)?,
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(true);
            }
            other => bail!("`{other}` is not understood; `cargo xtask dist --help` tells the options"),
        }
    }
    dist.make(workspace)?;
    Ok(true)
}

/// The step of `cargo xtask ci`: all of it, with the programs that are built already.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    run(workspace, &["--profile".to_owned(), "dev".to_owned()]).map(drop)
}

impl Dist {
    fn make(&self, workspace: &Workspace) -> Result<()> {
        self.begin()?;
        let built = timed("programs", || programs::make(workspace, self))?;
        timed("manuals", || manuals::make(&built, self))?;
        let crates = timed("crates", || crates::of_programs(workspace, &built))?;
        for program in &crates {
            timed("sbom", || sbom::make(program, self))?;
            timed("licences", || licences::make(program, self))?;
        }
        let packages = timed("packages", || package::make(workspace, &built, self))?;
        timed("trial", || trial::run(workspace, &packages, self))?;
        copy(&workspace.root.join("LICENSE"), &self.out.join("LICENSE"))?;
        timed("checksums", || sums::make(&self.out))?;
        println!("dist: {} is in {}", self.version, self.out.display());
        Ok(())
    }

    /// Empties the folder. One that holds something else than a release is left alone.
    fn begin(&self) -> Result<()> {
        let mark = self.out.join(sums::FILE);
        let is_empty = std::fs::read_dir(&self.out).map_or(true, |mut entries| entries.next().is_none());
        if !is_empty && !mark.is_file() && !self.out.join(UNFINISHED).is_file() {
            bail!("{} holds something else than a release; name an empty folder", self.out.display());
        }
        if self.out.exists() {
            std::fs::remove_dir_all(&self.out)
                .with_context(|| format!("{} could not be emptied", self.out.display()))?;
        }
        make_folder(&self.out)?;
        write(&self.out.join(UNFINISHED), "This release was not finished.\n")
    }

    /// Gives a command the time that stands in for that of the build.
    fn dated<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        match &self.epoch {
            Some(epoch) => command.env("SOURCE_DATE_EPOCH", epoch),
            None => command,
        }
    }
}

/// Lies in the folder until all is done.
const UNFINISHED: &str = "UNFINISHED";

fn timed<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    let done = work().with_context(|| format!("dist: {what}"))?;
    println!("dist: {what}: good in {:.1} s", start.elapsed().as_secs_f64());
    Ok(done)
}

fn version(workspace: &Workspace) -> Result<String> {
    let manifest = read(&workspace.root.join("Cargo.toml"))?;
    let line = manifest.lines().find_map(|line| line.strip_prefix("version = \""));
    Ok(line.and_then(|line| line.strip_suffix('"')).context("Cargo.toml has no version")?.to_owned())
}

/// What `SOURCE_DATE_EPOCH` says, else when the last commit was made; none outside of a repository.
fn epoch(workspace: &Workspace) -> Option<String> {
    let told = std::env::var("SOURCE_DATE_EPOCH").ok();
    told.or_else(|| {
        let mut git = Command::new("git");
        git.current_dir(&workspace.root).args(["log", "-1", "--format=%ct"]);
        process::quiet_output(&mut git).map(|text| text.trim().to_owned())
    })
}

/// Reads a file; the error names it.
fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} could not be read", file.display()))
}

/// Writes a file and makes its folder; the error names it.
fn write(file: &Path, text: &str) -> Result<()> {
    make_folder(file.parent().unwrap_or(Path::new("/")))?;
    std::fs::write(file, text).with_context(|| format!("{} could not be written", file.display()))
}

/// Copies a file and makes the folder of the copy; the error names both.
fn copy(from: &Path, to: &Path) -> Result<()> {
    make_folder(to.parent().unwrap_or(Path::new("/")))?;
    let copied = std::fs::copy(from, to);
    copied.with_context(|| format!("{} could not be copied to {}", from.display(), to.display())).map(drop)
}

/// The files of a folder in the order of their names, with those of the folders in it.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("{} could not be read", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
