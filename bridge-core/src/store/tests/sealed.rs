//! Credentials at rest.

use super::engine::{Database, each_engine, number, sql};
use crate::clock::Clock;
use crate::id::{LoginId, RemoteUserId};
use crate::secret::Secret;
use crate::store::Store;
use crate::store::login::LoginRow;
use crate::store::seal::Seal;

each_engine! { are_not_readable_in_the_table stay_clear_without_a_key }
each_engine! { durable: are_bound_to_their_row need_their_key survive_a_first_key }

fn login(login_id: &str) -> LoginRow {
    LoginRow {
        login_id: LoginId::new(login_id),
        owner: "@a:hs.test".to_owned(),
        name: "A".to_owned(),
        own_user_id: RemoteUserId::new("U1"),
        personal: true,
        credentials: Secret::new("{\"token\":\"correct horse\"}"),
        created_at: 1,
    }
}

async fn with_key(db: &Database, key: &Secret) -> Store {
    Store::open(&db.url, Seal::with_key(key).unwrap(), Clock::system()).await.unwrap()
}

async fn are_not_readable_in_the_table(db: &Database) {
    let store = with_key(db, &Seal::new_key().unwrap()).await;
    store.put_login(&login("A")).await.unwrap();
    assert_eq!(store.logins().await.unwrap().remove(0).1.unwrap().credentials, login("A").credentials);
    let found = "SELECT COUNT(*) FROM login WHERE credentials LIKE '%horse%'";
    assert_eq!(number(&store, found).await, 0);
}

async fn stay_clear_without_a_key(db: &Database) {
    let store = db.store().await;
    store.put_login(&login("A")).await.unwrap();
    assert_eq!(store.logins().await.unwrap().remove(0).1.unwrap().credentials, login("A").credentials);
    let found = "SELECT COUNT(*) FROM login WHERE credentials LIKE 'clear1:%horse%'";
    assert_eq!(number(&store, found).await, 1);
}

async fn are_bound_to_their_row(db: &Database) {
    let key = Seal::new_key().unwrap();
    let store = with_key(db, &key).await;
    store.put_login(&login("A")).await.unwrap();
    sql(&store, "UPDATE login SET login_id = 'B'").await;
    let words = store.logins().await.unwrap().remove(0).1.unwrap_err().0;
    assert!(words.contains("cannot be opened with this key"), "{words}");
    sql(&store, "UPDATE login SET login_id = 'A'").await;
    assert_eq!(store.logins().await.unwrap().len(), 1);
    sql(&store, "UPDATE login SET credentials = 'sealed1:AAAA'").await;
    assert!(store.logins().await.unwrap().remove(0).1.is_err());
    // Whose it is can be said all the same, so that they can end it.
    assert_eq!(store.login_heads().await.unwrap().remove(0).owner, login("A").owner);
}

async fn need_their_key(db: &Database) {
    let key = Seal::new_key().unwrap();
    let store = with_key(db, &key).await;
    store.put_login(&login("A")).await.unwrap();
    store.close().await;
    drop(store);

    let other = with_key(db, &Seal::new_key().unwrap()).await;
    let words = other.logins().await.unwrap().remove(0).1.unwrap_err().0;
    assert!(words.contains("Put back the key") && !words.contains("horse"), "{words}");
    other.close().await;
    drop(other);
    let none = db.store().await;
    assert!(none.logins().await.unwrap().remove(0).1.is_err());
    none.close().await;
    drop(none);
    assert_eq!(with_key(db, &key).await.logins().await.unwrap().len(), 1);
}

async fn survive_a_first_key(db: &Database) {
    let store = db.store().await;
    store.put_login(&login("A")).await.unwrap();
    store.close().await;
    drop(store);
    let store = with_key(db, &Seal::new_key().unwrap()).await;
    let row = store.logins().await.unwrap().remove(0).1.unwrap();
    assert_eq!(row.credentials, login("A").credentials);
    store.put_login(&row).await.unwrap();
    assert_eq!(number(&store, "SELECT COUNT(*) FROM login WHERE credentials LIKE 'clear1:%'").await, 0);
}

#[test]
fn the_same_text_is_sealed_differently_each_time() {
    let seal = Seal::with_key(&Seal::new_key().unwrap()).unwrap();
    let text = Secret::new("a");
    assert_ne!(seal.close("x", &text).unwrap(), seal.close("x", &text).unwrap());
}

#[test]
fn a_key_of_a_wrong_shape_is_refused() {
    for key in ["", "abcd", &"g".repeat(64), &"a".repeat(63), &"ä".repeat(32)] {
        let words = Seal::with_key(&Secret::new(key)).unwrap_err().0;
        assert!(words.contains("64 hexadecimal digits"), "{words}");
    }
    assert!(Seal::with_key(&Secret::new(format!("{}\n", "a".repeat(64)))).is_ok());
}
