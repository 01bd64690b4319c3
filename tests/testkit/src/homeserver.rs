//! One homeserver for a test, of whichever kind, with one face.
pub mod appservice;
pub mod fake;
pub(crate) mod registration;
mod remote;
pub mod synapse;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result as AnyResult, bail};

pub use appservice::{Appservice, Slot};

use crate::{Fake, Profile, Result, User};
use remote::Remote;
use synapse::Synapse;

/// Which homeserver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The in-process fake, behaving like Synapse.
    FakeSynapse,
    /// The in-process fake, behaving like continuwuity.
    FakeContinuwuity,
    /// A real Synapse as a child process; it must be installed (see [`synapse::is_installed`]).
    Synapse,
    /// A homeserver that runs already, by its URL. It must allow free registration, or the URL must hold an account:
    /// `http://name:password@127.0.0.1:8008`. Appservices must be registered there by its administrator.
    Url(String),
}

impl Kind {
    /// By name: `fake-synapse`, `fake-continuwuity`, `synapse`, or a URL.
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "fake-synapse" => Ok(Self::FakeSynapse),
            "fake-continuwuity" => Ok(Self::FakeContinuwuity),
            "synapse" => Ok(Self::Synapse),
            url if url.starts_with("http") => Ok(Self::Url(url.to_owned())),
            other => {
                bail!("{other} is no homeserver; take fake-synapse, fake-continuwuity, synapse or a URL")
            }
        }
    }
}

/// A homeserver. A fake, or a Synapse of our own, ends when this is dropped.
#[derive(Debug)]
pub struct Homeserver {
    inner: Inner,
    base_url: String,
    server_name: String,
}

#[derive(Debug)]
enum Inner {
    Fake(Fake),
    Synapse { synapse: Arc<Synapse>, is_shared: bool },
    Remote(Remote),
}

impl Homeserver {
    /// Starts one with no appservice.
    pub async fn start(kind: Kind) -> Result<Self> {
        Self::start_with(kind, &[]).await
    }

    /// Starts one that knows these registrations. For Synapse this is three seconds cheaper than registering later.
    pub async fn start_with(kind: Kind, registrations: &[&str]) -> Result<Self> {
        match kind {
            Kind::FakeSynapse => Self::start_fake(Profile::synapse(), registrations),
            Kind::FakeContinuwuity => Self::start_fake(Profile::continuwuity(), registrations),
            Kind::Synapse => Ok(Self::from_synapse(Synapse::start(registrations).await?, false)),
            Kind::Url(url) => {
                let remote = Remote::new(&url).await?;
                let (base_url, server_name) = (remote.base_url.clone(), remote.server_name.clone());
                Ok(Self { inner: Inner::Remote(remote), base_url, server_name })
            }
        }
    }

    /// Wraps a fake, for instance one with a changed profile.
    pub fn from_fake(fake: Fake) -> Self {
        Self {
            base_url: fake.base_url(),
            server_name: fake::SERVER_NAME.to_owned(),
            inner: Inner::Fake(fake),
        }
    }

    /// A homeserver with a fresh appservice that is registered there.
    ///
    /// A fake is one of its own. A Synapse is shared by all tests of the test binary, because starting one costs three
    /// seconds and 120 MB: it cannot be stopped, and users and aliases of other tests are there too.
    pub async fn lease(kind: Kind) -> Result<Slot> {
        if kind == Kind::Synapse {
            let (synapse, appservice) = synapse::lease().await?;
            return Ok(Slot { homeserver: Self::from_synapse(synapse, true), appservice });
        }
        Self::lease_alone(kind).await
    }

    /// Like [`Homeserver::lease`], but always with a server of its own, which may be stopped.
    pub async fn lease_alone(kind: Kind) -> Result<Slot> {
        let appservice = Appservice::new(fake::SERVER_NAME)?;
        let homeserver = Self::start_with(kind, &[&appservice.registration_yaml()]).await?;
        if matches!(homeserver.inner, Inner::Remote(_)) {
            bail!("An appservice cannot be registered from outside at {}", homeserver.base_url);
        }
        Ok(Slot { homeserver, appservice })
    }

    /// `http://127.0.0.1:PORT`, with no slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What stands after the colon in its users' ids.
    pub fn server_name(&self) -> &str {
        &self.server_name
    }

    /// The fake behind it, for faults and observations; fails for a real server.
    pub fn fake(&self) -> Result<&Fake> {
        match &self.inner {
            Inner::Fake(fake) => Ok(fake),
            _ => bail!("This is possible with the fake homeserver only"),
        }
    }

    /// The file of a Synapse's database, to be read only; none for another server.
    pub fn synapse_database(&self) -> Option<PathBuf> {
        match &self.inner {
            Inner::Synapse { synapse, .. } => Some(synapse.database()),
            Inner::Fake(_) | Inner::Remote(_) => None,
        }
    }

    /// Adds an appservice, or replaces the one with the same id. Synapse starts again for it.
    pub async fn register_appservice(&self, registration_yaml: &str) -> Result<()> {
        match &self.inner {
            Inner::Fake(fake) => fake.register_appservice(registration_yaml),
            Inner::Synapse { .. } => self.own_synapse()?.register_appservice(registration_yaml).await,
            Inner::Remote(remote) => bail!("Register the appservice at {} by hand", remote.base_url),
        }
    }

    /// Registers a person with the password [`crate::user::PASSWORD`] (or logs in again, on a new device) and answers
    /// the session.
    pub async fn user(&self, localpart: &str) -> Result<User> {
        let user: AnyResult<User> = match &self.inner {
            Inner::Remote(remote) => remote.user(localpart).await,
            _ => User::register(&self.base_url, localpart).await,
        };
        user.with_context(|| format!("{localpart} cannot get in"))
    }

    /// Ends the server in order; state is kept.
    pub async fn stop(&self) -> Result<()> {
        match &self.inner {
            Inner::Fake(fake) => fake.stop().await,
            _ => self.own_synapse()?.stop(false).await?,
        }
        Ok(())
    }

    /// Ends the server by SIGKILL; state that it had committed is kept. The fake stops as it always does.
    pub async fn crash(&self) -> Result<()> {
        match &self.inner {
            Inner::Fake(fake) => fake.stop().await,
            _ => self.own_synapse()?.stop(true).await?,
        }
        Ok(())
    }

    /// Starts it after [`Homeserver::stop`] or [`Homeserver::crash`], at the same address.
    pub async fn start_again(&self) -> Result<()> {
        match &self.inner {
            Inner::Fake(fake) => fake.start_again(),
            _ => self.own_synapse()?.start_again().await,
        }
    }

    fn start_fake(profile: Profile, registrations: &[&str]) -> Result<Self> {
        let fake = Fake::start(profile)?;
        for registration in registrations {
            fake.register_appservice(registration)?;
        }
        Ok(Self::from_fake(fake))
    }

    fn from_synapse(synapse: Arc<Synapse>, is_shared: bool) -> Self {
        let (base_url, server_name) = (synapse.base_url(), fake::SERVER_NAME.to_owned());
        Self { inner: Inner::Synapse { synapse, is_shared }, base_url, server_name }
    }

    fn own_synapse(&self) -> Result<&Synapse> {
        match &self.inner {
            Inner::Synapse { synapse, is_shared: false } => Ok(synapse),
            Inner::Synapse { .. } => {
                bail!("Other tests use this Synapse too. Take `Homeserver::lease_alone`.")
            }
            Inner::Fake(_) | Inner::Remote(_) => bail!("This server was not started by us"),
        }
    }
}
