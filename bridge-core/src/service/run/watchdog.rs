//! Signs of life for systemd, for as long as the program is alive itself: a homeserver or a database that is away does not
//! come back because the program is started anew.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, interval, timeout};

use super::notify;
use crate::queue::Committing;
use crate::task::{self, Vitals};

/// How long the queue's loop may stand still. A commit that the database does not answer is given up after a minute.
const STUCK_AFTER: Duration = Duration::from_secs(90);
/// How long our own server may take to answer.
const ANSWERED: Duration = Duration::from_secs(5);
/// How many looks there are in the time that systemd waits.
const PER_LIMIT: u32 = 5;
/// What it is asked.
const REQUEST: &[u8] = b"GET /health/live HTTP/1.1\r\nhost: watchdog\r\nconnection: close\r\n\r\n";

/// Looks whether the program is alive, and tells systemd that it is.
pub(super) struct Watchdog {
    every: Duration,
    server: SocketAddr,
    vitals: Vitals,
    committing: Committing,
}

impl Watchdog {
    /// Does nothing where systemd asks for no signs of life.
    pub(super) fn start(listener: &TcpListener, vitals: &Vitals, committing: &Committing) {
        let Some(within) = sd_notify::watchdog_enabled() else { return };
        let Ok(address) = listener.local_addr() else { return };
        let (vitals, committing) = (vitals.clone(), committing.clone());
        let watchdog = Self { every: within / PER_LIMIT, server: reachable(address), vitals, committing };
        task::spawn("watchdog", watchdog.feed());
    }

    /// Tells it several times in the time that systemd waits, for as long as it is so: one look that fails must not be enough.
    async fn feed(self) {
        let mut due = interval(self.every);
        loop {
            due.tick().await;
            match self.trouble().await {
                // It waits where systemd does not listen, which must not hold up anybody else.
                None => {
                    drop(tokio::task::spawn_blocking(|| notify(&[sd_notify::NotifyState::Watchdog])).await);
                }
                Some(why) => {
                    tracing::error!(
                        why,
                        "no sign of life is given; if that goes on, systemd starts the program anew"
                    );
                }
            }
        }
    }

    /// Why the program is not alive. That this runs shows that the runtime turns.
    async fn trouble(&self) -> Option<String> {
        if let Some(why) = self.vitals.trouble() {
            return Some(why);
        }
        if let Some(still) =
            self.committing.turned_at().map(|at| at.elapsed()).filter(|still| *still > STUCK_AFTER)
        {
            return Some(format!("The queue has stood still for {} seconds.", still.as_secs()));
        }
        let begun = Instant::now();
        match timeout(ANSWERED, ask(self.server)).await {
            Ok(Ok(true)) => None,
            _ => {
                Some(format!("Its own server gave no good answer within {} ms.", begun.elapsed().as_millis()))
            }
        }
    }
}

/// Whether our own server answers.
async fn ask(server: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(REQUEST).await?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    Ok(head.ends_with(b" 200"))
}

/// Where a server can be reached from this machine that listens there.
pub(crate) fn reachable(listens: SocketAddr) -> SocketAddr {
    let ip = match listens.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listens.port())
}

#[cfg(test)]
mod tests;
