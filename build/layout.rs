//! The linker script that lays functions together which run together.

use std::fmt::Write as _;

/// What GNU's linker and LLVM's take beside their own script: a section for each group, before that of all other functions. `layout`
/// has groups, `[name]`, and below each the names of its functions, or beginnings of them with a `*`; lines with `#` are for people.
/// A name that is no function's any more does nothing.
pub(crate) fn script(layout: &str) -> String {
    let mut script = "SECTIONS\n{\n".to_owned();
    let mut is_open = false;
    for line in layout.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(group) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            script.push_str(if is_open { "  }\n" } else { "" });
            let _ = writeln!(script, "  .text.{group} :\n  {{");
            is_open = true;
        } else {
            // The second is where the compiler puts what it takes for rare.
            let _ = writeln!(script, "    *(.text.{line} .text.unlikely.{line})");
        }
    }
    script.push_str(if is_open { "  }\n" } else { "" });
    script + "}\nINSERT BEFORE .text;\n"
}
