//! What is known in memory of the tables: never less than what is there.

use super::engine::{Database, each_engine};
use crate::id::{ChatKey, LoginId, PartId, RemoteMessageId};
use crate::store::message::{self, MessageRow};

each_engine! { memos_of_an_earlier_process newest_pair newest_pair_of_an_earlier_process pairs_since removed_meanwhile }

/// Five minutes: how much younger a stored pair counts.
const MARGIN: i64 = 300_000;

fn chat() -> ChatKey {
    ChatKey::shared("C1".into())
}

fn pair(message_id: &str, sent_at: i64) -> MessageRow {
    MessageRow {
        message_id: RemoteMessageId::new(message_id),
        part_id: PartId::first(),
        event_id: format!("${message_id}"),
        chat: chat(),
        sender: "@a:hs.test".to_owned(),
        sent_at,
        thread_root: None,
    }
}

async fn newest_pair(db: &Database) {
    let store = db.store().await;
    let is_newer = async |at| store.is_newer_than_pairs(&chat(), at).await.unwrap();
    assert!(is_newer(1).await, "nothing was said yet");
    store.put_pairs(&[pair("M1", 500)]).await.unwrap();
    assert!(!is_newer(499).await && !is_newer(500).await && is_newer(501).await);
    // On its way, and also when its commit is done.
    store.newest().add(&pair("M2", 700));
    assert!(!is_newer(700).await && is_newer(701).await);
    // An older one that is shown late changes nothing.
    store.newest().add(&pair("M0", 100));
    assert!(!is_newer(700).await && is_newer(701).await);
    let other = ChatKey::shared("C2".into());
    assert!(store.is_newer_than_pairs(&other, 1).await.unwrap(), "each chat has its own");
}

async fn newest_pair_of_an_earlier_process(db: &Database) {
    let store = db.store().await;
    let mut tx = store.begin().await.unwrap();
    message::insert(&mut tx, &[&pair("M1", 500), &pair("M2", 400)]).await.unwrap();
    tx.commit().await.unwrap();
    // Something of ours is on its way before anybody asked.
    store.newest().add(&pair("M3", 600));
    let is_newer = async |at| store.is_newer_than_pairs(&chat(), at).await.unwrap();
    assert!(!is_newer(501).await && !is_newer(601).await);
    assert!(!is_newer(500 + MARGIN).await && is_newer(501 + MARGIN).await);
}

async fn memos_of_an_earlier_process(db: &Database) {
    let store = db.store().await;
    let login = LoginId::new("L1");
    let mut tx = store.begin().await.unwrap();
    let sql = "INSERT INTO memo (login_id, name, value, noted_at) VALUES ('L1', 'a', 'kept', 1)";
    crate::store::db::on!(&mut tx, c => sqlx::query(sql).execute(c).await.unwrap().rows_affected());
    tx.commit().await.unwrap();
    assert_eq!(store.memo(&login, "b").await.unwrap(), None);
    assert_eq!(store.memo(&login, "a").await.unwrap().as_deref(), Some("kept"));
    store.put_memo(&login, "b\0", Some("new")).await.unwrap();
    assert_eq!(store.memo(&login, "b\0").await.unwrap().as_deref(), Some("new"), "as it can be stored");
}

/// More than are read at once, some at the same moment, one being removed and one on its way.
async fn pairs_since(db: &Database) {
    let store = db.store().await;
    let row = |number: i64| pair(&format!("M{number}"), number / 7);
    let rows: Vec<MessageRow> = (0..700).map(row).collect();
    let elsewhere = MessageRow { chat: ChatKey::shared("C2".into()), ..pair("N", 50) };
    store.put_pairs(&rows).await.unwrap();
    store.put_pairs(&[elsewhere]).await.unwrap();
    store.recent().add_gone((RemoteMessageId::new("M600"), PartId::first()));
    store.recent().add(row(700));
    let mut seen = Vec::new();
    store.each_pair_since(&chat(), 20, |row| seen.push(row)).await.unwrap();
    seen.sort_by_key(|row| row.event_id[2..].parse::<i64>().unwrap());
    let expected: Vec<MessageRow> = (140..=700).filter(|number| *number != 600).map(row).collect();
    assert_eq!(seen, expected);
}

/// The commit that removes a pair ends while the table is read.
async fn removed_meanwhile(db: &Database) {
    let store = db.store().await;
    let (row, gone) = (pair("M1", 5), (RemoteMessageId::new("M1"), PartId::first()));
    store.put_pairs(std::slice::from_ref(&row)).await.unwrap();
    store.recent().add_gone(gone.clone());
    let before = store.recent().gone();
    let read = vec![row.clone()];
    store.forget_pairs(std::slice::from_ref(&gone)).await.unwrap();
    store.recent().forget_gone(&gone);
    assert_eq!(store.recent().without_gone(read, &before), []);
    assert_eq!(store.message_pairs(&row.message_id).await.unwrap(), []);
}
