//! The `registration` verb, as every program of ours offers it.

use std::path::{Path, PathBuf};

use crate::{Error, Form, Plan, Registration};

/// The options of the verb; flatten them into a program's own.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct OutputArgs {
    /// What to print: where the file is, a message for the admin room, or tables for tuwunel's configuration
    #[arg(long, value_enum, default_value_t)]
    pub form: Form,
    /// The registration file to write, in place of the program's own; id and tokens are those of the program's own file,
    /// else of an older one here
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Make new tokens even if the file has some; the homeserver must then be told again
    #[arg(long)]
    pub new_tokens: bool,
}

/// What [`produce`] made.
#[derive(Debug, Clone, PartialEq)]
pub struct Produced {
    /// The registration.
    pub registration: Registration,
    /// The file it was written to.
    pub file: Option<PathBuf>,
    /// What to print. It holds the tokens, unless it is the note that a file was written.
    pub text: String,
}

/// Makes a registration or makes it anew. Its file is `output.out`, else `path`, the one the program's
/// configuration names; it is always YAML, because the program reads its tokens from it. What is there at `path`, else at
/// `output.out`, gives id and tokens. Without either nothing is written and the text is all there is. Gives the errors of [`Registration::regenerate`],
/// [`Registration::load`] and [`Registration::save`].
pub fn produce(plan: &Plan, output: &OutputArgs, path: Option<&Path>) -> Result<Produced, Error> {
    let file = output.out.as_deref().or(path);
    let earlier = path.into_iter().chain(file).find(|file| file.exists());
    let registration = match earlier {
        Some(earlier) => Registration::load(earlier)?.regenerate(plan, !output.new_tokens)?,
        None => Registration::generate(plan)?,
    };
    let text = match (file, output.form) {
        (Some(file), Form::File) => {
            let other = path
                .filter(|path| *path != file)
                .map(|path| format!("The program itself reads {}, which is as it was.\n", path.display()));
            format!(
                "The registration is in {}. Give Synapse's user a copy of it, name that in app_service_config_files, and \
                 restart Synapse; for other homeservers see --form.\n{}",
                file.display(),
                other.unwrap_or_default()
            )
        }
        (_, form) => registration.to_form(form)?,
    };
    if let Some(file) = file {
        registration.save(file)?;
    }
    Ok(Produced { registration, file: file.map(Path::to_owned), text })
}

#[cfg(test)]
mod tests;
