//! A homeserver that is only known by its URL; here it is a fake that was started separately.
use testkit::{Fake, Homeserver, Kind, Profile, User};

#[tokio::test]
async fn people_get_in_and_appservices_do_not() {
    let fake = Fake::start(Profile::synapse()).unwrap();
    let homeserver = Homeserver::start(Kind::parse(&fake.base_url()).unwrap()).await.unwrap();
    assert_eq!(homeserver.server_name(), "hs.test");
    let alice = homeserver.user("alice").await.unwrap();
    let room = alice.create_room("Remote").await.unwrap();
    alice.send_text(&room, "hello").await.unwrap();
    assert_eq!(alice.texts(&room).await.unwrap(), ["hello"]);
    assert!(homeserver.fake().is_err() && homeserver.stop().await.is_err());
    assert!(Homeserver::lease(Kind::Url(fake.base_url())).await.is_err());
}

#[tokio::test]
async fn an_account_in_the_url_is_used() {
    let fake = Fake::start(Profile::continuwuity()).unwrap();
    User::register(&fake.base_url(), "carol").await.unwrap();
    let password = testkit::user::PASSWORD.replace(' ', "%20");
    let url = fake.base_url().replace("http://", &format!("http://carol:{password}@"));
    let homeserver = Homeserver::start(Kind::Url(url)).await.unwrap();
    assert_eq!(homeserver.user("carol").await.unwrap().user_id(), "@carol:hs.test");
}
