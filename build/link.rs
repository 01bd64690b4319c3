//! The build script of both programs: has the linker pack addresses, and lay functions that run together beside each other, so
//! that a release takes less room on the disk and in memory.
#![allow(clippy::disallowed_methods, reason = "a build script is told its target by the environment")]

mod layout;

use std::path::Path;
use std::process::Command;

/// Since when glibc's loader reads packed addresses; musl's does in every version that Rust has.
const GLIBC: (u32, u32) = (2, 36);
/// Which functions run together: `cargo xtask layout` writes it.
const LAYOUT: &str = "../build/layout.txt";
/// Linkers that do not take our script.
const WITHOUT_SCRIPTS: [&str; 3] = ["mold", "gold", "wild"];

fn main() -> std::io::Result<()> {
    for file in ["../build/link.rs", "../build/layout.rs", LAYOUT] {
        println!("cargo::rerun-if-changed={file}");
    }
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|is| is == value);
    if !is("PROFILE", "release") || !is("CARGO_CFG_TARGET_OS", "linux") {
        return Ok(());
    }
    // The loader fills these in at each start; packed they are a megabyte less.
    if is("CARGO_CFG_TARGET_ENV", "musl") || glibc().is_some_and(|version| version >= GLIBC) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    println!("cargo::rerun-if-env-changed=CARGO_ENCODED_RUSTFLAGS");
    let flags = std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    if WITHOUT_SCRIPTS.iter().any(|linker| flags.contains(&format!("fuse-ld={linker}"))) {
        return Ok(());
    }
    let out = std::env::var("OUT_DIR").map_err(std::io::Error::other)?;
    let script = Path::new(&out).join("layout.ld");
    std::fs::write(&script, layout::script(&std::fs::read_to_string(LAYOUT)?))?;
    // Two words: in one, a comma in the path would end it.
    println!("cargo::rustc-link-arg-bins=-T");
    println!("cargo::rustc-link-arg-bins={}", script.display());
    Ok(())
}

/// This machine's: a program that is built here needs one that is not much older anyway.
fn glibc() -> Option<(u32, u32)> {
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let (major, minor) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
