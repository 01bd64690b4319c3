//! What is backed up is restored, on the same engine and on the other.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use super::{Backup, Beside, restore, restore_with};
use crate::clock::Clock;
use crate::event::{ChatInfo, ChatKind};
use crate::id::{ChatId, ChatKey, DedupKey, LoginId, PartId, RemoteMessageId, RemoteUserId};
use crate::secret::Secret;
use crate::store::dead_letter::{Class, GivenUp};
use crate::store::job::{Job, Lane, Source};
use crate::store::login::LoginRow;
use crate::store::message::MessageRow;
use crate::store::portal::PortalRow;
use crate::store::seal::Seal;
use crate::store::tests::engine::{Database, each_engine, number, sql};
use crate::store::{Store, dead_letter, queue};

each_engine! { durable:
    a_backup_is_of_one_moment
    a_damaged_file_is_refused_and_nothing_is_changed
    a_full_database_is_refused_unless_forced
    an_older_backup_is_brought_up_to_date
    everything_comes_back_on_either_engine
    files_of_single_bots_come_along_while_they_are_in_use
}

const PROGRAM: &str = "paper";
/// Tables that were not there yet when dead letters could not be tried again.
const NEWER: [&str; 2] = ["lease", "handed_in"];

fn login() -> LoginRow {
    LoginRow {
        login_id: LoginId::new("L1"),
        owner: "@a:hs.test".to_owned(),
        name: "desk \"quoted\"\nand a line".to_owned(),
        own_user_id: RemoteUserId::new("U1"),
        personal: true,
        credentials: Secret::new("very secret"),
        created_at: i64::MAX,
    }
}

fn job(id: i64) -> Job {
    Job {
        id,
        lane: Lane::stored("chat:C1"),
        source: Source::Remote,
        login_id: Some(LoginId::new("L1")),
        dedup: DedupKey::new(format!("d{id}")),
        payload: "{\"text\":\"Grüße 👋 \\u0041\"}".to_owned(),
        accepted_at: 5,
        attempts: 0,
        maybe_sent: false,
        letter_id: None,
    }
}

/// Rows in every table, with values that are easily lost: none, empty, JSON, large numbers, quotes.
async fn fill(store: &Store) {
    let chat = ChatKey { chat_id: ChatId::new("C1"), receiver: Some(LoginId::new("L1")) };
    store.put_login(&login()).await.unwrap();
    store.put_fact("fact", "").await.unwrap();
    store.put_management_room("!m:hs.test", "@a:hs.test").await.unwrap();
    let info = ChatInfo {
        topic: Some("a \u{1F600} topic".into()),
        ..ChatInfo::new(chat.clone(), ChatKind::Channel)
    };
    let portal = PortalRow {
        chat: chat.clone(),
        room_id: None,
        login_id: LoginId::new("L1"),
        info,
        avatar_mxc: None,
        created_at: 7,
    };
    store.put_portal(&portal).await.unwrap();
    let pair = MessageRow {
        message_id: RemoteMessageId::new("m1"),
        part_id: PartId::first(),
        event_id: "$1".to_owned(),
        chat,
        sender: "@a:hs.test".to_owned(),
        sent_at: -1,
        thread_root: None,
    };
    store.put_pairs(&[pair]).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    queue::insert_jobs(&mut tx, &(10..700).map(job).collect::<Vec<_>>()).await.unwrap();
    let given_up = GivenUp {
        job: job(1),
        class: Class::Rejected,
        cause: "No.".to_owned(),
        notice: Some("$n".to_owned()),
    };
    dead_letter::keep(&mut tx, &given_up, 9).await.unwrap();
    tx.commit().await.unwrap();
}

fn files() -> Vec<Beside> {
    vec![Beside { name: "config".to_owned(), text: "a: \"b\"\n# ü\n".to_owned() }]
}

async fn back_up(store: &Store, folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let mut out = Vec::new();
    store.back_up(PROGRAM, &files(), &mut out).await.unwrap();
    std::fs::write(&path, out).unwrap();
    path
}

/// What stands between the first line and the last.
fn body(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    // Engines give rows in an order of their own.
    let mut rows = lines[1..lines.len() - 1].to_vec();
    rows.sort_unstable();
    rows.join("\n")
}

async fn put(path: &Path, url: &str, force: bool) -> Result<u64, String> {
    let backup = Backup::look(path, PROGRAM, &[]).map_err(|error| error.0)?;
    assert_eq!(backup.files, files());
    restore(path, &backup, url, force).await.map(|restored| restored.rows).map_err(|error| error.0)
}

async fn everything_comes_back_on_either_engine(db: &Database) {
    let folder = tempfile::tempdir().unwrap();
    let key = Seal::new_key().unwrap();
    let seal = || Seal::with_key(&key).unwrap();
    let elsewhere = format!("sqlite:{}", folder.path().join("elsewhere.db").display());
    let store = Store::open(&elsewhere, seal(), Clock::system()).await.unwrap();
    fill(&store).await;
    let first = back_up(&store, folder.path(), "first").await;
    store.close().await;
    drop(store);
    assert!(!std::fs::read_to_string(&first).unwrap().contains("very secret"), "secrets stay sealed");
    // To this engine, and from it back to a file.
    assert!(put(&first, &db.url, false).await.unwrap() > 690);
    let store = Store::open(&db.url, seal(), Clock::system()).await.unwrap();
    let logins = store.logins().await.unwrap();
    let row = logins[0].1.as_ref().unwrap();
    assert_eq!((&row.name, row.personal, row.created_at), (&login().name, true, i64::MAX));
    assert_eq!(row.credentials.expose(), "very secret");
    let second = back_up(&store, folder.path(), "second").await;
    store.close().await;
    drop(store);
    assert_eq!(body(&first), body(&second));
    let back = format!("sqlite:{}", folder.path().join("back.db").display());
    put(&second, &back, false).await.unwrap();
    let store = Store::open(&back, seal(), Clock::system()).await.unwrap();
    assert_eq!(body(&back_up(&store, folder.path(), "third").await), body(&first));
}

async fn files_of_single_bots_come_along_while_they_are_in_use(db: &Database) {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    for place in [&from, &to] {
        std::fs::create_dir(place).unwrap();
    }
    let url = |file: &Path| format!("sqlite:{}", file.display());
    // Open, and with what is not in the file itself yet.
    let one = Store::open(&url(&from.join("one.db")), Seal::none(), Clock::system()).await.unwrap();
    one.put_fact("large", &"x".repeat(2_000_000)).await.unwrap();
    let path = folder.path().join("a.backup");
    let store = db.store().await;
    let mut out = Vec::new();
    let written = store.back_up_with(PROGRAM, &files(), Some(&from), &mut out).await.unwrap();
    assert!(written.damaged.is_empty());
    one.close().await;
    a_damaged_one_comes_along_as_it_is(&store, folder.path()).await;
    store.close().await;
    drop(store);
    std::fs::write(&path, &out).unwrap();
    let backup = Backup::look(&path, PROGRAM, &[]).unwrap();
    // The folder is looked at before anything is changed.
    std::fs::write(to.join("two.db"), "another").unwrap();
    let words = restore_with(&path, &backup, &db.url, Some(&to), false).await.unwrap_err().0;
    assert!(words.contains("two.db") && words.contains("nothing was changed"), "{words}");
    let restored = restore_with(&path, &backup, &db.url, Some(&to), true).await.unwrap();
    assert_eq!(restored.databases, 1);
    let names =
        std::fs::read_dir(&to).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["one.db"], "what was there is gone, and nothing half is left");
    let one = Store::open(&url(&to.join("one.db")), Seal::none(), Clock::system()).await.unwrap();
    assert_eq!(one.fact("large").await.unwrap().map(|text| text.len()), Some(2_000_000));
    one.close().await;
    // A backup that knows of none leaves those that are there.
    let store = db.store().await;
    let bare = back_up(&store, folder.path(), "bare.backup").await;
    store.close().await;
    drop(store);
    let backup = Backup::look(&bare, PROGRAM, &[]).unwrap();
    let restored = restore_with(&bare, &backup, &db.url, Some(&to), true).await.unwrap();
    assert!(restored.databases == 0 && to.join("one.db").is_file());
    // A name that leads out of the folder makes the file a damaged one.
    let text = String::from_utf8(out).unwrap().replace("\"one.db\"", "\"../one.db\"");
    std::fs::write(&path, text).unwrap();
    assert!(Backup::look(&path, PROGRAM, &[]).unwrap_err().0.contains("damaged"));
}

async fn a_damaged_one_comes_along_as_it_is(store: &Store, folder: &Path) {
    let from = folder.join("damaged");
    std::fs::create_dir(&from).unwrap();
    let file = from.join("one.db");
    std::fs::write(&file, "this is no database ".repeat(500)).unwrap();
    let written = store.back_up_with(PROGRAM, &[], Some(&from), Vec::new()).await.unwrap();
    assert_eq!(written.damaged, std::slice::from_ref(&file));
    let path = folder.join("damaged.backup");
    let mut out = Vec::new();
    store.back_up_with(PROGRAM, &[], Some(&from), &mut out).await.unwrap();
    let text = String::from_utf8(out).unwrap();
    std::fs::write(&path, &text).unwrap();
    Backup::look(&path, PROGRAM, &[]).unwrap();
    let piece = text.lines().find(|line| line.contains("\"one.db\"")).unwrap();
    let piece: serde_json::Value = serde_json::from_str(piece).unwrap();
    let bytes = super::databases::piece("one.db", piece["piece"].as_str().unwrap()).unwrap();
    assert_eq!(bytes, std::fs::read(&file).unwrap());
    assert_eq!(std::fs::read_dir(&from).unwrap().count(), 1, "no copy is left");
}

async fn a_full_database_is_refused_unless_forced(db: &Database) {
    let folder = tempfile::tempdir().unwrap();
    let store = db.store().await;
    store.put_fact("then", "1").await.unwrap();
    let path = back_up(&store, folder.path(), "a").await;
    store.put_fact("since", "1").await.unwrap();
    store.close().await;
    drop(store);
    let words = put(&path, &db.url, false).await.unwrap_err();
    assert!(words.contains("not empty") && words.contains("kv") && words.contains("--force"), "{words}");
    let store = db.store().await;
    assert_eq!(store.fact("since").await.unwrap().as_deref(), Some("1"), "nothing was changed");
    store.close().await;
    drop(store);
    put(&path, &db.url, true).await.unwrap();
    let store = db.store().await;
    assert_eq!(store.fact("then").await.unwrap().as_deref(), Some("1"));
    assert_eq!(store.fact("since").await.unwrap(), None);
    store.close().await;
}

async fn a_damaged_file_is_refused_and_nothing_is_changed(db: &Database) {
    let folder = tempfile::tempdir().unwrap();
    let store = db.store().await;
    fill(&store).await;
    let path = back_up(&store, folder.path(), "a").await;
    let whole = std::fs::read_to_string(&path).unwrap();
    let newer = whole.replacen("\"steps\":[1,", "\"steps\":[1,9999,", 1);
    let cases = [
        (String::new(), "no backup"),
        ("a letter\n".to_owned(), "no backup"),
        (whole.lines().take(40).collect::<Vec<_>>().join("\n") + "\n", "its end is missing"),
        (whole.replace("Grüße", "Grüsse"), "its hash"),
        (whole.clone() + "[]\n", "behind its end"),
        (whole.replacen("paper", "other", 1), "another program"),
        (newer, "newer version"),
        (whole.replacen("\"bridge_backup\":1", "\"bridge_backup\":3", 1), "newer version"),
    ];
    let before = number(&store, "SELECT COUNT(*) FROM job").await;
    for (text, said) in cases {
        std::fs::write(&path, text).unwrap();
        let words = Backup::look(&path, PROGRAM, &[]).unwrap_err().0;
        assert!(words.contains(said), "{said}: {words}");
    }
    assert_eq!(number(&store, "SELECT COUNT(*) FROM job").await, before);
    store.close().await;
}

async fn a_backup_is_of_one_moment(db: &Database) {
    let folder = tempfile::tempdir().unwrap();
    let store = db.store().await;
    // The two facts always agree: whoever writes changes both at once.
    let write = |value: u32| {
        let store = store.clone();
        async move {
            let mut tx = store.begin().await.unwrap();
            crate::store::kv::put(&mut tx, "a", &value.to_string()).await.unwrap();
            sql_put_job(&mut tx, value).await;
            tx.commit().await.unwrap();
        }
    };
    write(0).await;
    let beside = Store::open_beside(&db.url, Clock::system()).await.unwrap();
    let writing = async {
        for value in 1..200 {
            write(value).await;
        }
    };
    let reading = async {
        let mut paths = Vec::new();
        for round in 0..10 {
            paths.push(back_up(&beside, folder.path(), &round.to_string()).await);
        }
        paths
    };
    let ((), paths) = tokio::join!(writing, reading);
    for path in paths {
        let text = std::fs::read_to_string(path).unwrap();
        let jobs = text.lines().filter(|line| line.starts_with('[') && line.contains("\"lane\"")).count();
        let fact = text.lines().find(|line| line.starts_with("[\"a\"")).unwrap();
        assert_eq!(fact, format!("[\"a\",\"{}\"]", jobs - 1));
    }
    beside.close().await;
    store.close().await;
}

async fn sql_put_job(tx: &mut crate::store::Tx, id: u32) {
    let new = Job { lane: Lane::stored("lane"), ..job(i64::from(id) + 1) };
    queue::insert_jobs(tx, &[new]).await.unwrap();
}

async fn an_older_backup_is_brought_up_to_date(db: &Database) {
    let folder = tempfile::tempdir().unwrap();
    let store = db.store().await;
    sql(
        &store,
        "INSERT INTO dead_letter (id, lane, source, login_id, dedup, payload, accepted_at, cause, attempts, parked_at) \
         VALUES (3, 'a', 'remote', '', 'd', 'p', 1, 'c', 4, 2)",
    )
    .await;
    let path = back_up(&store, folder.path(), "a").await;
    store.close().await;
    drop(store);
    // As the version before the columns of retries wrote it.
    let mut bytes = Vec::new();
    let mut out = super::Writer::new(&mut bytes);
    for line in std::fs::read_to_string(&path).unwrap().lines() {
        let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
        if value.get("bridge_backup").is_some() {
            value["steps"] = serde_json::json!([1, 2, 3, 5]);
            out.line(&value).unwrap();
        } else if value["table"] == "dead_letter" {
            let columns = value["columns"].as_array_mut().unwrap();
            assert_eq!(columns[10][0], "class");
            columns.truncate(10);
            out.line(&value).unwrap();
        } else if value[0] == 3 {
            out.row(value.as_array().unwrap()[..10].to_vec()).unwrap();
        } else if NEWER.iter().any(|table| value["table"] == *table) {
            // That version had none.
        } else if value.get("table").is_some() || value.get("file").is_some() {
            // All other tables are empty.
            out.line(&value).unwrap();
        }
    }
    out.end().unwrap();
    let old = folder.path().join("old");
    std::fs::write(&old, bytes).unwrap();
    put(&old, &db.url, true).await.unwrap();
    let store = db.store().await;
    let row = store.dead_letters(1).await.unwrap().remove(0);
    assert_eq!((row.id, row.attempts, row.class.as_str()), (3, 5, "parked"), "the steps since were taken");
    store.close().await;
}
