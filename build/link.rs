//! The build script of both programs: has the linker pack addresses, and lay functions that run together beside each other, so
//! that a release takes less room on the disk and in memory.
#![allow(clippy::disallowed_methods, reason = "a build script is told its target by the environment")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// Since when glibc's loader reads packed addresses; musl's does in every version that Rust has.
const GLIBC: (u32, u32) = (2, 36);
/// Which functions run together: `cargo xtask layout` writes it.
const LAYOUT: &str = "../build/layout.txt";

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=../build/link.rs");
    println!("cargo::rerun-if-changed={LAYOUT}");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|is| is == value);
    if !is("PROFILE", "release") || !is("CARGO_CFG_TARGET_OS", "linux") {
        return Ok(());
    }
    // The loader fills these in at each start; packed they are a megabyte less.
    if is("CARGO_CFG_TARGET_ENV", "musl") || glibc().is_some_and(|version| version >= GLIBC) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    let script = Path::new(&std::env::var_os("OUT_DIR").unwrap_or_default()).join("layout.ld");
    std::fs::write(&script, script_of(&std::fs::read_to_string(LAYOUT)?))?;
    println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
    Ok(())
}

/// This machine's: a program that is built here needs one that is not much older anyway.
fn glibc() -> Option<(u32, u32)> {
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let (major, minor) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// What GNU's linker and LLVM's take beside their own script: a section for each group, before that of all other functions. A name
/// that is no function's any more does nothing.
fn script_of(layout: &str) -> String {
    let mut script = "SECTIONS\n{\n".to_owned();
    for group in layout.split("\n[").skip(1) {
        let (name, functions) = group.split_once(']').unwrap_or((group, ""));
        let _ = writeln!(script, "  .text.{name} :\n  {{");
        for function in functions.split_whitespace() {
            let _ = writeln!(script, "    *(.text.{function})");
        }
        script.push_str("  }\n");
    }
    script + "}\nINSERT BEFORE .text;\n"
}
