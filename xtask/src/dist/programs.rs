//! The programs of a release: built, or taken as they are, and stripped.

use super::{Dist, PROGRAMS, copy};
use crate::process;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target whose programs need nothing of the system that they run on.
const STATIC: &str = "x86_64-unknown-linux-musl";
/// What compiles the C parts for it; Debian's package is `musl-tools`.
const STATIC_COMPILER: &str = "musl-gcc";

/// Where what was built lies.
pub(super) struct Built {
    /// The folder of cargo's, with `manuals` in it.
    pub(super) folder: PathBuf,
    /// What they were built for.
    pub(super) target: String,
}

/// Puts the stripped programs into the release, and sees that each starts.
pub(super) fn make(workspace: &Workspace, dist: &Dist) -> Result<Built> {
    let built = build(workspace, dist)?;
    for program in PROGRAMS {
        let file = dist.out.join(program);
        copy(&built.folder.join(program), &file)?;
        process::run(Command::new("strip").arg(&file))?;
        let said = process::output(Command::new(&file).arg("--version"))?;
        if said.trim() != format!("{program} {}", dist.version) {
            bail!("{program} says of itself that it is {said:?}, and the release is {}", dist.version);
        }
        if dist.is_release {
            see_layout(&file)?;
        }
        let size = std::fs::metadata(&file)?.len();
        println!("dist: {program}: {:.1} MB, for {}", f64::from(u32::try_from(size)?) / 1e6, built.target);
    }
    Ok(built)
}

fn build(workspace: &Workspace, dist: &Dist) -> Result<Built> {
    if !dist.is_release {
        workspace.build()?;
        return Ok(Built { folder: workspace.target.join("debug"), target: host()? });
    }
    let target = target(workspace)?;
    if target != STATIC {
        println!(
            "dist: programs for {target}, which need its C library: for static ones there have to be the target \
             {STATIC} (rustup target add) and {STATIC_COMPILER} (Debian: musl-tools)"
        );
    }
    let mut cargo = release(workspace, &target);
    // Where this repository and the crates lie on this machine is nobody's business, and differs between machines.
    let home = std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| home + "/.cargo"));
    let home = home.context("neither CARGO_HOME nor HOME says where the crates lie")?;
    let root = workspace.root.display();
    let flags = format!("--remap-path-prefix={root}=. --remap-path-prefix={home}=cargo");
    process::run(dist.dated(&mut cargo).env("RUSTFLAGS", flags))?;
    Ok(Built { folder: workspace.target.join(&target).join("release"), target })
}

/// What builds the programs of a release, and the manuals.
pub(crate) fn release(workspace: &Workspace, target: &str) -> Command {
    let mut cargo = workspace.cargo(&["build", "--release", "--locked", "--target", target]);
    for package in PROGRAMS.iter().chain(&["manuals"]) {
        cargo.args(["--package", package]);
    }
    cargo
}

/// Sees that functions which run at a start lie together: names that fit nothing any more would go unnoticed.
fn see_layout(program: &Path) -> Result<()> {
    const LEAST: u64 = 2_000_000;
    let sections = process::output(Command::new("size").args(["-A", "-d"]).arg(program))?;
    let size = sections
        .lines()
        .find_map(|line| line.strip_prefix(".text.start")?.split_whitespace().next()?.parse().ok());
    let size: u64 = size.unwrap_or_default();
    if size < LEAST {
        bail!(
            "{}: only {size} bytes of functions lie together by build/layout.txt; write it anew with `cargo xtask layout`",
            program.display()
        );
    }
    Ok(())
}

/// What a release is built for here: static programs, if they can be.
pub(crate) fn target(workspace: &Workspace) -> Result<String> {
    if has_static(workspace) { Ok(STATIC.to_owned()) } else { host() }
}

/// Whether static programs can be built here.
fn has_static(workspace: &Workspace) -> bool {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(&workspace.root).args(["--print", "target-libdir", "--target", STATIC]);
    let library = process::quiet_output(&mut rustc);
    library.is_some_and(|folder| PathBuf::from(folder.trim()).is_dir())
        && process::find(STATIC_COMPILER).is_some()
}

fn host() -> Result<String> {
    let told = process::output(Command::new("rustc").arg("-vV"))?;
    let line = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.context("rustc does not tell its host")?.to_owned())
}
