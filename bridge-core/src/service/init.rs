//! The verb `init`: a config file, a key and a registration to start from.

use std::fmt::Write as _;
use std::path::Path;

use bridge_registration::cli::{OutputArgs, produce};
use bridge_registration::write_private;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cli::InitArgs;
use super::ground::plan;
use crate::config::{Config, Defaults, example::example};
use crate::store::seal::Seal;

/// Writes what is missing beside the config file. Nothing that exists is overwritten. Gives what to do next; `documents`
/// are texts of the program's own that it can print for that, each with a sentence.
pub fn init<S>(
    path: &Path,
    args: &InitArgs,
    defaults: &Defaults,
    documents: &[(&str, &str)],
) -> Result<String, String>
where
    S: Serialize + DeserializeOwned + Default,
{
    if path.exists() {
        return Err(format!(
            "{} exists already. Edit it, or name another file with --config.",
            path.display()
        ));
    }
    if let Some(why) = not_a_server(&args.server_name) {
        return Err(why);
    }
    if let Some(admin) = &args.admin
        && ruma::UserId::parse(admin).is_err()
    {
        return Err(format!("--admin: {admin:?} is no Matrix id. Write it like @you:{}.", args.server_name));
    }
    let own = serde_yaml::to_string(&S::default()).map_err(|error| error.to_string())?;
    let mut text = example(defaults, &args.server_name, &own)
        .replace("url: http://127.0.0.1:8008", &format!("url: {}", args.homeserver));
    if let Some(admin) = &args.admin {
        text = text.replace(&format!("\"@admin:{}\"", args.server_name), &format!("{admin:?}"));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let config: Config<S> = Config::parse(&text, folder, defaults).map_err(|error| error.to_string())?;
    let registration = &config.appservice.registration;
    if registration.exists() {
        // It may be another program's, or a homeserver's already: only `registration` changes one.
        return Err(format!(
            "{} exists already. Run init in a folder of its own, or move that file away.",
            registration.display()
        ));
    }
    write_private(path, &text).map_err(|error| error.to_string())?;
    if let Some(key_file) = config.secret.key_file.as_ref().filter(|file| !file.exists()) {
        let key = Seal::new_key().map_err(|error| error.0)?;
        write_private(key_file, &format!("{}\n", key.expose())).map_err(|error| error.to_string())?;
    }
    produce(&plan(&config, defaults), &OutputArgs::default(), Some(registration))
        .map_err(|error| error.to_string())?;
    let key = config.secret.key_file.as_ref().map_or_else(String::new, |file| {
        format!("The key that seals logins is in {}. Keep a copy of it apart from backups.\n", file.display())
    });
    Ok(format!(
        "The config is in {}.\n{key}The registration is in {}. {}",
        path.display(),
        registration.display(),
        next_steps(documents)
    ))
}

/// What is to be done after `init`.
fn next_steps(documents: &[(&str, &str)]) -> String {
    let mut text = String::from(
        "Synapse: name that file under app_service_config_files, let Synapse's user read it, and restart Synapse. Others: \
         `registration --form admin` or `registration --form tuwunel` prints what they take.\nThen, with the same --config as here:\n",
    );
    let documents = documents.iter().map(|(name, about)| (*name, *about));
    let verbs = [("check", "tries everything"), ("run", "runs the program")];
    for (verb, about) in documents.chain(verbs) {
        let _ = writeln!(text, "  {verb}: {about}");
    }
    text
}

/// Why something is no server's name; a sentence.
fn not_a_server(name: &str) -> Option<String> {
    let is_server = ruma::ServerName::parse(name).is_ok();
    (!is_server).then(|| {
        format!(
            "--server-name: {name:?} is no server's name. Give the part behind the colon in user ids, like example.org, \
             without https://."
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Serialize, Deserialize)]
    struct Section {}

    const DEFAULTS: Defaults =
        Defaults { id: "paper", name: "Paper", bot: "paperbot", port: 29_499, notes: &[] };

    fn args(admin: &str) -> InitArgs {
        let (server_name, homeserver) = ("hs.test".to_owned(), "http://127.0.0.1:8008".to_owned());
        InitArgs { server_name, homeserver, admin: Some(admin.to_owned()) }
    }

    #[test]
    fn what_exists_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let config = |name: &str| folder.path().join(name);
        init::<Section>(&config("one.yaml"), &args("@ada:hs.test"), &DEFAULTS, &[]).unwrap();
        let registration = std::fs::read(config("registration.yaml")).unwrap();
        let other = Defaults { id: "other", bot: "otherbot", ..DEFAULTS };
        let why = init::<Section>(&config("two.yaml"), &args("@ada:hs.test"), &other, &[]).unwrap_err();
        assert!(why.contains("registration.yaml exists already"), "{why}");
        assert!(!config("two.yaml").exists(), "a config without a registration was left behind");
        assert_eq!(std::fs::read(config("registration.yaml")).unwrap(), registration);
    }

    #[test]
    fn it_says_what_was_made_and_what_comes_next() {
        let folder = tempfile::tempdir().unwrap();
        let documents = [("poster", "A poster to hang up")];
        let path = folder.path().join("config.yaml");
        let told = init::<Section>(&path, &args("@ada:hs.test"), &DEFAULTS, &documents).unwrap();
        for part in [
            "config.yaml",
            "secret.key",
            "registration.yaml",
            "registration --form",
            "poster: A poster",
            "check",
        ] {
            assert!(told.contains(part), "{part} is not in {told}");
        }
    }

    #[test]
    fn a_server_is_named_without_more() {
        let folder = tempfile::tempdir().unwrap();
        for wrong in ["https://hs.test", "hs.test/", "two words", ""] {
            let path = folder.path().join("config.yaml");
            let args = InitArgs { server_name: wrong.to_owned(), ..args("@ada:hs.test") };
            let why = init::<Section>(&path, &args, &DEFAULTS, &[]).unwrap_err();
            assert!(why.starts_with("--server-name") && why.lines().count() == 1, "{why}");
            assert!(!path.exists());
        }
    }

    #[test]
    fn an_admin_is_a_person() {
        let folder = tempfile::tempdir().unwrap();
        for nobody in ["ada", "hs.test", "*", "@ada"] {
            let path = folder.path().join("config.yaml");
            let why = init::<Section>(&path, &args(nobody), &DEFAULTS, &[]).unwrap_err();
            assert!(why.contains("--admin") && why.contains("@you:hs.test"), "{why}");
            assert!(!path.exists());
        }
    }
}
