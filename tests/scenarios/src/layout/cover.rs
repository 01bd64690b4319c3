//! Few beginnings of names that fit all functions that ran, and few others.

/// How many bytes that did not run may be taken along with a hundred that did, for a shorter list.
const ALONG: u64 = 10;
/// So many may always be.
const ALWAYS: u64 = 300;
/// A beginning that is shorter says nothing.
const SHORTEST: usize = 8;

/// The functions of one name: their size in bytes, and of how many bytes of them it is known that they ran.
#[derive(Debug, Clone, Copy)]
pub(super) struct Function<'n> {
    pub(super) name: &'n str,
    pub(super) size: u64,
    pub(super) ran: u64,
}

/// The patterns, in the order of names: a name, or a beginning with a `*`. The functions are in that order, too.
pub(super) fn cover(functions: &[Function<'_>]) -> Vec<String> {
    let mut patterns = Vec::new();
    add(functions, &mut patterns);
    patterns
}

fn add(functions: &[Function<'_>], patterns: &mut Vec<String>) {
    let (Some(first), Some(last)) = (functions.first(), functions.last()) else { return };
    let ran: u64 = functions.iter().map(|function| function.ran).sum();
    if ran == 0 {
        return;
    }
    if functions.len() == 1 {
        return patterns.push(first.name.to_owned());
    }
    let common = first.name.bytes().zip(last.name.bytes()).take_while(|(one, other)| one == other).count();
    let size: u64 = functions.iter().map(|function| function.size).sum();
    if common >= SHORTEST && size - ran <= ALWAYS.max(ran * ALONG / 100) {
        return patterns.push(format!("{}*", &first.name[..common]));
    }
    let next = |function: &Function<'_>| function.name.as_bytes().get(common).copied();
    for alike in functions.chunk_by(|one, other| next(one) == next(other)) {
        add(alike, patterns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'n>(names: &[(&'n str, u64, u64)]) -> Vec<Function<'n>> {
        names.iter().map(|&(name, size, ran)| Function { name, size, ran }).collect()
    }

    #[test]
    fn what_ran_is_told_by_its_name() {
        let functions = of(&[("main", 50, 50), ("never_called", 5_000, 0), ("sqlite3VdbeExec", 900, 900)]);
        assert_eq!(cover(&functions), ["main", "sqlite3VdbeExec"]);
        assert!(cover(&[]).is_empty());
    }

    #[test]
    fn names_that_ran_together_are_one_beginning() {
        let functions = of(&[
            ("_ZN5tokio4time5sleep17h*", 1_000, 1_000),
            ("_ZN5tokio4time7timeout17h*", 2_000, 1_900),
            ("_ZN5tokio5other17h*", 9_000, 0),
        ]);
        assert_eq!(cover(&functions), ["_ZN5tokio4time*"]);
    }

    #[test]
    fn much_that_did_not_run_is_not_taken_along() {
        let functions =
            of(&[("_ZN5tokio4time5sleep17h*", 1_000, 1_000), ("_ZN5tokio4time7timeout17h*", 400, 0)]);
        assert_eq!(cover(&functions), ["_ZN5tokio4time5sleep17h*"]);
    }

    #[test]
    fn a_name_that_is_the_beginning_of_another_is_not_lost() {
        let functions =
            of(&[("sqlite3Step", 10, 10), ("sqlite3StepAll", 5_000, 0), ("sqlite3StepOne", 10, 10)]);
        assert_eq!(cover(&functions), ["sqlite3Step", "sqlite3StepOne"]);
    }
}
