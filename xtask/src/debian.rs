//! Installing a missing package, where that is ours to do: as root on Debian and its descendants.

use crate::process;
use anyhow::{Result, bail};
use std::path::Path;
use std::process::Command;

/// Installs packages with apt, or says which are needed when we are not the ones to install.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let names = packages.join(" ");
    if !is_root() || process::find("apt-get").is_none() {
        bail!("please install what is missing; on Debian: sudo apt-get install {names}");
    }
    println!("xtask: installing {names} with apt");
    process::run(apt().arg("update"))?;
    process::run(apt().args(["install", "--yes", "--no-install-recommends"]).args(packages))
}

/// Unpacks one package into a folder, without installing it: nothing is set up or started, and nobody has to be root.
pub(crate) fn unpack(package: &str, folder: &Path) -> Result<()> {
    if process::find("apt-get").is_none() || process::find("dpkg-deb").is_none() {
        bail!("please install what is missing; on Debian: sudo apt-get install {package}");
    }
    println!("xtask: unpacking {package} into {}", folder.display());
    if is_root() {
        process::run(apt().arg("update"))?;
    }
    process::run(apt().current_dir(folder).args(["download", package]))?;
    let mut unpack = Command::new("sh");
    unpack.current_dir(folder).args(["-c", "dpkg-deb --extract ./*.deb . && rm ./*.deb"]);
    process::run(&mut unpack)
}

/// Whether this process may install and may change user.
pub(crate) fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn apt() -> Command {
    let mut apt = Command::new("apt-get");
    apt.args(["--quiet", "--option", "DPkg::Lock::Timeout=300"]).env("DEBIAN_FRONTEND", "noninteractive");
    apt
}
