//! Names of ours for what had a name elsewhere: the same each time, so that a second import finds what the first one made.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

/// The longest name, in characters.
const LONGEST: usize = 64;

/// A name for each: its own where that may be one, else one as close to it as can be. Where two would be the same, those that
/// are not as they were get some letters that follow from what they were.
pub(super) fn names<'a>(wanted: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeMap<&'a str, String> {
    let all: Vec<(&str, &str, String)> =
        wanted.into_iter().map(|(id, name)| (id, name, close_to(name))).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, _, close) in &all {
        *counts.entry(close).or_default() += 1;
    }
    let name = |(id, name, close): &(&'a str, &'a str, String)| {
        // Of two accounts of one name on two servers neither is more like it than the other.
        let is_own = *name == close.as_str() && all.iter().filter(|other| other.1 == *name).count() == 1;
        let is_alone = counts.get(close.as_str()).is_none_or(|count| *count == 1);
        if is_own || is_alone {
            return (*id, close.clone());
        }
        let digest = Sha256::digest(id.as_bytes());
        let mark = format!("-{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2]);
        (*id, format!("{}{mark}", &close[..close.len().min(LONGEST - mark.len())]))
    };
    all.iter().map(name).collect()
}

fn close_to(name: &str) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    let mut close = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if fits(c) {
            close.push(c);
        } else if !close.ends_with('-') {
            close.push('-');
        }
    }
    close.truncate(LONGEST);
    let close = close.trim_matches('-').trim_start_matches('.').to_owned();
    if matches!(close.as_str(), "" | "new") { "bot".to_owned() } else { close }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::name_problem;

    fn given(all: &[&str]) -> Vec<String> {
        let names = names(all.iter().map(|name| (*name, *name)));
        all.iter().map(|name| names[name].clone()).collect()
    }

    #[test]
    fn names_stay_where_they_may_and_are_close_where_not() {
        assert_eq!(
            given(&["echo", "My Echo!", "a/b", "Ä", "x.y_z-1"]),
            ["echo", "my-echo", "a-b", "bot", "x.y_z-1"]
        );
    }

    #[test]
    fn no_two_are_the_same_and_all_may_be_names() {
        let long = "x".repeat(100);
        let other = "x".repeat(101);
        let all = ["echo", "Echo", "ECHO", "", "!", "---", "new", "..", ".x", &long, &other];
        let names = given(&all);
        assert_eq!(names[0], "echo", "what may stay does");
        let mut unique = names.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), all.len(), "{names:?}");
        assert!(names.iter().all(|name| name_problem("", name).is_none()), "{names:?}");
        assert_eq!(names, given(&all), "the same each time");
    }

    #[test]
    fn two_servers_accounts_of_one_name_become_two() {
        let names = names([("@bot:a.test", "bot"), ("@bot:b.test", "bot"), ("@other:a.test", "other")]);
        assert_ne!(names["@bot:a.test"], names["@bot:b.test"]);
        assert_eq!(names["@other:a.test"], "other");
    }
}
