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

/// Reads a password, from the terminal without showing it or from standard input, and gives its hash. The error is a sentence.
pub(crate) fn carry_out() -> Result<String, String> {
    let password = if std::io::stdin().is_terminal() {
        eprint!("Password: ");
        rpassword::read_password()
    } else {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line.trim_end_matches(['\r', '\n']).to_owned())
    };
    let password = password.map_err(|error| format!("The password could not be read: {error}."))?;
    if password.chars().count() < SHORTEST {
        return Err(format!("The password is shorter than {SHORTEST} characters. Take a longer one."));
    }
    hash(&password)
}
