//! Which functions the programs run, so that the linker can lay them beside each other: `docs/decisions/0032`.
//!
//! The kernel maps a program's file in pieces of 64 KB around each page that is touched. Both programs are watched by
//! `valgrind` while people talk, and once more at a start and in the quiet after it; the names of the functions that ran
//! become the file that the build script of the programs reads.
mod course;
mod cover;
mod names;
/// The build script's.
#[cfg(test)]
#[path = "../../../build/layout.rs"]
mod script;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Parser;

use crate::Result;
use cover::{Function, cover};

/// Where the result goes. The programs are named by the variables `BRIDGE_SLACK` and `BRIDGE_BOTS`, and have their symbols.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// The file that is written.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// What is known of all functions of one name: their size in bytes, and that of those among them that ran.
#[derive(Debug, Default, Clone, Copy)]
struct Ran {
    all: u64,
    start: u64,
    talk: u64,
}

/// Watches both programs and writes the file. Answers what it says, in a sentence.
pub async fn run(options: Options) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let mut functions = BTreeMap::<String, Ran>::new();
    let slack = program("BRIDGE_SLACK")?;
    course::of_slack(folder.path()).await.context("bridge-slack")?;
    add(&mut functions, &slack, folder.path(), "slack")?;
    let bots = program("BRIDGE_BOTS")?;
    course::of_bots(folder.path()).await.context("bridge-bots")?;
    add(&mut functions, &bots, folder.path(), "bots")?;
    let text = written(&functions);
    std::fs::write(&options.out, &text)?;
    let sum = |of: fn(&Ran) -> u64| functions.values().map(of).sum::<u64>() / 1024;
    Ok(format!(
        "Of {} KB of functions in both programs {} KB run at a start and in the quiet after it, and {} KB while people talk: {} \
         lines in {}.",
        sum(|ran| ran.all),
        sum(|ran| ran.start),
        sum(|ran| ran.talk),
        text.lines().count(),
        options.out.display()
    ))
}

fn program(variable: &str) -> Result<PathBuf> {
    let path = std::env::var_os(variable).with_context(|| format!("{variable} names no program"))?;
    Ok(path.into())
}

/// Adds what one program ran, as its two notes tell.
fn add(functions: &mut BTreeMap<String, Ran>, program: &Path, folder: &Path, name: &str) -> Result<()> {
    let note = |course: &str| std::fs::read_to_string(folder.join(format!("{name}.{course}")));
    let (start, talk) = (note("start")?, note("talk")?);
    let (start, talk) = (names::that_ran(&start), names::that_ran(&talk));
    for (symbol, size) in names::of_program(program)? {
        let ran = functions.entry(names::without_hash(&symbol)).or_default();
        ran.all += size;
        ran.start += if start.contains(&*symbol) { size } else { 0 };
        ran.talk += if talk.contains(&*symbol) { size } else { 0 };
    }
    Ok(())
}

/// The file: a group for each course, and in it the beginnings of names.
fn written(functions: &BTreeMap<String, Ran>) -> String {
    let mut text = "# Functions that run at a start and in the quiet after it, and those that run while people talk, by the beginnings of\n\
                    # their names. The linker lays each group together. Written by `cargo xtask layout`, read by build/link.rs.\n"
        .to_owned();
    let by = |ran: fn(&Ran) -> u64, taken: &[String]| {
        let left = functions.iter().filter(|(name, _)| !taken.iter().any(|pattern| fits(pattern, name)));
        let left: Vec<_> = left.map(|(name, of)| Function { name, size: of.all, ran: ran(of) }).collect();
        cover(&left)
    };
    let start = by(|ran| ran.start, &[]);
    let talk = by(|ran| ran.talk, &start);
    for (group, patterns) in [("start", start), ("talk", talk)] {
        text += &[vec![format!("[{group}]")], patterns, vec![String::new()]].concat().join("\n");
    }
    text
}

fn fits(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_written_with_what_is_not_yet_in_one() {
        let of = |all, start, talk| Ran { all, start, talk };
        let functions = BTreeMap::from([
            ("_ZN5tokio4time5sleep17h*".to_owned(), of(1_000, 1_000, 1_000)),
            ("_ZN5tokio4time7timeout17h*".to_owned(), of(100, 0, 100)),
            ("_ZN6bridge4talk17h*".to_owned(), of(3_000, 0, 3_000)),
            ("_ZN6bridge5never17h*".to_owned(), of(3_000, 0, 0)),
        ]);
        let text = written(&functions);
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines, ["[start]", "_ZN5tokio4time*", "[talk]", "_ZN6bridge4talk17h*"]);
    }

    /// Links a program of one function in each of three sections, and answers in which they are then.
    fn linked(layout: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let function = |name: &str, section: &str| {
            format!("__attribute__((noinline, section(\"{section}\"))) int {name}(void) {{ return 1; }}\n")
        };
        let source = function("in_list", ".text.in_list")
            + &function("rare", ".text.unlikely.in_list_too")
            + &function("other", ".text.other")
            + "int main(void) { return in_list() + rare() + other(); }\n";
        let (source, script) = (file("main.c", source), file("layout.ld", script::script(layout)));
        let program = folder.path().join("a,b");
        let run = |command: &mut std::process::Command| {
            let output = command.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        run(std::process::Command::new("cc").arg(&source).arg("-o").arg(&program).arg("-T").arg(&script));
        run(std::process::Command::new("objdump").arg("-t").arg(&program))
    }

    #[test]
    fn a_linker_lays_functions_as_the_file_says() {
        let symbols = linked("# for people\n[start]\nin_list*\nnot_there\n[talk]\nnot_there_either\n");
        let section = |name: &str| {
            let line = symbols.lines().find(|line| line.split_whitespace().last() == Some(name)).unwrap();
            line.split_whitespace().find(|word| word.starts_with(".text")).unwrap().to_owned()
        };
        assert_eq!([section("in_list"), section("rare")], [".text.start", ".text.start"]);
        assert_eq!([section("other"), section("main")], [".text", ".text"]);
    }

    #[test]
    fn the_file_is_one_that_a_linker_can_read() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../build/layout.txt");
        let text = std::fs::read_to_string(path).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines.first(), Some(&"[start]"));
        assert!(lines.contains(&"[talk]") && lines.len() > 1_000, "{} lines", lines.len());
        let is_of_a_name = |letter: char| letter.is_ascii_alphanumeric() || "_.$*".contains(letter);
        for line in lines.into_iter().filter(|line| !line.starts_with('[')) {
            assert!(!line.is_empty() && line.chars().all(is_of_a_name), "{line}");
        }
    }
}
