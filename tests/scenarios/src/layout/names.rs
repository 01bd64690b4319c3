//! Names of functions: those of a program, by `nm`, and those that ran, by a note of callgrind's.
use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Context as _, ensure};
use regex::Regex;

use crate::Result;

/// The functions in a program and their sizes in bytes.
pub(super) fn of_program(program: &Path) -> Result<Vec<(String, u64)>> {
    let told = Command::new("nm").args(["--print-size", "--defined-only"]).arg(program).output();
    let told = told.context("the program nm is missing; on Debian: apt-get install binutils")?;
    ensure!(told.status.success(), "nm: {}", String::from_utf8_lossy(&told.stderr));
    let functions = read_nm(&String::from_utf8_lossy(&told.stdout));
    ensure!(!functions.is_empty(), "{} has no symbols: build it with strip=false", program.display());
    Ok(functions)
}

fn read_nm(told: &str) -> Vec<(String, u64)> {
    let function = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        let (size, kind, name) = (words.next()?, words.next()?, words.next()?);
        let size = u64::from_str_radix(size, 16).ok()?;
        matches!(kind, "t" | "T" | "w" | "W").then(|| (name.to_owned(), size))
    };
    told.lines().filter_map(function).collect()
}

/// The functions that a note names; one that calls itself has a number behind it there.
pub(super) fn that_ran(note: &str) -> HashSet<&str> {
    note.lines().filter_map(of_line).collect()
}

fn of_line(line: &str) -> Option<&str> {
    let name = line.strip_prefix("fn=").or_else(|| line.strip_prefix("cfn="))?;
    Some(name.split_once('\'').map_or(name, |(name, _)| name))
}

/// A Rust function's name with a `*` for each hash, which differ with each version of a compiler or a library; another name as it
/// is. Names of the older form end with a hash, those of the newer have one behind each library's `Cs`
/// (<https://doc.rust-lang.org/rustc/symbol-mangling/v0.html>).
pub(super) fn without_hash(name: &str) -> String {
    static OLD: LazyLock<Regex> = LazyLock::new(|| regex("^(_ZN.*17h)[0-9a-f]{16}E.*$"));
    static NEW: LazyLock<Regex> = LazyLock::new(|| regex("Cs[0-9A-Za-z]+_"));
    match OLD.captures(name) {
        Some(parts) => format!("{}*", &parts[1]),
        None if name.starts_with("_R") => NEW.replace_all(name, "Cs*_").into_owned(),
        None => name.to_owned(),
    }
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of ours")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_read_with_their_sizes() {
        let told = "00000000000109c0 0000000000000034 T _start\n\
                    0000000000a02be8 0000000000000010 r TABLE\n\
                    00000000000109f4 t without_size\n\
                    00000000000209c0 0000000000000100 t _ZN4core3fmt5write17h0123456789abcdefE\n";
        let expected =
            [("_start".to_owned(), 0x34), ("_ZN4core3fmt5write17h0123456789abcdefE".to_owned(), 0x100)];
        assert_eq!(read_nm(told), expected);
    }

    #[test]
    fn what_ran_is_what_was_entered_or_called() {
        let note = "events: Ir\nfn=one\n16 3\ncfn=two'2\ncalls=1 50\nfn=two\ncob=lib.so\n";
        assert_eq!(that_ran(note), HashSet::from(["one", "two"]));
    }

    #[test]
    fn a_hash_is_left_out_and_nothing_else() {
        let cases = [
            ("_ZN4core3fmt5write17h0123456789abcdefE", "_ZN4core3fmt5write17h*"),
            ("_ZN4core3fmt5write17h0123456789abcdefE.llvm.1", "_ZN4core3fmt5write17h*"),
            ("_ZN4core17h4eadE", "_ZN4core17h4eadE"),
            ("_RINvMNtCs7BliBxkEZsN_4core6optionNtCsaz6eC2DG7lh_3std", "_RINvMNtCs*_4core6optionNtCs*_3std"),
            ("sqlite3VdbeExec", "sqlite3VdbeExec"),
        ];
        for (name, expected) in cases {
            assert_eq!(without_hash(name), expected);
        }
    }
}
