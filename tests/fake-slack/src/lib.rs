//! A Slack workspace on loopback: Web API, Socket Mode, people to act as, faults to order.
//!
//! [`FakeSlack::start`] serves a small workspace on 127.0.0.1. Apps talk to it as they do to Slack; tests act as
//! its people ([`Workspace::post_as`] and its neighbours), watch what apps do ([`Workspace::wait_for_message`],
//! [`Workspace::calls`], [`Workspace::deliveries`]) and make things go wrong ([`Workspace::fail_next`],
//! [`Workspace::disconnect`]). Everything can be done from other processes too, over `/control/…`.
//!
//! It speaks raw JSON and shares no code with the bridge, so that it cannot share its mistakes.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at once"))]

mod api;
mod arguments;
mod avatar;
mod burst;
mod calls;
mod clock;
mod control;
mod error;
mod event;
mod faults;
mod files;
mod limits;
mod observe;
mod options;
mod page;
mod people;
mod server;
mod slash;
mod socket;
mod state;
mod text;
mod trouble;
mod workspace;

use std::io;
use std::ops::Deref;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub use burst::Burst;
pub use calls::Call;
pub use error::ApiError;
pub use faults::Fault;
pub use files::{Download, DownloadFault};
pub use observe::FileInfo;
pub use options::{Mode, Options};
pub use people::{NewFile, Upload, Uploaded};
pub use socket::{Attempt, Delivery, DeliveryState, DisconnectReason, OpenSocket};
pub use state::SlashAnswer;
pub use workspace::{AppInfo, Workspace};

/// A running workspace; it stops when this is dropped. All its verbs are [`Workspace`]'s.
#[derive(Debug)]
pub struct FakeSlack {
    workspace: Arc<Workspace>,
    stop: CancellationToken,
}

impl FakeSlack {
    /// Takes the port and serves. Must be called on a tokio runtime.
    ///
    /// Fails when the port is taken.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = server::bind(options.port)?;
        let workspace = Arc::new(Workspace::new(options, listener.local_addr()?));
        let stop = CancellationToken::new();
        server::spawn(server::run(Arc::clone(&workspace), listener, stop.clone()));
        server::spawn(server::keep_agenda(Arc::clone(&workspace), stop.clone()));
        Ok(Self { workspace, stop })
    }

    /// Stops serving and cuts every connection.
    pub fn stop(self) {
        drop(self);
    }
}

impl Deref for FakeSlack {
    type Target = Workspace;

    fn deref(&self) -> &Workspace {
        &self.workspace
    }
}

impl Drop for FakeSlack {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
