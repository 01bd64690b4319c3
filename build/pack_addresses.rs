//! The build script of both programs: has the linker pack the addresses that the loader fills in, so that a release is a megabyte
//! smaller.
#![allow(clippy::disallowed_methods, reason = "a build script is told its target by the environment")]

use std::process::Command;

/// Since when glibc's loader reads packed addresses; musl's does in every version that Rust has.
const GLIBC: (u32, u32) = (2, 36);

fn main() {
    println!("cargo::rerun-if-changed=../build/pack_addresses.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|is| is == value);
    if is("PROFILE", "release")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && (is("CARGO_CFG_TARGET_ENV", "musl") || glibc().is_some_and(|version| version >= GLIBC))
    {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// This machine's: a program that is built here needs one that is not much older anyway.
fn glibc() -> Option<(u32, u32)> {
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let (major, minor) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
