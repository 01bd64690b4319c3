//! The verb `hash-password`: makes what stands in the config file for a password.

use std::io::IsTerminal as _;

use super::users::hash;

/// Its name.
pub(crate) const VERB: &str = "hash-password";
/// The shortest password, in characters.
const SHORTEST: usize = 8;

/// The verb for the command line.
pub(crate) fn verb() -> clap::Command {
    clap::Command::new(VERB).about("Reads a password and prints its hash, for bots.admin.users")
}

/// Reads a password, twice from a terminal without showing it or once from standard input, and gives its hash. The error is a
/// sentence.
pub(crate) fn carry_out() -> Result<String, String> {
    let asked = |question: &str| {
        eprint!("{question}: ");
        rpassword::read_password()
    };
    let password = if std::io::stdin().is_terminal() {
        asked("Password").and_then(|first| Ok((first, Some(asked("The same once more")?))))
    } else {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line);
        read.map(|_| (line.trim_end_matches(['\r', '\n']).to_owned(), None))
    };
    let (first, again) = password.map_err(|error| format!("The password could not be read: {error}."))?;
    hash(agreed(&first, again.as_deref())?)
}

/// The password, if it is long enough and was written the same way twice. The error is a sentence.
fn agreed<'p>(first: &'p str, again: Option<&str>) -> Result<&'p str, String> {
    if first.chars().count() < SHORTEST {
        return Err(format!("The password is shorter than {SHORTEST} characters. Take a longer one."));
    }
    if again.is_some_and(|again| again != first) {
        return Err("The two passwords differ, so there is no hash. Try again.".to_owned());
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::agreed;

    #[test]
    fn a_password_is_long_and_the_same_twice() {
        for (first, again, words) in [
            ("correct horse", None, "correct horse"),
            ("correct horse", Some("correct horse"), "correct horse"),
            ("correct horse", Some("correct hose"), "differ"),
            ("short", Some("short"), "shorter than 8"),
        ] {
            let told = agreed(first, again).map_or_else(|why| why, str::to_owned);
            assert!(told.contains(words), "{told}");
        }
    }
}
