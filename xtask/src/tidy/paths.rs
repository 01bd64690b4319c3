//! The paths into its own crate that a Rust file uses, with groups and `super` resolved.

use super::source::{Source, idents};

/// A path from the crate's root.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Used {
    /// Where it begins in the code.
    pub(crate) at: usize,
    /// `engine`, `portal`, `Portal` for `crate::engine::portal::Portal`.
    pub(crate) segments: Vec<String>,
}

/// The module a file is: `engine`, `portal` for `src/engine/portal.rs`, nothing for `src/lib.rs`.
pub(crate) fn module(path_in_src: &str) -> Vec<String> {
    let name = path_in_src.trim_end_matches(".rs");
    if matches!(name, "lib" | "main") {
        return Vec::new();
    }
    name.split('/').map(str::to_owned).collect()
}

/// Every path of the code that begins with `crate::` or `super::`.
pub(crate) fn used(source: &Source, module: &[String]) -> Vec<Used> {
    let code = &source.code;
    let mut found = Vec::new();
    for (at, word) in idents(code) {
        let starts = !code[..at].ends_with("::");
        let prefix = match word {
            "crate" if starts => Vec::new(),
            "super" if starts && !module.is_empty() => module[..module.len() - 1].to_vec(),
            _ => continue,
        };
        if let Some(rest) = code[at + word.len()..].strip_prefix("::") {
            tree(rest, &prefix, at, &mut found);
        }
    }
    found
}

/// Reads one path, or one branch of a group, and returns what follows it.
fn tree<'a>(code: &'a str, prefix: &[String], at: usize, found: &mut Vec<Used>) -> &'a str {
    let code = code.trim_start();
    if let Some(group) = code.strip_prefix('{') {
        return branches(group, prefix, at, found);
    }
    let Some((0, name)) = idents(code).next() else {
        found.push(Used { at, segments: prefix.to_vec() });
        return code.strip_prefix('*').unwrap_or(code);
    };
    let mut path = prefix.to_vec();
    match name {
        "super" => drop(path.pop()),
        "self" => {}
        _ => path.push(name.to_owned()),
    }
    let rest = &code[name.len()..];
    if let Some(rest) = rest.strip_prefix("::")
        && !rest.starts_with('<')
    {
        return tree(rest, &path, at, found);
    }
    found.push(Used { at, segments: path });
    rest
}

fn branches<'a>(mut code: &'a str, prefix: &[String], at: usize, found: &mut Vec<Used>) -> &'a str {
    loop {
        code = code.trim_start();
        if code.is_empty() {
            return code;
        }
        if let Some(rest) = code.strip_prefix('}') {
            return rest;
        }
        let rest = tree(code, prefix, at, found);
        // What stands before the next branch: a comma, or a new name (`as other`).
        let skip = rest.find([',', '}']).unwrap_or(rest.len());
        code = rest[skip..].strip_prefix(',').unwrap_or(&rest[skip..]);
    }
}

#[cfg(test)]
mod tests {
    use super::{Source, module, used};

    fn paths(text: &str) -> Vec<String> {
        let source = Source::new("bridge-core/src/engine/remote/message.rs", text);
        let module = module("engine/remote/message.rs");
        used(&source, &module).into_iter().map(|path| path.segments.join("/")).collect()
    }

    #[test]
    fn resolves_groups() {
        let text =
            "use crate::{store::{Db, portal::Portal as P}, id, clock::*};\nuse crate::error::JobError;";
        let expected = ["store/Db", "store/portal/Portal", "id", "clock", "error/JobError"];
        assert_eq!(paths(text), expected);
    }

    #[test]
    fn resolves_super() {
        assert_eq!(
            paths("use super::edit; use super::super::matrix::edit;"),
            ["engine/remote/edit", "engine/matrix/edit"]
        );
        assert_eq!(paths("use super::super::super::store::{self, Db};"), ["store", "store/Db"]);
    }

    #[test]
    fn sees_paths_in_code_but_not_in_comments() {
        let text = "// crate::engine::x\npub(crate) fn a() -> crate::id::ChatId { crate::store::<u8>::b(\"crate::c\") }";
        assert_eq!(paths(text), ["id/ChatId", "store"]);
    }
}
