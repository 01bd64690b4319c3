//! Which addresses are inside, however they are written, and that names are looked at when they are connected to.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

use super::*;

const PUBLIC: &[&str] = &[
    "1.1.1.1",
    "100.63.255.255",
    "100.128.0.1",
    "172.32.0.1",
    "192.0.1.1",
    "198.20.0.1",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00::1",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
    "2002:101:101::1",
];

const PRIVATE: &[&str] = &[
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:0:10.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::101:101",
    "100::1",
    "2001::f5ff:fffe",
    "2001:db8::1",
    "2002:a00:1::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
];

fn url(address: &str) -> Url {
    let address: IpAddr = address.parse().unwrap();
    Url::parse(&format!("https://{}/", SocketAddr::new(address, 443))).unwrap()
}

#[test]
fn addresses_are_told_apart() {
    let guard = NetGuard::default();
    for address in PUBLIC {
        assert!(is_public(address.parse().unwrap()), "{address}");
        assert_eq!(guard.check(&url(address)), Ok(()), "{address}");
    }
    for address in PRIVATE {
        assert!(!is_public(address.parse().unwrap()), "{address}");
        assert_eq!(guard.check(&url(address)), Err(Inside), "{address}");
    }
    // Other ways to write 127.0.0.1, which the URL's own reader knows.
    for odd in [
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://LOCALHOST/",
        "https://a.localhost./",
        "file:///etc/passwd",
    ] {
        assert_eq!(guard.check(&Url::parse(odd).unwrap()), Err(Inside), "{odd}");
    }
}

#[test]
fn what_the_operator_named_is_let_through() {
    let guard = NetGuard::trusting(["10.0.0.1", "[::1]", "localhost"].map(str::to_owned));
    for trusted in ["https://10.0.0.1/", "https://[::1]/", "https://localhost/"] {
        assert_eq!(guard.check(&Url::parse(trusted).unwrap()), Ok(()), "{trusted}");
    }
    assert_eq!(guard.check(&Url::parse("https://10.0.0.2/").unwrap()), Err(Inside));
    assert_eq!(guard.check(&Url::parse("https://example.org/").unwrap()), Ok(()));
}

#[test]
fn one_private_address_among_public_ones_is_enough() {
    let socket = |address: &&str| SocketAddr::new(address.parse().unwrap(), 0);
    let guard = NetGuard::trusting(["ours.test".to_owned()]);
    let public: Vec<_> = PUBLIC.iter().map(socket).collect();
    assert_eq!(guard.admit("other.test", public.clone()), Ok(public.clone()));
    for address in PRIVATE {
        let mixed: Vec<_> = public.iter().copied().chain([socket(address)]).collect();
        assert_eq!(guard.admit("other.test", mixed.clone()), Err(Inside), "{address}");
        assert_eq!(guard.admit("ours.test", mixed.clone()), Ok(mixed));
    }
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_when_it_is_connected_to() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut tasks = tokio::task::JoinSet::new();
    let router = Router::new().route("/", get(async || "inside"));
    tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
    // Fails only when one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let fetch = async |guard: NetGuard| {
        #[allow(clippy::disallowed_methods, reason = "the client whose resolver is tested")]
        let client = reqwest::Client::builder().no_proxy().dns_resolver(guard).build().unwrap();
        client.get(format!("http://localhost:{port}/")).send().await
    };
    let refused = fetch(NetGuard::default()).await.unwrap_err();
    assert!(is_inside(&refused), "{refused:?}");
    let trusted = fetch(NetGuard::trusting(["localhost".to_owned()])).await.unwrap();
    assert_eq!(trusted.text().await.unwrap(), "inside");
}
