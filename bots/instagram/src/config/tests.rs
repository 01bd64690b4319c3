//! What is accepted, and that production settings refuse whatever is not the internet.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use url::Url;

use super::checked::Realm;
use super::{Config, Endpoints};

#[test]
fn the_settings_that_people_have_are_accepted_verbatim() {
    let config: Config =
        serde_json::from_str(r#"{"enabled": true, "max_file_size": 50000000, "room_subscriptions": []}"#)
            .unwrap();
    assert_eq!(config, Config::default());
    config.check().unwrap();
    assert!(
        serde_json::from_str::<Config>(r#"{"max_file_sise": 1}"#)
            .unwrap_err()
            .to_string()
            .contains("max_file_sise")
    );
    let round: Config = serde_json::from_str(&serde_json::to_string(&Config::default()).unwrap()).unwrap();
    assert_eq!(round, Config::default());
}

#[test]
fn production_settings_refuse_this_machine_and_plain_http() {
    let refused =
        |endpoints: Endpoints| Config { endpoints, ..Config::default() }.check().unwrap_err().join(" ");
    for bad in [
        "http://127.0.0.1:8080/",
        "https://127.0.0.1/",
        concat!("https://local", "host./"),
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/",
        "http://www.instagram.com/",
        "https://user:word@www.instagram.com/",
        "file:///etc/passwd",
        "nothing",
    ] {
        assert!(
            refused(Endpoints { web: bad.to_owned(), ..Endpoints::default() }).contains("endpoints.web"),
            "{bad}"
        );
        assert!(
            refused(Endpoints { graph: bad.to_owned(), ..Endpoints::default() }).contains("endpoints.graph")
        );
        let mirror = Config { mirror: Some(bad.to_owned()), ..Config::default() };
        assert!(mirror.check().unwrap_err()[0].contains("mirror"), "{bad}");
    }
    for bad in ["127.0.0.1:80", "127.0.0.1", "com", "a b.com", "http://a.com"] {
        let hosts = Endpoints { media_hosts: vec![bad.to_owned()], ..Endpoints::default() };
        assert!(refused(hosts).contains("media_hosts"), "{bad}");
    }
}

#[test]
fn production_settings_allow_the_site_and_nothing_else() {
    let settings = Config::default().check().unwrap();
    let allows = |url: &str, realm| settings.allows(&Url::parse(url).unwrap(), realm);
    assert!(allows("https://www.instagram.com/p/a/", Realm::Site));
    assert!(allows("https://instagram.com/p/a/", Realm::Site));
    assert!(allows("https://graph.facebook.com/v26.0/x", Realm::Graph));
    assert!(allows("https://scontent-a-1.cdninstagram.com/v/a.jpg?oe=1", Realm::Media));
    assert!(allows("https://x.fna.fbcdn.net/v/a.mp4", Realm::Media));
    for realm in [Realm::Site, Realm::Graph, Realm::Media, Realm::Mirror] {
        for bad in [
            "http://www.instagram.com/",
            "http://scontent.cdninstagram.com/a.jpg",
            "https://www.instagram.com:8443/",
            "https://user@www.instagram.com/",
            "https://instagram.com.example.org/",
            "https://evilcdninstagram.com/",
            "https://evilinstagram.com/",
            "https://example.org/",
            "https://127.0.0.1/",
            "http://127.0.0.1:8080/",
            "https://169.254.169.254/latest/",
            "file:///etc/passwd",
            "data:text/plain,a",
        ] {
            assert!(!allows(bad, realm), "{bad} as {realm:?}");
        }
    }
    assert!(!allows("https://www.instagram.com/", Realm::Media));
}

#[test]
fn numbers_that_allow_nothing_are_refused() {
    let none = Config { max_file_size: 0, ..Config::default() }.check().unwrap_err();
    assert!(none[0].starts_with("max_file_size: "), "{none:?}");
}
