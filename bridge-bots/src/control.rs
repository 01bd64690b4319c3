//! The services of the config: how they are, looked at in the background, and what operators have done with them.

pub(crate) mod action;
mod health;
mod history;
pub(crate) mod output;
mod run;
pub(crate) mod state;
pub(crate) mod verb;
pub(crate) mod view;
mod watch;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bridge_core::store::Store;
use bridge_core::task;
use tokio::sync::{Notify, watch as signal};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::services::{Service, Services};
use crate::error::HostError;
use action::Slot;
use verb::Verb;
use view::{Known, ServiceView};

/// A cheap handle; clones share everything.
#[derive(Debug, Clone)]
pub(crate) struct Control(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    services: BTreeMap<String, Managed>,
    client: Option<reqwest::Client>,
    /// Moves when something about a service or an action is not as it was.
    moved: signal::Sender<u64>,
    /// How many look at the services all the time.
    lookers: AtomicUsize,
    /// When somebody last looked at them once.
    looked_at: Mutex<Option<Instant>>,
    /// Cancelled when the program stops.
    stop: CancellationToken,
    /// What is being done, so that the program can wait for it.
    tasks: TaskTracker,
}

/// A service.
#[derive(Debug)]
struct Managed {
    name: String,
    service: Service,
    known: Mutex<Known>,
    /// Wakes what looks at it, to look at once.
    soon: Notify,
    /// Wakes what looks at it, for somebody looks at the page now.
    paced: Notify,
    /// What changes it, one at a time.
    change: Slot,
    /// What only reads of it, which may be at the same time as a change.
    reading: Slot,
}

impl Managed {
    fn new(name: &str, service: &Service) -> Self {
        Self {
            name: name.to_owned(),
            service: service.clone(),
            known: Mutex::default(),
            soon: Notify::new(),
            paced: Notify::new(),
            change: Slot::default(),
            reading: Slot::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot(&self, verb: Verb) -> &Slot {
        if verb == Verb::Logs { &self.reading } else { &self.change }
    }

    fn view(&self, now: i64) -> ServiceView {
        let at_work = self.change.at_work().or_else(|| self.reading.at_work());
        view::view(&self.name, &self.service, &self.known(), at_work.map(|one| one.row()), now)
    }
}

impl Control {
    /// Of what the config names. Nothing is looked at yet; see [`Control::launch`].
    pub(crate) fn new(services: &Services, store: Store) -> Self {
        let managed = services.iter().map(|(name, service)| (name.clone(), Managed::new(name, service)));
        Self(Arc::new(Inner {
            store,
            services: managed.collect(),
            client: health::client(),
            moved: signal::Sender::new(0),
            lookers: AtomicUsize::new(0),
            looked_at: Mutex::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }))
    }

    /// Begins to look at them, as long as the program runs.
    pub(crate) fn launch(&self) {
        for managed in self.0.services.values() {
            let (control, name) = (self.clone(), managed.name.clone());
            task::spawn(
                "look at a service",
                self.0.tasks.track_future(async move { watch::watch(&control, &name).await }),
            );
        }
    }

    /// Ends what is being done, notes how it was left, and waits for that.
    pub(crate) async fn stop(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// All services, by their names.
    pub(crate) fn list(&self) -> Vec<ServiceView> {
        let now = self.now();
        self.0.services.values().map(|managed| managed.view(now)).collect()
    }

    /// One of them.
    pub(crate) fn show(&self, name: &str) -> Result<ServiceView, HostError> {
        Ok(self.managed(name)?.view(self.now()))
    }

    /// Moves when something about a service or an action is not as it was.
    pub(crate) fn moved(&self) -> signal::Receiver<u64> {
        self.0.moved.subscribe()
    }

    /// Somebody looks once: what is known becomes newer for a while.
    pub(crate) fn look(&self) {
        let mut looked_at = self.0.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        *looked_at = Some(Instant::now());
        drop(looked_at);
        for managed in self.0.services.values() {
            managed.paced.notify_one();
        }
    }

    /// Somebody looks until this is dropped.
    pub(crate) fn follow(&self) -> Looker {
        self.0.lookers.fetch_add(1, Ordering::Relaxed);
        self.look();
        Looker(self.clone())
    }

    fn is_looked_at(&self) -> bool {
        let looked_at = *self.0.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.lookers.load(Ordering::Relaxed) > 0 || looked_at.is_some_and(|at| at.elapsed() < watch::LINGER)
    }

    fn managed(&self, name: &str) -> Result<&Managed, HostError> {
        self.0.services.get(name).ok_or_else(|| {
            HostError::NotFound(format!(
                "There is no service {name}. The config file names them below bots.services."
            ))
        })
    }

    fn tell(&self) {
        self.0.moved.send_modify(|count| *count += 1);
    }

    fn now(&self) -> i64 {
        self.0.store.clock().now_ms()
    }
}

/// Somebody who looks at the services all the time.
#[derive(Debug)]
pub(crate) struct Looker(Control);

impl Looker {
    /// What is looked at.
    pub(crate) fn control(&self) -> &Control {
        &self.0
    }
}

impl Drop for Looker {
    fn drop(&mut self) {
        self.0.0.lookers.fetch_sub(1, Ordering::Relaxed);
    }
}
