//! The task that pushes transactions to one appservice: in order, one in flight.
use std::sync::Arc;

use serde_json::Value;

use super::observe::PushedTransaction;
use super::profile::Retry;
use super::queue::{Item, Transaction};
use super::server::Server;
use crate::homeserver::registration::Registration;

/// Runs until the server stops.
pub(crate) async fn push_forever(server: Arc<Server>, appservice_id: String) {
    let (mut arrivals, force, retry) = {
        let mut state = server.lock();
        let retry = state.profile.retry;
        let Some(hosted) = state.hosted(&appservice_id) else { return };
        (hosted.queue.arrivals.subscribe(), Arc::clone(&hosted.queue.force), retry)
    };
    let mut pause = first_pause(retry);
    if let (Retry::Timer { first, .. }, true) = (retry, server.has_failed_transaction(&appservice_id)) {
        tokio::select! { () = tokio::time::sleep(first) => {}, () = force.notified() => {} }
    }
    loop {
        arrivals.borrow_and_update();
        let Some(txn) = server.next_transaction(&appservice_id).await else {
            tokio::select! { changed = arrivals.changed() => if changed.is_err() { return }, () = force.notified() => {} }
            continue;
        };
        let delivered = server.attempt(&appservice_id, &txn).await;
        if delivered {
            pause = first_pause(retry);
            continue;
        }
        match retry {
            Retry::Timer { most, .. } => {
                tokio::select! { () = tokio::time::sleep(pause) => {}, () = force.notified() => {} }
                pause = (pause * 2).min(most);
            }
            Retry::NextEvent => {
                // What arrived while the attempt was under way does not count as another event.
                arrivals.borrow_and_update();
                if arrivals.changed().await.is_err() {
                    return;
                }
            }
        }
    }
}

fn first_pause(retry: Retry) -> std::time::Duration {
    match retry {
        Retry::Timer { first, .. } => first,
        Retry::NextEvent => std::time::Duration::ZERO,
    }
}

impl Server {
    fn has_failed_transaction(&self, appservice_id: &str) -> bool {
        let mut state = self.lock();
        state.hosted(appservice_id).is_some_and(|hosted| hosted.queue.in_flight.is_some())
    }

    /// The transaction to try now: the one that failed, else a new one, else none.
    async fn next_transaction(&self, appservice_id: &str) -> Option<Transaction> {
        let delay = {
            let mut state = self.lock();
            let delay = state.profile.push_delay;
            let queue = &mut state.hosted(appservice_id)?.queue;
            if queue.is_empty() {
                return None;
            }
            if let Some(txn) = &queue.in_flight {
                return Some(txn.clone());
            }
            delay
        };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let items = {
            let mut state = self.lock();
            let profile = state.profile.clone();
            state.hosted(appservice_id)?.queue.next_items(&profile)
        };
        self.ask_for_unknown_users(&items).await;
        let mut state = self.lock();
        let profile = state.profile.clone();
        let events = items.iter().filter_map(|item| match item {
            Item::Event { event_id, .. } => Some(state.event(event_id)?.for_appservice(&profile)),
            _ => None,
        });
        let events: Vec<Value> = events.collect();
        let mut last_txn = state.last_txn;
        let queue = &mut state.hosted(appservice_id)?.queue;
        queue.set_in_flight(&profile, &mut last_txn, &items, &events);
        let txn = queue.in_flight.clone();
        state.last_txn = last_txn;
        txn
    }

    /// Sends one transaction and notes how it went.
    async fn attempt(&self, appservice_id: &str, txn: &Transaction) -> bool {
        let (registration, timeout, software, in_query, push_down) = {
            let mut state = self.lock();
            let (timeout, software) = (state.profile.push_timeout, state.profile.software);
            let (in_query, push_down) = (state.profile.token_in_query, state.push_down);
            let Some(hosted) = state.hosted(appservice_id) else { return false };
            hosted.queue.is_attempting = true;
            (hosted.registration.clone(), timeout, software, in_query, push_down)
        };
        let Some(url) = registration.push_url() else {
            self.note_attempt(appservice_id, txn, None, true);
            return true;
        };
        let path = format!("{url}/_matrix/app/v1/transactions/{}", txn.txn_id);
        let mut request = self.http.put(path).bearer_auth(&registration.hs_token).timeout(timeout);
        if in_query {
            request = request.query(&[("access_token", &registration.hs_token)]);
        }
        let request = request.header("user-agent", software).json(&txn.body);
        let status =
            if push_down { None } else { request.send().await.ok().map(|answer| answer.status().as_u16()) };
        let lost = status == Some(200) && self.lock().take_lost_answer();
        let delivered = status == Some(200) && !lost;
        self.note_attempt(appservice_id, txn, status, delivered);
        delivered
    }

    fn note_attempt(&self, appservice_id: &str, txn: &Transaction, status: Option<u16>, delivered: bool) {
        let mut state = self.lock();
        let retry = state.profile.retry;
        state.transactions.push(PushedTransaction {
            appservice_id: appservice_id.to_owned(),
            txn_id: txn.txn_id.clone(),
            event_ids: txn.event_ids.clone(),
            body: txn.body.clone(),
            status,
            ended_at: std::time::SystemTime::now(),
        });
        if let Some(hosted) = state.hosted(appservice_id) {
            hosted.queue.finish(delivered, retry);
        }
    }

    /// Asks appservices for users of theirs that events name and nobody registered yet.
    async fn ask_for_unknown_users(&self, items: &[Item]) {
        let unknown: Vec<(Registration, String)> = {
            let state = self.lock();
            if !state.profile.asks_for_users {
                return;
            }
            let named = items.iter().filter_map(|item| match item {
                Item::Event { event_id, .. } => state.event(event_id),
                _ => None,
            });
            let named = named
                .filter(|event| event.kind == "m.room.member")
                .filter_map(|event| event.state_key.clone());
            let unknown = named.filter(|user_id| !state.accounts.contains_key(user_id));
            let asked = unknown.filter_map(|user_id| Some((state.owner_of(&user_id)?.clone(), user_id)));
            asked.collect()
        };
        for (registration, user_id) in unknown {
            self.ask(&registration, "users", &user_id, true).await;
        }
    }
}
