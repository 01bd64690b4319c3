//! The verb `init`: a config file, a key and a registration to start from.

use std::path::Path;

use bridge_registration::cli::{OutputArgs, produce};
use bridge_registration::write_private;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cli::InitArgs;
use super::ground::plan;
use crate::config::{Config, Defaults, example::example};
use crate::store::seal::Seal;

/// Writes what is missing beside the config file. Nothing that exists is overwritten. Gives what to do next.
pub fn init<S>(path: &Path, args: &InitArgs, defaults: &Defaults) -> Result<String, String>
where
    S: Serialize + DeserializeOwned + Default,
{
    if path.exists() {
        return Err(format!(
            "{} exists already. Edit it, or name another file with --config.",
            path.display()
        ));
    }
    let own = serde_yaml::to_string(&S::default()).map_err(|error| error.to_string())?;
    let mut text = example(defaults, &args.server_name, &own)
        .replace("url: http://127.0.0.1:8008", &format!("url: {}", args.homeserver));
    if let Some(admin) = &args.admin {
        text = text.replace(&format!("\"@admin:{}\"", args.server_name), &format!("{admin:?}"));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let config: Config<S> = Config::parse(&text, folder, defaults).map_err(|error| error.to_string())?;
    write_private(path, &text).map_err(|error| error.to_string())?;
    if let Some(key_file) = config.secret.key_file.as_ref().filter(|file| !file.exists()) {
        let key = Seal::new_key().map_err(|error| error.0)?;
        write_private(key_file, &format!("{}\n", key.expose())).map_err(|error| error.to_string())?;
    }
    let produced =
        produce(&plan(&config, defaults), &OutputArgs::default(), Some(&config.appservice.registration))
            .map_err(|error| error.to_string())?;
    Ok(format!("The config is in {}.\n{}Then: check, and run.", path.display(), produced.text))
}
