//! A plugin in Python: a zip with a `maubot.yaml` and modules.

use std::collections::BTreeSet;

use super::archive::Archive;
use super::manifest::{self, Manifest};
use crate::plugin::Problem;

/// The manifest's name.
const MANIFEST: &str = "maubot.yaml";
/// How large it may be, in bytes.
const LARGEST_MANIFEST: u64 = 64 * 1024;
/// Up to which size a module is looked into, in bytes.
const LARGEST_MODULE: u64 = 4 * 1024 * 1024;

/// Reads an archive; gives what its manifest says, and the folder below which it lies.
pub(super) fn read(bytes: &[u8]) -> Result<(Manifest, String), Vec<Problem>> {
    let mut archive = Archive::open(bytes)?;
    let folder = folder(&archive.names).map_err(|problem| vec![problem])?;
    let Some(text) = archive.text(&format!("{folder}{MANIFEST}"), LARGEST_MANIFEST) else {
        let text = format!("is larger than {} KiB, or no text in UTF-8.", LARGEST_MANIFEST / 1024);
        return Err(vec![Problem::new(MANIFEST, text)]);
    };
    let manifest = manifest::read(&text)?;
    let problems = missing(&manifest, &folder, &mut archive);
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok((manifest, folder.trim_end_matches('/').to_owned()))
}

/// Below which folder the plugin lies, with a slash at its end; empty for the root.
fn folder(names: &BTreeSet<String>) -> Result<String, Problem> {
    if names.contains(MANIFEST) {
        return Ok(String::new());
    }
    let tops: BTreeSet<&str> = names.iter().map(|name| name.split('/').next().unwrap_or_default()).collect();
    if let (1, Some(top)) = (tops.len(), tops.first()) {
        let folder = format!("{top}/");
        if names.contains(&format!("{folder}{MANIFEST}")) {
            return Ok(folder);
        }
    }
    let elsewhere = names.iter().find_map(|name| name.strip_suffix(MANIFEST)?.strip_suffix('/'));
    let text = match elsewhere {
        Some(folder) => {
            format!("lies in {folder}. Pack what is in that folder, so that it lies at the root.")
        }
        None => "is missing: this is no plugin. It has to lie at the archive's root, or in its only folder."
            .to_owned(),
    };
    Err(Problem::new(MANIFEST, text))
}

/// Which modules are not in the archive, and whether the main class could be in its.
fn missing(manifest: &Manifest, folder: &str, archive: &mut Archive<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, module) in manifest.modules.iter().enumerate() {
        let path = module.replace('.', "/");
        if file_of(module, folder, &archive.names).is_none() {
            let text =
                format!("{module} is not in the archive: neither {path}.py nor {path}/__init__.py is there.");
            problems.push(Problem::new(format!("modules[{at}]"), text));
        }
    }
    let (module, class) = manifest.main();
    let Some(file) = file_of(module, folder, &archive.names) else {
        if !manifest.modules.iter().any(|listed| listed == module) {
            problems.push(Problem::new("main_class", format!("its module {module} is not in the archive.")));
        }
        return problems;
    };
    // Whoever defines or imports a class writes its name.
    if archive.text(&file, LARGEST_MODULE).is_some_and(|text| !text.contains(class)) {
        problems.push(Problem::new("main_class", format!("there is no {class} in {file}.")));
    }
    problems
}

fn file_of(module: &str, folder: &str, names: &BTreeSet<String>) -> Option<String> {
    let path = module.replace('.', "/");
    let candidates = [format!("{folder}{path}/__init__.py"), format!("{folder}{path}.py")];
    candidates.into_iter().find(|file| names.contains(file))
}
