//! The verb `check`: tries everything the program needs, changing nothing.

use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use bridge_registration::{Plan, Registration};
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::doctor::files::differences;
use super::ground::{Ground, seal};
use crate::appservice::ping::ping_homeserver;
use crate::appservice::query::NoLookups;
use crate::appservice::server::{BODY_LIMIT, Endpoints, serve};
use crate::appservice::{Exchange, OwnEvents, PingError, RoomLanes};
use crate::clock::Clock;
use crate::config::Config;
use crate::queue::{Inbox, InboxError, Lane};
use crate::store::seal::Seal;
use crate::store::{Db, Store, StoreError};
use crate::task;

/// Refuses transactions, so that the homeserver keeps them for the program itself.
struct NotNow;

impl RoomLanes for NotNow {
    fn lane<'a>(
        &'a self,
        _room_id: &'a str,
    ) -> futures_util::future::BoxFuture<'a, Result<Lane, InboxError>> {
        Box::pin(async { Err(InboxError("only a check is running".to_owned())) })
    }
}

/// Tries everything and gives a report. The error is the report as far as it goes, and at its end the first thing that does not fit.
pub async fn check<S: DeserializeOwned + Default>(
    ground: &Ground<S>,
    path: &Path,
    plan: &Plan,
) -> Result<String, String> {
    let mut report = String::from("The config is complete.\n");
    look_at_files(ground, path, plan, &mut report);
    match try_all(ground, &mut report).await {
        Ok(()) => Ok(report),
        Err(why) => Err(report + &why),
    }
}

fn look_at_files<S>(ground: &Ground<S>, path: &Path, plan: &Plan, report: &mut String) {
    for problem in registration_problems(&ground.config.appservice.registration) {
        let _ = writeln!(report, "{problem}");
    }
    if let Ok(registration) = Registration::load(&ground.config.appservice.registration)
        && let Some(differences) = differences(&registration, plan)
    {
        let _ = writeln!(
            report,
            "{differences} If that is not meant, run the verb `registration` and give the file to the homeserver again."
        );
    }
    let secret = [Some(path), ground.config.secret.key_file.as_deref(), ground.config.database.file()];
    for file in secret.into_iter().flatten().filter(|file| is_open_to_others(file)) {
        let _ = writeln!(
            report,
            "{} can be read by other users of this machine. Close it: chmod o-rwx {0}",
            file.display()
        );
    }
}

async fn try_all<S: DeserializeOwned + Default>(
    ground: &Ground<S>,
    report: &mut String,
) -> Result<(), String> {
    let logins = try_database(&ground.config).await?;
    report.push_str("The database can be used.\n");
    if logins > 0 {
        let _ = writeln!(report, "Stored logins whose credentials open: {logins}.");
    }
    if seal(&ground.config)?.is_none() {
        report.push_str(
            "No key is set (secret.key_file): credentials are stored unsealed, and whoever reads the database can use \
             them. Make one with \
             `openssl rand -hex 32`, name its file there, and log in again.\n",
        );
    }
    ground.meet_homeserver(Duration::ZERO).await?;
    let features = ground.app.probe().await.map_err(|error| format!("homeserver.url: {error}"))?;
    let _ = writeln!(
        report,
        "The homeserver{} knows our token. Devices for ghosts: {}. Largest file: {}.",
        named(features.server.as_deref(), features.server_version.as_deref()),
        if features.device_route { "yes" } else { "no" },
        features.media_limit.map_or("unknown".to_owned(), |limit| format!("{limit} bytes")),
    );
    let address = ground.config.appservice.listen;
    let listener = ground.listen().await.map_err(|why| {
        format!(
            "{why}\nIf it is this program that runs there, all else was seen: `curl http://{address}/health` says \
             whether the homeserver reaches it."
        )
    })?;
    let took = way_back(ground, listener).await.map_err(|error| format!("appservice.listen: {error}"))?;
    let _ = writeln!(report, "The homeserver reaches us ({} ms).", took.as_millis());
    Ok(())
}

/// Has the homeserver call us. Gives how long that took.
pub(super) async fn way_back<S: DeserializeOwned + Default>(
    ground: &Ground<S>,
    listener: TcpListener,
) -> Result<Duration, PingError> {
    let exchange = Exchange::new(Clock::system());
    // The other end is dropped: a transaction that comes during the check is refused and comes again.
    let (inbox, _) = Inbox::channel(1);
    let endpoints = Endpoints {
        app: ground.app.clone(),
        hs_token: ground.hs_token.clone(),
        inbox,
        lanes: std::sync::Arc::new(NotNow),
        lookups: std::sync::Arc::new(NoLookups),
        exchange: exchange.clone(),
        own_events: OwnEvents::Drop,
        body_limit: BODY_LIMIT,
    };
    let stop = CancellationToken::new();
    let serving = stop.clone();
    task::spawn("check", async move {
        let _ = serve(listener, endpoints.router(), serving).await;
    });
    let pinged = ping_homeserver(&ground.app, &exchange).await;
    stop.cancel();
    pinged
}

/// Whether the database can be used, as far as can be told without making one, and whether the key opens the logins in it.
/// Gives how many there are.
async fn try_database<S>(config: &Config<S>) -> Result<usize, String> {
    let explain = |error: StoreError| format!("database.url: {error}");
    let url = config.database.url.expose();
    match config.database.file() {
        None => Db::open(url).await.map_err(explain)?.close().await,
        Some(file) => {
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
            if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
                return Err(format!(
                    "database.url: the folder {} does not exist. Make it, writable for the program.",
                    folder.display()
                ));
            }
            if !file.is_file() {
                return Ok(0);
            }
        }
    }
    let Some(store) = Store::open_if_current(url, Clock::system()).await.map_err(explain)? else {
        return Ok(0);
    };
    let store = store.with_seal(seal(config)?.unwrap_or_else(Seal::none));
    let logins = store.logins().await;
    store.close().await;
    let logins = logins.map_err(explain)?;
    for (login, opened) in &logins {
        if let Err(why) = opened {
            return Err(format!("secret.key_file: the login {login} cannot be started. {why}"));
        }
    }
    Ok(logins.len())
}

/// Which software a homeserver says it is, in brackets; nothing if it does not say.
fn named(server: Option<&str>, version: Option<&str>) -> String {
    let words: Vec<&str> = [server, version].into_iter().flatten().filter(|word| !word.is_empty()).collect();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join(" ")) }
}

/// Whether others than the file's user and group may read it. One that is not there is closed; what a link leads to, as NixOS' store,
/// is somebody else's to close.
pub(super) fn is_open_to_others(file: &Path) -> bool {
    std::fs::symlink_metadata(file).is_ok_and(|file| !file.is_symlink())
        && std::fs::metadata(file).is_ok_and(|file| file.mode() & 0o004 != 0)
}

fn registration_problems(path: &Path) -> Vec<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let problems = bridge_registration::check(&text, Some(path));
            problems.iter().map(|problem| format!("{}: {problem}", path.display())).collect()
        }
        Err(error) => vec![format!("The registration could not be read: {error}.")],
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn software_is_named_as_far_as_it_is_known() {
        assert_eq!(super::named(Some("Synapse"), Some("1.2")), " (Synapse 1.2)");
        assert_eq!(super::named(Some("Synapse"), None), " (Synapse)");
        assert_eq!(super::named(None, Some("")), "");
    }
}
