//! Ports that stay ours: taken once, usable again and again by whichever process is to listen there.
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::net::{TcpListener, TcpSocket};

use crate::Result;
use crate::wait::POLL_INTERVAL;

/// A TCP port on 127.0.0.1 that is kept for this value's lifetime.
///
/// The port is held by a socket that is bound but does not listen, so connecting to it is refused until a program
/// listens there; the kernel gives it to nobody else who asks for any free port. A program may listen on it as long as
/// its socket has `SO_REUSEADDR` set, as tokio, hyper, Twisted, Node and Postgres do.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _held: TcpSocket,
}

impl Port {
    /// Takes a free port.
    pub fn reserve() -> Result<Self> {
        let held = TcpSocket::new_v4()?;
        held.set_reuseaddr(true)?;
        held.bind(([127, 0, 0, 1], 0).into())?;
        Ok(Self { number: held.local_addr()?.port(), _held: held })
    }

    /// The port's number.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// `127.0.0.1:PORT`, for a `listen` setting.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.number)
    }

    /// `http://127.0.0.1:PORT`, with no slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Listens there in this process. Can be called again after the last listener was dropped. Must be called inside a
    /// tokio runtime.
    ///
    /// A listener that was just closed may live on for a moment in a child process that another test is about to
    /// start, between its fork and its exec; this waits for that, twenty seconds at most.
    pub fn listen(&self) -> Result<TcpListener> {
        let started = Instant::now();
        loop {
            match self.try_listen() {
                Err(error)
                    if error.kind() == ErrorKind::AddrInUse
                        && started.elapsed() < Duration::from_secs(20) =>
                {
                    std::thread::sleep(POLL_INTERVAL);
                }
                outcome => return outcome.with_context(|| format!("cannot listen on {}", self.address())),
            }
        }
    }

    fn try_listen(&self) -> std::io::Result<TcpListener> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(([127, 0, 0, 1], self.number).into())?;
        socket.listen(1024)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use tokio::net::TcpStream;

    #[tokio::test]
    async fn refuses_until_somebody_listens_and_after() {
        let port = Port::reserve().unwrap();
        assert!(TcpStream::connect(port.address()).await.is_err());
        let listener = port.listen().unwrap();
        TcpStream::connect(port.address()).await.unwrap();
        drop(listener);
        assert!(TcpStream::connect(port.address()).await.is_err());
        port.listen().unwrap();
    }

    #[tokio::test]
    async fn nobody_else_gets_it() {
        let ports: Vec<Port> = (0..200).map(|_| Port::reserve().unwrap()).collect();
        let numbers: HashSet<u16> = ports.iter().map(Port::number).collect();
        assert_eq!(numbers.len(), ports.len());
        for _ in 0..200 {
            let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
            assert!(!numbers.contains(&other.local_addr().unwrap().port()));
        }
    }
}
