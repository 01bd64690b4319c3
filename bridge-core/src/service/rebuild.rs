//! The verb `rebuild`: brings the tables back from the rooms, while the program does not run.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::bridge::{load, network};
use super::cli::RebuildArgs;
use super::ground::Ground;
use super::telemetry;
use crate::engine::Bridge;
use crate::engine::bridge::Setup;
use crate::engine::rebuild::{Reach, Rebuilt, Untied};
use crate::network::Network;
use crate::queue::Inbox;
use crate::store::Store;
use crate::store::lease::Role;

/// Longer than the lease of a process that died.
const PATIENCE: Duration = Duration::from_secs(10);
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Restores what the rooms and the network tell. Gives sentences about what came back and what did not.
pub(super) async fn rebuild<N: Network>(path: &Path, args: &RebuildArgs) -> Result<String, String> {
    let mut config = load::<N>(path)?;
    telemetry::log(&config.logging, N::INFO.quiet)?;
    let network = network::<N>(std::mem::take(&mut config.own))?;
    let ground = Ground::prepare(config)?;
    // As long as the port is held, the program cannot start; what the homeserver sends meanwhile it sends again.
    let held = ground
        .listen()
        .await
        .map_err(|why| format!("{why} `rebuild` works while the program does not run."))?;
    ground.meet_homeserver(ground.config.homeserver.startup_wait).await?;
    let store = ground.open_store(path, N::INFO.id).await?;
    let lease = store.lease().clone();
    let done = tokio::select! {
        // Nothing is begun once another process has the work.
        () = lease.keep() => Err("Another process has taken the database over. Call `rebuild` again when none runs.".to_owned()),
        done = in_turn(&ground, network, &store, args) => done,
    };
    lease.give_up().await;
    store.close().await;
    drop(held);
    done
}

/// Works if no other process does; one that died is waited for.
async fn in_turn<N: Network>(
    ground: &Ground<N::Config>,
    network: N,
    store: &Store,
    args: &RebuildArgs,
) -> Result<String, String> {
    let turn = store.lease().until(|role| matches!(role, Role::Working(_)));
    if tokio::time::timeout(PATIENCE, turn).await.is_err() {
        return Err("Another process works on this database. Stop all of them, then call `rebuild` again. Nothing was changed."
            .to_owned());
    }
    work(ground, network, store, args).await
}

async fn work<N: Network>(
    ground: &Ground<N::Config>,
    network: N,
    store: &Store,
    args: &RebuildArgs,
) -> Result<String, String> {
    // Nothing is delivered, and nobody takes it.
    let (inbox, _deliveries) = Inbox::channel(1);
    let bridge = Bridge::new(Setup {
        network,
        app: ground.app.clone(),
        store: store.clone(),
        inbox,
        permissions: ground.config.permissions.clone(),
        ghost_name: ground.config.appservice.ghost_name.clone(),
        members: ground.config.members.clone(),
        command_prefix: ground.config.appservice.command_prefix.clone(),
        delivery_events: ground.config.appservice.delivery_events,
        public_media: None,
    });
    if args.new_rooms {
        let untied = bridge.untie_lost_rooms().await.map_err(|error| format!("{error} Call it again."))?;
        return Ok(told_untied(untied));
    }
    open_logins(&bridge).await?;
    let since = store.clock().now_ms().saturating_sub(i64::from(args.days).saturating_mul(DAY_MS));
    let reach = Reach { events: usize::try_from(args.events).unwrap_or(usize::MAX), since };
    let rebuilt = Box::pin(bridge.rebuild(reach)).await.map_err(|error| format!("{error}"))?;
    let told = told(&rebuilt, N::INFO.name);
    if rebuilt.failed.is_empty() { Ok(told) } else { Err(told) }
}

async fn open_logins<N: Network>(bridge: &Arc<Bridge<N>>) -> Result<(), String> {
    let logins = bridge.store.logins().await.map_err(|error| format!("database.url: {error}"))?;
    if logins.is_empty() {
        return Err(format!(
            "The database holds no login to {}, and only with one it can be said which chats the rooms are. Log in with the \
             verb `login`, then call `rebuild` again. Nothing was changed.",
            N::INFO.name
        ));
    }
    for (login_id, row) in logins {
        let opened = row.map_err(|error| error.0).and_then(|row| bridge.open_login(row).map(drop));
        opened.map_err(|why| format!("The login {login_id} cannot be used: {why} Nothing was changed."))?;
    }
    Ok(())
}

fn told_untied(untied: Untied) -> String {
    let Untied { chats, kept } = untied;
    if chats == 0 {
        return format!("The bot is in the room of every chat ({kept}), so nothing was changed.");
    }
    format!(
        "Chats that get a new room: {chats}. Chats whose room is there: {kept}. Start the program: a room is made with the \
         chat's next message, or for all at once by the command `sync`. What was given up meanwhile is delivered there by \
         `dead-letters retry --all`."
    )
}

fn told(rebuilt: &Rebuilt, network: &str) -> String {
    let Rebuilt { portals, ghosts, pairs, reactions, direct_chats, missing, failed } = rebuilt;
    let mut text = format!(
        "There again: rooms of chats {portals}, message pairs {pairs}, reactions {reactions}, direct chats with the bot \
         {direct_chats}. Ghosts that were not known: {ghosts}.\n"
    );
    for sentence in missing.iter().chain(failed) {
        let _ = writeln!(text, "{sentence}");
    }
    if *portals == 0 && failed.is_empty() {
        text.push_str("The bot is in no room of a chat, so there was nothing to bring back.\n");
    }
    if failed.is_empty() {
        let _ = writeln!(text, "Start the program: what was said on {network} since then is caught up on.");
    } else {
        text.push_str(
            "Not all could be done. Call `rebuild` again: it goes on, and changes nothing that is there.\n",
        );
    }
    text
}
