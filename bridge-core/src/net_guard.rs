//! Keeps downloads from addresses that strangers named out of our own network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Why nothing was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The address leads into a private network, and is not fetched from.")]
pub struct Inside;

/// Decides which addresses may be connected to: those of the internet, and whatever the operator named.
///
/// Give it to a client as its resolver, so that the very addresses connected to are looked at, and ask
/// [`NetGuard::check`] before each request and after each redirect, because a literal address is never resolved. The
/// client has to be without proxy, which would do the resolving itself.
#[derive(Debug, Clone, Default)]
pub struct NetGuard {
    trusted: Arc<[String]>,
}

impl NetGuard {
    /// A guard that lets these hosts (names or literal addresses, in lower case) be wherever they are.
    pub fn trusting(hosts: impl IntoIterator<Item = String>) -> Self {
        Self { trusted: hosts.into_iter().collect() }
    }

    /// Refuses a URL whose host is a literal address inside a private network or this machine's own name, or that has
    /// no host at all.
    pub fn check(&self, url: &Url) -> Result<(), Inside> {
        match url.host() {
            Some(host) if self.trusts(&host.to_string()) => Ok(()),
            Some(Host::Domain(name)) if !is_this_machine(name) => Ok(()),
            Some(Host::Ipv4(address)) if is_public(address.into()) => Ok(()),
            Some(Host::Ipv6(address)) if is_public(address.into()) => Ok(()),
            _ => Err(Inside),
        }
    }

    fn trusts(&self, host: &str) -> bool {
        self.trusted.iter().any(|trusted| trusted == host)
    }

    /// What a name resolved to: all of it has to be public. A name with one private address among others is how
    /// somebody would get around this.
    fn admit(&self, host: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Inside> {
        if self.trusts(host) || found.iter().all(|address| is_public(address.ip())) {
            Ok(found)
        } else {
            Err(Inside)
        }
    }
}

impl Resolve for NetGuard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            // The port is the client's to set.
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let admitted: Addrs = Box::new(guard.admit(name.as_str(), found)?.into_iter());
            Ok(admitted)
        })
    }
}

/// Whether a failed request was refused by the guard.
pub fn is_inside(error: &reqwest::Error) -> bool {
    leads_to_inside(error)
}

fn leads_to_inside(error: &(dyn std::error::Error + 'static)) -> bool {
    // An error wrapped for TLS is passed over by `source`.
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<Inside>()
        || wrapped.is_some_and(|inner| leads_to_inside(inner))
        || error.source().is_some_and(leads_to_inside)
}

/// The names that always mean this machine, whether or not they can be resolved here.
fn is_this_machine(name: &str) -> bool {
    name.trim_end_matches('.').rsplit('.').next() == Some("localhost")
}

/// Whether an address is one of the public internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = match (a, b, c) {
        // "This network", carrier-grade NAT, protocol assignments, benchmarks, reserved with broadcast.
        (0 | 240.., ..) | (100, 64..=127, _) | (192, 0, 0) | (198, 18..=19, _) => true,
        _ => false,
    };
    !(is_special
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = embedded_v4(address) {
        return is_public_v4(inner);
    }
    // Only 2000::/3 is given out; loopback, unspecified, unique local, link-local, site-local and multicast stand
    // outside of it. Of what stands inside, documentation and ORCHID lead nowhere.
    let [first, second, ..] = address.segments();
    first & 0xe000 == 0x2000
        && !(first == 0x2001 && (second == 0x0db8 || second & 0xfff0 == 0x0010 || second & 0xfff0 == 0x0020))
        && first & 0xfff0 != 0x3ff0
}

/// The older address that a newer one stands for: mapped, compatible, translated (NAT64), tunnelled (6to4, Teredo).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let octets = address.octets();
    let last = || Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]);
    match segments {
        [0, 0, 0, 0, 0, 0xffff | 0, ..] | [0, 0, 0, 0, 0xffff, 0, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => {
            Some(last())
        }
        // A private use of translation: whoever runs it decides where it leads.
        [0x64, 0xff9b, 1, ..] => Some(Ipv4Addr::UNSPECIFIED),
        [0x2002, ..] => Some(Ipv4Addr::new(octets[2], octets[3], octets[4], octets[5])),
        [0x2001, 0, ..] => Some(Ipv4Addr::new(!octets[12], !octets[13], !octets[14], !octets[15])),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
