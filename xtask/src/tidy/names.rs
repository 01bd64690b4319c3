//! How things are called, and who may name what.

use super::Finding;
use super::source::Source;

/// Endings that say nothing about what a type is.
const EMPTY_ENDINGS: &[&str] = &["Manager", "Helper", "Util", "Utils", "Processor", "Base", "Impl"];

/// Words that only one place may use.
struct Reserved {
    /// Where the rule holds.
    under: &'static [&'static str],
    /// The places that may.
    except: &'static [&'static str],
    matches: fn(&str) -> bool,
    text: &'static str,
}

const RESERVED: &[Reserved] = &[
    Reserved {
        under: &["bridge-core/src/", "bridge-bots/src/"],
        except: &["bridge-core/src/store/db.rs", "bridge-core/src/store/db/"],
        matches: is_engine_type,
        text: "only store/db.rs knows that there are two database engines",
    },
    Reserved {
        under: &["bridge-core/src/", "bridge-bots/src/"],
        except: &["bridge-core/src/store", "bridge-bots/src/store", "bridge-core/src/lib.rs"],
        matches: |word| word == "sqlx",
        text: "statements are written in the store only",
    },
];

/// Checks one file.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find =
        |at, rule, text: String| findings.push(Finding::new(&source.path, source.line(at), rule, text));
    let within = |folders: &[&str]| folders.iter().any(|folder| source.path.starts_with(folder));
    let reserved: Vec<_> =
        RESERVED.iter().filter(|rule| within(rule.under) && !within(rule.except)).collect();
    let mut before = "";
    for (at, word) in source.idents() {
        for rule in reserved.iter().filter(|rule| (rule.matches)(word) && !source.in_test(at)) {
            find(at, "reserved", format!("`{word}`: {}", rule.text));
        }
        match before {
            "struct" | "enum" | "trait" | "type" => {
                if let Some(ending) = EMPTY_ENDINGS.iter().find(|ending| word.ends_with(*ending)) {
                    find(at, "naming", format!("`{word}`: `{ending}` says nothing about what it is"));
                }
            }
            "fn" if word.starts_with("get_") => {
                find(at, "naming", format!("`{word}`: what is asked for is name enough, without `get_`"));
            }
            _ => {}
        }
        before = word;
    }
    findings
}

/// sqlx's types of one engine: `SqlitePool`, `PgRow`, `Postgres`.
fn is_engine_type(word: &str) -> bool {
    let of_postgres = word.strip_prefix("Pg").is_some_and(|rest| rest.starts_with(char::is_uppercase));
    of_postgres || word.starts_with("Sqlite") || word.starts_with("Postgres")
}

#[cfg(test)]
mod tests {
    use super::{Source, check};

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        check(&Source::new(path, text)).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn good_names() {
        assert!(rules("bridge-core/src/a.rs", "struct Portal; fn portal() {} // PgPool\n").is_empty());
        assert!(
            rules("bridge-core/src/store/db.rs", "enum Db { Sqlite(SqlitePool), Postgres(PgPool) }")
                .is_empty()
        );
        assert!(rules("bridge-core/src/store/portal.rs", "fn a() { sqlx::query(SQL) }").is_empty());
    }

    #[test]
    fn bad_names() {
        assert_eq!(rules("a/src/a.rs", "struct PortalManager; fn get_portal() {}"), ["naming", "naming"]);
        assert_eq!(rules("bridge-core/src/store/portal.rs", "fn a(p: &PgPool) {}"), ["reserved"]);
        assert_eq!(rules("bridge-core/src/engine.rs", "use sqlx::Row;"), ["reserved"]);
        assert_eq!(rules("bridge-bots/src/web.rs", "use sqlx::SqlitePool;"), ["reserved", "reserved"]);
    }
}
