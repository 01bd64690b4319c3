//! Man pages and completions: made from the programs' own command lines, and read by those that are there to read them.

use super::programs::Built;
use super::{Dist, PROGRAMS, copy, files};
use crate::process;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Verbs that each program has, so that the pages cannot be those of something else.
const VERBS: [&str; 3] = ["run", "init", "backup"];

/// Writes `man/` and `completions/` of the release.
pub(super) fn make(built: &Built, dist: &Dist) -> Result<()> {
    let folder = built.folder.join("manuals.d.out");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    process::run(Command::new(built.folder.join("manuals")).arg(&folder))?;
    for program in PROGRAMS {
        let from = folder.join(program);
        for kind in ["man", "completions"] {
            for file in files(&from.join(kind))? {
                let name = file.file_name().context("a page has no name")?;
                copy(&file, &dist.out.join(kind).join(name))?;
            }
        }
        for verb in VERBS {
            let page = dist.out.join(format!("man/{program}-{verb}.1"));
            if !page.is_file() {
                bail!("{program} has no page for its verb `{verb}`");
            }
        }
        completions(&dist.out.join("completions"), program)?;
    }
    pages(&files(&dist.out.join("man"))?)
}

/// Has the formatter of man pages read each: it may not complain.
fn pages(pages: &[PathBuf]) -> Result<()> {
    let (program, words): (_, &[&str]) = if process::find("mandoc").is_some() {
        ("mandoc", &["-T", "utf8", "-W", "error"])
    } else if process::find("groff").is_some() {
        ("groff", &["-man", "-T", "utf8", "-ww", "-k"])
    } else {
        println!("dist: there is neither mandoc nor groff here; the man pages were not rendered");
        return Ok(());
    };
    for page in pages {
        let out = Command::new(program).args(words).arg(page).output()?;
        let shown = without_overstrikes(&String::from_utf8_lossy(&out.stdout));
        if !out.status.success() || !out.stderr.is_empty() || !shown.contains("SYNOPSIS") {
            let said = String::from_utf8_lossy(&out.stderr);
            bail!("{program} does not render {}: {said}{shown}", page.display());
        }
    }
    println!("dist: {program} renders {} man pages", pages.len());
    Ok(())
}

/// A page without what makes letters bold on a printer: the same letter twice, with a step back between them.
fn without_overstrikes(page: &str) -> String {
    let mut text = String::new();
    for letter in page.chars() {
        if letter == '\u{8}' {
            text.pop();
        } else {
            text.push(letter);
        }
    }
    text
}

/// Has each shell that is there read its file, and bash complete a verb with it.
fn completions(folder: &Path, program: &str) -> Result<()> {
    let shells = [
        ("bash", format!("{program}.bash")),
        ("zsh", format!("_{program}")),
        ("fish", format!("{program}.fish")),
    ];
    for (shell, file) in shells {
        let file = folder.join(file);
        if !file.is_file() {
            bail!("there are no completions for {shell}");
        }
        if process::find(shell).is_some() {
            process::run(Command::new(shell).arg("-n").arg(&file))?;
        } else {
            println!("dist: there is no {shell} here; what it would read was not checked");
        }
    }
    if process::find("bash").is_none() {
        return Ok(());
    }
    let script = format!(
        "source '{}'; COMP_WORDS=({program} back); COMP_CWORD=1; \
         \"$(complete -p {program} | sed 's/.*-F \\([^ ]*\\).*/\\1/')\" {program} back {program}; echo \"${{COMPREPLY[@]}}\"",
        folder.join(format!("{program}.bash")).display()
    );
    let completed = process::output(Command::new("bash").args(["-c", &script]))?;
    if completed.trim() != "backup" {
        bail!("bash completes `{program} back` to {completed:?}");
    }
    Ok(())
}
