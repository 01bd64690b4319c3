//! What every program stands on: config, registration, homeserver, database, made in an order that changes nothing
//! before everything was seen to fit.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bridge_registration::{Plan, Registration};
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::cli::environment;
use super::health::{Awaits, answer_while};
use super::upgrade;
use crate::clock::Clock;
use crate::config::{Appservice, Config, Defaults};
use crate::matrix::app_service::Settings;
use crate::matrix::{AppService, ErrorClass, MatrixError};
use crate::secret::Secret;
use crate::store::Store;
use crate::store::migrate::Component;
use crate::store::seal::Seal;

/// The pause between two tries to reach a homeserver that does not answer yet.
const PAUSE: Duration = Duration::from_millis(500);

/// The file and what it names, read but not yet tried.
#[derive(Debug)]
pub struct Ground<S> {
    /// The config.
    pub config: Config<S>,
    /// Our identity.
    pub app: AppService,
    /// What the homeserver shows to us.
    pub hs_token: Secret,
    /// The tables of the program beside the core's; none unless [`Ground::with_components`] says so.
    components: &'static [Component],
}

impl<S: DeserializeOwned + Default> Ground<S> {
    /// Reads the registration that the config names. The errors are sentences with the key's path.
    pub fn prepare(config: Config<S>) -> Result<Self, String> {
        let path = &config.appservice.registration;
        let registration = Registration::load(path).map_err(|error| {
            format!("appservice.registration: {error} The verb `registration` makes the file.")
        })?;
        let ground = Self::of(config, &registration)?;
        expect_agreement(&ground.config, &registration)?;
        // A key that is not there or not good is told before anything is waited for.
        seal(&ground.config)?;
        Ok(ground)
    }

    /// Stands on a registration that may not fit the config.
    pub(super) fn of(config: Config<S>, registration: &Registration) -> Result<Self, String> {
        let app = AppService::new(Settings {
            id: registration.id.clone(),
            homeserver_url: config.homeserver.url.to_string(),
            server_name: config.homeserver.name.clone(),
            bot: config.appservice.bot.clone(),
            user_prefix: config.appservice.user_prefix.clone(),
            as_token: Secret::new(registration.as_token.expose()),
        })?;
        let hs_token = Secret::new(registration.hs_token.expose());
        Ok(Self { config, app, hs_token, components: &[] })
    }

    /// The same, for a program with tables of its own.
    #[must_use]
    pub fn with_components(self, components: &'static [Component]) -> Self {
        Self { components, ..self }
    }

    /// Takes the port. The error is a sentence.
    pub async fn listen(&self) -> Result<TcpListener, String> {
        let address = self.config.appservice.listen;
        self.take_port().await.map_err(|why| match why {
            Unlistenable::Taken => format!(
                "appservice.listen: the port of {address} is in use. The program may be running already; stop it, or \
                 choose another port here and in the registration."
            ),
            Unlistenable::Other(why) => why,
        })
    }

    /// Takes the port, or says whether somebody has it.
    pub(super) async fn take_port(&self) -> Result<TcpListener, Unlistenable> {
        let address = self.config.appservice.listen;
        TcpListener::bind(address).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => Unlistenable::Taken,
            _ => Unlistenable::Other(format!(
                "appservice.listen: {address} cannot be listened on ({error}). Choose an address of this machine."
            )),
        })
    }

    /// Asks the homeserver who we are, waiting up to `patience` for one that does not answer yet.
    pub async fn meet_homeserver(&self, patience: Duration) -> Result<(), String> {
        let started = Instant::now();
        let mut waiting = false;
        loop {
            let Err(error) = self.app.bot().whoami().await else { return Ok(()) };
            // A token that is not known stays unknown, however long one waits.
            let is_away = error.class() != ErrorClass::Permanent && error.status() != Some(401);
            if !is_away || started.elapsed() >= patience {
                return Err(self.explain(&error, is_away));
            }
            if !waiting {
                waiting = true;
                tracing::info!(%error, patience_s = patience.as_secs(), "waiting for the homeserver");
            }
            tokio::time::sleep(PAUSE.min(patience)).await;
        }
    }

    fn explain(&self, error: &MatrixError, is_away: bool) -> String {
        let url = &self.config.homeserver.url;
        match error.errcode() {
            Some("M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN" | "M_UNAUTHORIZED") => format!(
                "appservice.registration: the homeserver does not know the as_token in {}. Give it the registration \
                 (`registration` prints it in every form) and, with Synapse, restart it.",
                self.config.appservice.registration.display()
            ),
            Some("M_FORBIDDEN" | "M_EXCLUSIVE") => format!(
                "homeserver.name or appservice.bot: the homeserver does not let us act as @{}:{} ({error}). Its own name is \
                 another than homeserver.name, or its registration is of another bot; the verb `doctor` says which.",
                self.config.appservice.bot, self.config.homeserver.name
            ),
            _ if is_away => format!(
                "homeserver.url: no homeserver answers at {url}. {}. Start it, or correct the address.",
                error.to_string().trim_end_matches('.')
            ),
            _ => format!(
                "homeserver.url: {url} answers, but not like a homeserver ({error}). Correct the address."
            ),
        }
    }

    /// Waits for the homeserver, and opens the database of the program with this config file and name. Whoever asks for its health
    /// meanwhile is told what it waits for.
    pub async fn await_all(
        &self,
        listener: &TcpListener,
        path: &Path,
        program: &str,
    ) -> Result<Store, String> {
        let patience = self.config.homeserver.startup_wait;
        answer_while(listener, Awaits::Homeserver, self.meet_homeserver(patience)).await?;
        answer_while(listener, Awaits::Database, self.open_store(path, program)).await
    }

    /// Opens the database and brings it up to date, see [`open_store`], as one of perhaps several processes. From here on things
    /// are changed.
    pub async fn open_store(&self, path: &Path, program: &str) -> Result<Store, String> {
        let store = open_store_of(&self.config, path, program, self.components).await?;
        let owner = format!("{} (process {})", self.config.appservice.listen, std::process::id());
        let store = store
            .shared(self.config.database.url.expose(), owner)
            .await
            .map_err(|error| format!("database.url: {error}"))?;
        self.app.client().obey(store.lease().clone());
        Ok(store)
    }
}

/// Why a port could not be taken.
#[derive(Debug)]
pub(super) enum Unlistenable {
    /// Somebody has it.
    Taken,
    /// In a sentence.
    Other(String),
}

/// Whether config and registration speak of the same users. The error is a sentence with the key's path.
pub(super) fn expect_agreement<S>(config: &Config<S>, registration: &Registration) -> Result<(), String> {
    let Appservice { id, bot, user_prefix, .. } = &config.appservice;
    let (path, server) = (config.appservice.registration.display(), &config.homeserver.name);
    let again = "Run the verb `registration` and give the file to the homeserver again.";
    if registration.id != *id {
        return Err(format!(
            "appservice.id: the config says {id}, the registration {path} says {}, by which the homeserver knows it. \
             Write that into the config. (For a new id, move the file away, run the verb `registration`, and give the \
             new file to the homeserver.)",
            registration.id
        ));
    }
    if registration.sender_localpart != *bot {
        return Err(format!(
            "appservice.bot: the config names {bot}, the registration {path} names {}. {again}",
            registration.sender_localpart
        ));
    }
    let ghost = format!("@{user_prefix}somebody:{server}");
    if !registration.takes_in_user(&ghost) {
        if registration.is_for_prefix(user_prefix) {
            return Err(format!(
                "homeserver.name: the registration {path} was made for another server than {server}. Correct \
                 homeserver.name, the part behind the colon of its users' names; or, if it has really changed: {again}"
            ));
        }
        return Err(format!(
            "appservice.user_prefix: the config makes users like {ghost}, which are not in the registration {path}. \
             {again} Or correct appservice.user_prefix or homeserver.name, if they are not meant to have changed."
        ));
    }
    Ok(())
}

/// What seals credentials, by the key that a config names; none without a key. The error is a sentence.
pub(super) fn seal<S>(config: &Config<S>) -> Result<Option<Seal>, String> {
    let credentials = environment("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let Some(key) = config.secret.read(credentials.as_deref())? else { return Ok(None) };
    Seal::with_key(&key).map(Some).map_err(|error| format!("secret.key_file: {error}"))
}

/// Opens the database that a config names, read from `path`, and brings it up to date; of one with the tables of an earlier
/// version a backup is made before. Without a key the operator is told that credentials lie open.
pub async fn open_store<S>(config: &Config<S>, path: &Path, program: &str) -> Result<Store, String> {
    open_store_of(config, path, program, &[]).await
}

async fn open_store_of<S>(
    config: &Config<S>,
    path: &Path,
    program: &str,
    components: &'static [Component],
) -> Result<Store, String> {
    let seal = seal(config)?.unwrap_or_else(|| {
        tracing::warn!(
            "secret.key_file is not set: credentials are stored unsealed, and whoever reads the database can use them"
        );
        Seal::none()
    });
    let store = Store::open_unchanged(config.database.url.expose(), seal, Clock::system())
        .await
        .map_err(|error| format!("database.url: {error}"))?
        .with_components(components);
    let done = upgrade::bring_up_to_date(&store, config, path, program).await;
    if done.is_err() {
        store.close().await;
    }
    done.map(|()| store)
}

/// Reads the config, with the password of its database. The error names all mistakes, one in a line.
pub fn load<S: DeserializeOwned + Default>(path: &Path, defaults: &Defaults) -> Result<Config<S>, String> {
    with_password(Config::load(path, defaults).map_err(|error| error.to_string())?)
}

/// The same of one that was read already.
pub(super) fn with_password<S>(mut config: Config<S>) -> Result<Config<S>, String> {
    config.database.read_password(environment("CREDENTIALS_DIRECTORY").map(PathBuf::from).as_deref())?;
    Ok(config)
}

/// What the config says about the registration.
pub fn plan<S>(config: &Config<S>, defaults: &Defaults) -> Plan {
    Plan {
        id: config.appservice.id.clone(),
        bot_localpart: config.appservice.bot.clone(),
        user_prefix: config.appservice.user_prefix.clone(),
        alias_prefix: Some(config.appservice.user_prefix.clone()),
        server_name: config.homeserver.name.clone(),
        address: config.appservice.listen,
        url: config.appservice.url.clone(),
        protocols: vec![defaults.id.to_owned()],
    }
}
