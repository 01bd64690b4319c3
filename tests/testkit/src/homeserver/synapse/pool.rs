//! One Synapse for all tests of a test binary, with appservices made in advance.
use std::sync::Arc;

use tokio::sync::Mutex;

use super::Synapse;
use crate::Result;
use crate::homeserver::Appservice;
use crate::homeserver::fake::SERVER_NAME;

/// Appservices per process. When they are used up, another process is started.
const SLOTS: usize = 24;

/// The process that still has free appservices. Never dropped: it ends with the test binary, by its leash.
static POOL: Mutex<Option<Pool>> = Mutex::const_new(None);

struct Pool {
    synapse: Arc<Synapse>,
    free: Vec<Appservice>,
}

/// An appservice nobody else uses, on a Synapse that others use too. It does not return to the pool: what happened in
/// one test must not reach another.
pub(crate) async fn lease() -> Result<(Arc<Synapse>, Appservice)> {
    let mut pool = POOL.lock().await;
    loop {
        if let Some(pool) = pool.as_mut()
            && let Some(appservice) = pool.free.pop()
        {
            return Ok((Arc::clone(&pool.synapse), appservice));
        }
        let free: Vec<Appservice> =
            (0..SLOTS).map(|_| Appservice::new(SERVER_NAME)).collect::<Result<_>>()?;
        let registrations: Vec<String> = free.iter().map(Appservice::registration_yaml).collect();
        let registrations: Vec<&str> = registrations.iter().map(String::as_str).collect();
        let synapse = Synapse::start(&registrations).await?;
        *pool = Some(Pool { synapse, free });
    }
}
