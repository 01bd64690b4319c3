//! Nudges that came to another process than the one that sent them.

use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use super::exchange::{Exchange, Signal};
use crate::store::Store;

/// The last nudge that came to a process that stands by.
const FACT: &str = "nudge";
/// How often it is looked for while one is waited for.
const LOOKED_EVERY: Duration = Duration::from_millis(250);

/// While this process stands by: notes for the one that works which nudge has come. Goes on until it is dropped.
pub(crate) async fn pass_on(exchange: &Exchange, store: &Store) {
    let mut signals = exchange.subscribe();
    loop {
        match signals.recv().await {
            Ok(Signal::Nudge(nonce)) => {
                if let Err(error) = store.put_fact_standing_by(FACT, &nonce).await {
                    tracing::debug!(%error, "a nudge could not be passed on; another one comes");
                }
            }
            Ok(Signal::Ping(_)) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}

/// While this process works: takes note of nudges that have come to others, as long as it waits for one.
pub(crate) async fn look(exchange: &Exchange, store: &Store, mut moved: watch::Receiver<bool>) {
    while moved.wait_for(|moved| !*moved).await.is_ok() {
        if let Ok(Some(nonce)) = store.fact(FACT).await {
            exchange.note_nudge(nonce);
        }
        tokio::time::sleep(LOOKED_EVERY).await;
    }
}
