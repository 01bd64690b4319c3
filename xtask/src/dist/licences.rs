//! The licences of everything that is in a program, with their texts as the crates bring them.

use super::crates::{Crate, Program};
use super::{Dist, write};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

/// How names of files begin that hold a licence or a notice that has to go along.
const BEGINNINGS: [&str; 6] = ["license", "licence", "copying", "copyright", "notice", "unlicense"];

/// The MIT licence, for crates that are under it and bring no text. Below it stand those who hold the rights.
const MIT: &str = "\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the \"Software\"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
";

/// Writes `NAME.licences.txt`. Each text stands there once, below the crates that it is of.
pub(super) fn make(program: &Program, dist: &Dist) -> Result<()> {
    let mut texts: BTreeMap<String, Vec<&Crate>> = BTreeMap::new();
    let mut without: Vec<&Crate> = Vec::new();
    for one in program.crates.values().filter(|one| one.checksum.is_some()) {
        if one.licence.is_empty() {
            bail!("{} {} states no licence", one.id.0, one.id.1);
        }
        let own = texts_of(one)?;
        if own.is_empty() {
            if chosen(one).is_none() {
                bail!("{} {} is under {} and brings no text of it", one.id.0, one.id.1, one.licence);
            }
            without.push(one);
        }
        for text in own {
            texts.entry(text).or_default().push(one);
        }
    }
    write(&dist.out.join(format!("{}.licences.txt", program.name)), &list(program, &texts, &without))
}

fn list(program: &Program, texts: &BTreeMap<String, Vec<&Crate>>, without: &[&Crate]) -> String {
    let mut text = format!(
        "{} is under the Apache License 2.0. It is built from crates of others, under these licences:\n\n",
        program.name
    );
    for one in program.crates.values().filter(|one| one.checksum.is_some()) {
        let _ = writeln!(text, "  {} {}: {}", one.id.0, one.id.1, one.licence);
    }
    if !without.is_empty() {
        text.push_str("\nThese bring no text. That of the Apache License stands in LICENSE, that of the MIT licence below.\n\n");
        for one in without {
            let place = one.repository.as_deref().unwrap_or_default();
            let licence = chosen(one).unwrap_or_default();
            let (name, version) = &one.id;
            let _ = writeln!(text, "  {name} {version}: {licence}: Copyright (c) {}, {place}", one.authors);
        }
        let _ = write!(text, "\n{MIT}");
    }
    let mut sorted: Vec<_> = texts.iter().collect();
    sorted.sort_by_key(|(_, crates)| (std::cmp::Reverse(crates.len()), &crates[0].id));
    for (licence, crates) in sorted {
        let names: Vec<String> = crates.iter().map(|one| format!("{} {}", one.id.0, one.id.1)).collect();
        let _ = write!(text, "\n{}\n{}\n\n{licence}\n", "=".repeat(80), names.join(", "));
    }
    text
}

/// Under which licence a crate is taken that brings no text: one whose text is here.
fn chosen(one: &Crate) -> Option<&'static str> {
    ["MIT", "Apache-2.0"]
        .into_iter()
        .find(|licence| one.licence.split(" OR ").any(|choice| choice == *licence))
}

/// The texts that a crate brings, in the order of their files.
fn texts_of(one: &Crate) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(&one.folder)
        .with_context(|| format!("the sources of {} are not in {}", one.id.0, one.folder.display()))?;
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        let is_code = name.ends_with(".rs") || name.ends_with(".toml");
        if BEGINNINGS.iter().any(|start| name.starts_with(start)) && !is_code && entry.path().is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    let read = |file: &PathBuf| {
        let bytes = std::fs::read(file).with_context(|| format!("{} could not be read", file.display()))?;
        Ok(String::from_utf8_lossy(&bytes).replace('\r', "").trim().to_owned())
    };
    files.iter().map(read).filter(|text| !text.as_ref().is_ok_and(String::is_empty)).collect()
}
