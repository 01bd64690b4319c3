//! Each table: put, find, replace.

use std::time::Duration;

use super::engine::{Database, each_engine, number};
use crate::clock::Clock;
use crate::event::{ChatInfo, ChatKind, UserInfo};
use crate::id::{ChatId, ChatKey, DedupKey, LoginId, PartId, RemoteMessageId, RemoteUserId};
use crate::secret::Secret;
use crate::store::dead_letter::{Class, GivenUp};
use crate::store::ghost::GhostRow;
use crate::store::job::{Job, Lane, NewJob, Source};
use crate::store::login::LoginRow;
use crate::store::message::MessageRow;
use crate::store::portal::PortalRow;
use crate::store::{dead_letter, message, queue};

each_engine! {
    dead_letters facts ghosts jobs logins management_rooms many_rows_at_once member_syncs memos message_pairs portals
    people_of_portals seen status_ends
}

fn shared(chat_id: &str) -> ChatKey {
    ChatKey::shared(ChatId::new(chat_id))
}

fn pair(message_id: &str, part: usize, event_id: &str) -> MessageRow {
    MessageRow {
        message_id: RemoteMessageId::new(message_id),
        part_id: PartId::numbered(part),
        event_id: event_id.to_owned(),
        chat: ChatKey { chat_id: ChatId::new("C1"), receiver: Some(LoginId::new("L1")) },
        sender: "@a:hs.test".to_owned(),
        sent_at: 17,
        thread_root: None,
    }
}

fn job(id: i64, lane: &str) -> Job {
    Job {
        id,
        lane: Lane::stored(lane),
        source: Source::Matrix,
        login_id: (id % 2 == 0).then(|| LoginId::new("L1")),
        dedup: DedupKey::new(format!("d{id}")),
        payload: "{\"text\":\"Grüße 👋\"}".to_owned(),
        accepted_at: id * 10,
        attempts: 0,
        maybe_sent: false,
        letter_id: None,
    }
}

fn new_job(source: Source, dedup: &str) -> NewJob {
    NewJob {
        lane: Lane::stored("a"),
        source,
        login_id: None,
        dedup: DedupKey::new(dedup),
        payload: String::new(),
    }
}

async fn memos(db: &Database) {
    let clock = Clock::manual(1_000);
    let store = db.store_at(clock.clone()).await;
    let (one, other) = (LoginId::new("L1"), LoginId::new("L2"));
    assert_eq!(store.memo(&one, "a").await.unwrap(), None);
    for value in ["old", "new"] {
        store.put_memo(&one, "a", Some(value)).await.unwrap();
    }
    assert_eq!(store.memo(&one, "a").await.unwrap().as_deref(), Some("new"));
    assert_eq!(store.memo(&other, "a").await.unwrap(), None, "each login has its own");
    store.put_memo(&one, "a", None).await.unwrap();
    assert_eq!(store.memo(&one, "a").await.unwrap(), None);
    store.put_memos(&one, &[("a", Some("at once")), ("b", Some("kept"))]).await.unwrap();
    assert_eq!(store.memo(&one, "a").await.unwrap().as_deref(), Some("at once"));
    for days in [29, 2] {
        assert_eq!(store.memo(&one, "b").await.unwrap().as_deref(), Some("kept"));
        clock.advance(Duration::from_hours(24 * days));
        store.put_memo(&other, "c", Some("")).await.unwrap();
    }
    assert_eq!(store.memo(&one, "b").await.unwrap(), None, "thirty days are over");
}

async fn facts(db: &Database) {
    let store = db.store().await;
    assert_eq!(store.fact("a").await.unwrap(), None);
    store.put_fact("a", "1").await.unwrap();
    store.put_fact("a", "2").await.unwrap();
    store.put_fact("b", "3").await.unwrap();
    assert_eq!(store.fact("a").await.unwrap().as_deref(), Some("2"));
    assert_eq!(store.fact("b").await.unwrap().as_deref(), Some("3"));
}

async fn ghosts(db: &Database) {
    let store = db.store().await;
    let user_id = RemoteUserId::new("U1");
    assert_eq!(store.ghost(&user_id).await.unwrap(), None);
    let mut row = GhostRow { fetched_at: 5, ..GhostRow::new(user_id.clone()) };
    store.put_ghost(&row).await.unwrap();
    assert_eq!(store.ghost(&user_id).await.unwrap().as_ref(), Some(&row));
    row.name = Some("Ann \u{1f600}".to_owned());
    row.avatar_url = Some("https://a.test/1".to_owned());
    row.avatar_mxc = Some("mxc://hs.test/1".to_owned());
    row.fetched_at = i64::MAX;
    row.info = Some(UserInfo {
        title: Some("Chief \"ü\"".to_owned()),
        is_deactivated: true,
        ..UserInfo::named("Ann")
    });
    row.fields.insert("m.tz".to_owned(), "Europe/Berlin".into());
    row.status_until = Some(7);
    store.put_ghost(&row).await.unwrap();
    assert_eq!(store.ghost(&user_id).await.unwrap().as_ref(), Some(&row));
    // A character that PostgreSQL keeps nowhere.
    row.name = Some("A\0nn".to_owned());
    row.info = Some(UserInfo::named("A\0nn"));
    row.fields.insert("odd\0".to_owned(), serde_json::json!({ "list": ["\0"] }));
    store.put_ghost(&row).await.unwrap();
    let kept = store.ghost(&user_id).await.unwrap().unwrap();
    assert_eq!(kept.info, Some(UserInfo::named("A\u{fffd}nn")));
    assert_eq!(kept.fields["odd\u{fffd}"]["list"][0], "\u{fffd}");
    assert_eq!(store.ghost(&RemoteUserId::new("U2")).await.unwrap(), None);
}

async fn status_ends(db: &Database) {
    let store = db.store().await;
    assert_eq!(store.next_status_end().await.unwrap(), None);
    for (user_id, status_until) in [("U1", Some(9)), ("U2", Some(3)), ("U3", None)] {
        let row = GhostRow { status_until, ..GhostRow::new(RemoteUserId::new(user_id)) };
        store.put_ghost(&row).await.unwrap();
    }
    assert_eq!(store.next_status_end().await.unwrap(), Some((RemoteUserId::new("U2"), 3)));
    store.put_ghost(&GhostRow::new(RemoteUserId::new("U2"))).await.unwrap();
    assert_eq!(store.next_status_end().await.unwrap(), Some((RemoteUserId::new("U1"), 9)));
}

async fn member_syncs(db: &Database) {
    let store = db.store().await;
    let own = ChatKey { chat_id: ChatId::new("C2"), receiver: Some(LoginId::new("L1")) };
    store.put_member_sync(&shared("C1"), &LoginId::new("L1")).await.unwrap();
    store.put_member_sync(&shared("C1"), &LoginId::new("L2")).await.unwrap();
    store.put_member_sync(&own, &LoginId::new("L1")).await.unwrap();
    let all = [(shared("C1"), LoginId::new("L2")), (own.clone(), LoginId::new("L1"))];
    assert_eq!(store.member_syncs().await.unwrap(), all);
    store.forget_member_sync(&shared("C1")).await.unwrap();
    store.forget_member_sync(&shared("C1")).await.unwrap();
    assert_eq!(store.member_syncs().await.unwrap(), [(own, LoginId::new("L1"))]);
}

async fn logins(db: &Database) {
    let store = db.store().await;
    let row = |login_id: &str, name: &str, created_at| LoginRow {
        login_id: LoginId::new(login_id),
        owner: "@a:hs.test".to_owned(),
        name: name.to_owned(),
        own_user_id: RemoteUserId::new("U1"),
        personal: true,
        credentials: Secret::new("{}"),
        created_at,
    };
    store.put_login(&row("B", "second", 2)).await.unwrap();
    store.put_login(&row("A", "first", 1)).await.unwrap();
    store.put_login(&row("B", "renamed", 9)).await.unwrap();
    let rows = store.logins().await.unwrap();
    let names: Vec<_> =
        rows.iter().flat_map(|(_, row)| row).map(|row| (row.name.as_str(), row.created_at)).collect();
    assert_eq!(names, [("first", 1), ("renamed", 2)], "a replaced login keeps its age");
    let heads = store.login_heads().await.unwrap();
    assert_eq!(heads.iter().map(|head| head.login_id.as_str()).collect::<Vec<_>>(), ["A", "B"]);
    store.forget_login(&LoginId::new("A")).await.unwrap();
    store.forget_login(&LoginId::new("A")).await.unwrap();
    assert_eq!(store.logins().await.unwrap().len(), 1);
}

async fn management_rooms(db: &Database) {
    let store = db.store().await;
    assert_eq!(store.management_room_of("@a:hs.test").await.unwrap(), None);
    store.put_management_room("!1:hs.test", "@a:hs.test").await.unwrap();
    assert_eq!(store.management_room_owner("!1:hs.test").await.unwrap().as_deref(), Some("@a:hs.test"));
    assert_eq!(store.management_room_of("@a:hs.test").await.unwrap().as_deref(), Some("!1:hs.test"));
    store.put_management_room("!1:hs.test", "@b:hs.test").await.unwrap();
    assert_eq!(store.management_room_owner("!1:hs.test").await.unwrap().as_deref(), Some("@b:hs.test"));
    assert_eq!(store.management_room_of("@a:hs.test").await.unwrap(), None);
    store.forget_management_room("!1:hs.test").await.unwrap();
    assert_eq!(store.management_room_owner("!1:hs.test").await.unwrap(), None);
}

async fn portals(db: &Database) {
    let store = db.store().await;
    let mut info = ChatInfo::new(shared("C1"), ChatKind::Channel);
    info.name = Some("general \"quoted\" ü".to_owned());
    info.topic = Some(String::new());
    info.peer = Some(RemoteUserId::new("U1"));
    info.archived = true;
    let mut row = PortalRow {
        chat: shared("C1"),
        room_id: None,
        login_id: LoginId::new("L1"),
        info,
        avatar_mxc: None,
        created_at: 3,
    };
    store.put_portal(&row).await.unwrap();
    assert_eq!(store.portal(&row.chat).await.unwrap().as_ref(), Some(&row));
    assert_eq!(store.count_portals().await.unwrap(), 0, "a chat without a room is no portal");
    row.room_id = Some("!1:hs.test".to_owned());
    row.avatar_mxc = Some("mxc://hs.test/1".to_owned());
    row.info.name = None;
    // A character that PostgreSQL keeps nowhere.
    row.info.topic = Some("a\0b".to_owned());
    store.put_portal(&row).await.unwrap();
    row.info.topic = Some("a\u{fffd}b".to_owned());
    assert_eq!(store.portal_of_room("!1:hs.test").await.unwrap().as_ref(), Some(&row));
    let again = PortalRow { room_id: None, ..row.clone() };
    store.note_portal(&again).await.unwrap();
    assert_eq!(store.portal(&row.chat).await.unwrap().as_ref(), Some(&row), "noted again, it lost its room");
    assert_eq!(store.portal_of_room("!2:hs.test").await.unwrap(), None);
    assert_eq!(store.count_portals().await.unwrap(), 1);

    // The same chat as one login sees it is another row, and several chats may be without a room.
    let mut other = row.clone();
    other.chat.receiver = Some(LoginId::new("L1"));
    other.room_id = None;
    other.created_at = 1;
    store.put_portal(&other).await.unwrap();
    assert_eq!(store.portal(&other.chat).await.unwrap().as_ref(), Some(&other));
    let mut third = other.clone();
    third.chat = shared("C3");
    third.login_id = LoginId::new("L2");
    store.put_portal(&third).await.unwrap();
    assert_eq!(store.chats_with_rooms(&LoginId::new("L1")).await.unwrap(), std::slice::from_ref(&row.chat));

    // One room cannot show two chats.
    third.room_id = row.room_id;
    assert!(store.put_portal(&third).await.is_err());
    assert_eq!(store.portal(&third.chat).await.unwrap().unwrap().room_id, None);
}

async fn people_of_portals(db: &Database) {
    let store = db.store().await;
    let of = async |user: &str| -> Vec<String> {
        let rows = store.portals_with(&RemoteUserId::new(user)).await.unwrap();
        rows.into_iter().map(|row| row.chat.to_string()).collect()
    };
    let mut row = PortalRow {
        chat: shared("D1"),
        room_id: None,
        login_id: LoginId::new("L1"),
        info: ChatInfo::new(shared("D1"), ChatKind::Group),
        avatar_mxc: None,
        created_at: 3,
    };
    row.info.peers = ["U1", "U2"].map(RemoteUserId::new).into();
    store.put_portal(&row).await.unwrap();
    assert!(of("U1").await.is_empty(), "there is no room to be renamed");
    row.room_id = Some("!1:hs.test".to_owned());
    store.put_portal(&row).await.unwrap();
    store.put_portal(&row).await.unwrap();
    assert_eq!((of("U1").await, of("U2").await), (vec!["D1".to_owned()], vec!["D1".to_owned()]));
    row.info.peers.truncate(1);
    store.put_portal(&row).await.unwrap();
    assert!(of("U2").await.is_empty());
    // A chat that is known already keeps its people.
    let noted = PortalRow { info: ChatInfo::new(shared("D1"), ChatKind::Group), ..row.clone() };
    store.note_portal(&noted).await.unwrap();
    assert_eq!(of("U1").await, ["D1"]);
    let info = ChatInfo { key: shared("D2"), ..row.info.clone() };
    assert!(store.move_portal(&row.chat, &shared("D2"), &info).await.unwrap());
    assert_eq!(of("U1").await, ["D2"]);
    assert_eq!(store.portal(&shared("D2")).await.unwrap().unwrap().info.key, shared("D2"));
}

async fn message_pairs(db: &Database) {
    let store = db.store().await;
    let message_id = RemoteMessageId::new("M1");
    assert_eq!(store.message_pairs(&message_id).await.unwrap(), []);
    let rows = [pair("M1", 1, "$2"), pair("M1", 0, "$1"), pair("M2", 0, "$1")];
    let mut tx = store.begin().await.unwrap();
    message::insert(&mut tx, &rows.iter().collect::<Vec<_>>()).await.unwrap();
    // A repeated effect changes nothing.
    message::insert(&mut tx, &[&pair("M1", 0, "$other")]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.message_pairs(&message_id).await.unwrap(), [rows[1].clone(), rows[0].clone()]);
    assert_eq!(store.event_pairs("$1").await.unwrap(), [rows[1].clone(), rows[2].clone()]);
    assert_eq!(store.event_pairs("$other").await.unwrap(), []);

    // A part on its way stands beside those that are stored.
    store.recent().add(pair("M1", 2, "$3"));
    store.recent().add(pair("M1", 3, "$4"));
    let events = async || -> Vec<String> {
        store.message_pairs(&message_id).await.unwrap().into_iter().map(|row| row.event_id).collect()
    };
    assert_eq!(events().await, ["$1", "$2", "$3", "$4"]);
    assert_eq!(store.event_pairs("$3").await.unwrap(), [pair("M1", 2, "$3")]);
    // The commit of one part does not take another from sight.
    store.recent().forget(&pair("M1", 2, "$3"));
    assert_eq!(events().await, ["$1", "$2", "$4"]);
}

async fn jobs(db: &Database) {
    let store = db.store().await;
    let mut tx = store.begin().await.unwrap();
    assert_eq!(queue::newest_id(&mut tx).await.unwrap(), 0);
    assert_eq!(queue::backlog(&mut tx).await.unwrap(), (0, None));
    let stored: Vec<Job> = (1..=6).map(|id| job(id, if id == 4 { "b" } else { "a" })).collect();
    queue::insert_jobs(&mut tx, &stored).await.unwrap();
    let next = queue::next_jobs(&mut tx, &Lane::stored("a"), 1, 5, 10).await.unwrap();
    assert_eq!(next.iter().map(|job| job.id).collect::<Vec<_>>(), [2, 3, 5]);
    assert_eq!(format!("{:?}", next[0]), format!("{:?}", stored[1]), "a job comes back as it was stored");
    assert_eq!(next[1].login_id, None);
    assert_eq!(queue::next_jobs(&mut tx, &Lane::stored("a"), 0, 9, 2).await.unwrap().len(), 2);
    let mut lanes = queue::lanes(&mut tx).await.unwrap();
    lanes.sort();
    assert_eq!(lanes, [Lane::stored("a"), Lane::stored("b")]);
    assert_eq!(queue::newest_id(&mut tx).await.unwrap(), 6);
    assert_eq!(queue::backlog(&mut tx).await.unwrap(), (6, Some(10)));
    queue::delete_jobs(&mut tx, &[1, 2, 3, 4, 99]).await.unwrap();
    let left = queue::jobs_behind(&mut tx, 0).await.unwrap();
    assert_eq!(left.iter().map(|job| job.id).collect::<Vec<_>>(), [5, 6]);
    assert_eq!(queue::lanes(&mut tx).await.unwrap(), [Lane::stored("a")]);
    tx.commit().await.unwrap();
}

async fn many_rows_at_once(db: &Database) {
    let store = db.store().await;
    // One statement of 64 rows, then of 8, then of one.
    for count in [73_i64, 137] {
        let stored: Vec<Job> = (1..=count).map(|id| job(id, "a")).collect();
        let ids: Vec<i64> = stored.iter().map(|job| job.id).collect();
        let pairs: Vec<MessageRow> = ids.iter().map(|id| pair(&format!("{count}-{id}"), 0, "$1")).collect();
        let mut tx = store.begin().await.unwrap();
        queue::insert_jobs(&mut tx, &stored).await.unwrap();
        message::insert(&mut tx, &pairs.iter().collect::<Vec<_>>()).await.unwrap();
        assert_eq!(queue::backlog(&mut tx).await.unwrap().0, count);
        queue::delete_jobs(&mut tx, &ids).await.unwrap();
        assert_eq!(queue::backlog(&mut tx).await.unwrap().0, 0);
        tx.commit().await.unwrap();
    }
    assert_eq!(number(&store, "SELECT COUNT(*) FROM message").await, 73 + 137);
}

async fn seen(db: &Database) {
    let store = db.store().await;
    let (a, b) = (new_job(Source::Remote, "a"), new_job(Source::Remote, "b"));
    let other_source = new_job(Source::Matrix, "a");
    let mut tx = store.begin().await.unwrap();
    let fresh = queue::insert_seen(&mut tx, &[&a, &a, &other_source], 100).await.unwrap();
    assert_eq!(fresh.len(), 2, "one id from two sources is two events");
    let fresh = queue::insert_seen(&mut tx, &[&a, &b], 200).await.unwrap();
    assert_eq!(fresh.into_iter().collect::<Vec<_>>(), [("remote".to_owned(), "b".to_owned())]);
    queue::forget_seen(&mut tx, 200).await.unwrap();
    let fresh = queue::insert_seen(&mut tx, &[&a, &b], 300).await.unwrap();
    assert_eq!(fresh.into_iter().collect::<Vec<_>>(), [("remote".to_owned(), "a".to_owned())]);
    tx.commit().await.unwrap();
}

fn given_up(job: Job, cause: &str) -> GivenUp {
    GivenUp { job, class: Class::Parked, cause: cause.to_owned(), notice: None }
}

async fn dead_letters(db: &Database) {
    let store = db.store().await;
    let mut tx = store.begin().await.unwrap();
    for id in [3, 1, 2] {
        let given_up = given_up(Job { attempts: 4, ..job(id, "a") }, "why\0not");
        dead_letter::keep(&mut tx, &given_up, 50).await.unwrap();
    }
    dead_letter::keep(&mut tx, &given_up(job(1, "a"), "again"), 60).await.unwrap();
    assert_eq!(queue::newest_id(&mut tx).await.unwrap(), 3, "a parked job's id is not given again");
    tx.commit().await.unwrap();
    assert_eq!(store.count_dead_letters().await.unwrap().all, 3);
    let rows = store.dead_letters(2).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [1, 2]);
    let row = &rows[0];
    assert_eq!((row.lane.as_str(), row.source.as_str()), ("a", "matrix"));
    assert_eq!((row.attempts, row.accepted_at, row.parked_at), (5, 10, 50));
    assert_eq!(row.cause, "why\u{fffd}not");
    assert_eq!(number(&store, "SELECT COUNT(*) FROM dead_letter WHERE payload LIKE '%Grüße%'").await, 3);
}
