//! The tables, on each engine.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use bridge_core::clock::Clock;
use bridge_core::secret::Secret;
use bridge_core::store::Store;
use bridge_core::store::seal::Seal;
use testkit::Postgres;

use super::account::{self, AccountRow};
use super::instance::{self, InstanceRow};
use super::kept::{self, KeptRow};
use super::outside::{self, Advance};
use super::service_action::{self, ActionRow};
use super::timer::{self, TimerRow};
use super::{TABLES, kv, member};

/// Mounts tests (`async fn name(store: Store)`) on both engines.
macro_rules! each_engine {
    ($($name:ident)*) => { $(
        mod $name {
            #[tokio::test]
            async fn sqlite() {
                super::$name(super::opened("sqlite::memory:").await).await;
            }

            #[tokio::test]
            async fn postgres() {
                let Some(url) = super::server() else { return };
                super::$name(super::opened(&url).await).await;
            }
        }
    )* };
}

each_engine! {
    accounts_are_replaced_and_removed
    an_instance_goes_with_all_it_kept
    values_are_found_by_the_beginning_of_their_names
    a_timer_is_due_once_until_it_is_set_anew
    what_is_kept_is_bounded_and_comes_in_order
    a_token_is_sealed_and_whoever_was_overtaken_changes_nothing
    members_are_noted
    actions_on_services_are_recorded_and_bounded
    the_tables_are_made_once_and_go_into_a_backup
}

pub(crate) async fn opened(url: &str) -> Store {
    let store = Store::open_unchanged(url, Seal::none(), Clock::manual(1_000)).await.unwrap();
    let store = store.with_components(TABLES);
    store.bring_up_to_date().await.unwrap();
    store
}

#[allow(clippy::disallowed_methods, reason = "the test's command line is its environment")]
fn server() -> Option<String> {
    if std::env::var_os(testkit::postgres::SHARED_URL).is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI has to name a server");
        println!("skipped: no PostgreSQL (`cargo xtask postgres -- cargo test` starts one)");
        return None;
    }
    Some(Postgres::start().unwrap().fresh_database().unwrap())
}

fn instance_row(name: &str) -> InstanceRow {
    InstanceRow {
        instance_id: name.to_owned(),
        plugin: "hello".to_owned(),
        user_id: "@bots_a:hs.test".to_owned(),
        enabled: true,
        config: "greeting: \"Hé\"\n".to_owned(),
        declared: false,
    }
}

fn timer_row(instance: &str, name: &str, due_at: i64) -> TimerRow {
    let [instance_id, name, room_id, payload] = [instance, name, "!r:hs.test", "{}"].map(str::to_owned);
    TimerRow { instance_id, name, room_id, due_at, payload }
}

async fn put_instance(store: &Store, row: &InstanceRow) {
    let mut tx = store.begin().await.unwrap();
    instance::put(&mut tx, row).await.unwrap();
    tx.commit().await.unwrap();
}

async fn accounts_are_replaced_and_removed(store: Store) {
    let row = AccountRow {
        user_id: "@bots_a:hs.test".to_owned(),
        name: String::new(),
        homeserver: String::new(),
        displayname: "A".to_owned(),
        avatar_url: String::new(),
        autojoin: true,
        declared: false,
    };
    let changed = AccountRow { displayname: "Ä".to_owned(), autojoin: false, declared: true, ..row.clone() };
    let mut tx = store.begin().await.unwrap();
    account::put(&mut tx, &row).await.unwrap();
    account::put(&mut tx, &changed).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(account::all(&store).await.unwrap(), std::slice::from_ref(&changed));
    let mut tx = store.begin().await.unwrap();
    account::remove(&mut tx, &row.user_id).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(account::all(&store).await.unwrap(), []);
}

async fn a_token_is_sealed_and_whoever_was_overtaken_changes_nothing(store: Store) {
    let id = "@a:other.test";
    let row = AccountRow {
        user_id: id.to_owned(),
        name: "a".to_owned(),
        homeserver: "https://other.test".to_owned(),
        displayname: String::new(),
        avatar_url: String::new(),
        autojoin: true,
        declared: false,
    };
    let mut tx = store.begin().await.unwrap();
    account::put(&mut tx, &row).await.unwrap();
    outside::put_token(&store, &mut tx, id, &Secret::new("syt_secret")).await.unwrap();
    tx.commit().await.unwrap();
    let step = |from, to, joined, left| Advance { from, to, joined, left };
    outside::advance(&store, id, &step("", "s1", vec!["!a", "!b"], vec![])).await.unwrap();
    outside::advance(&store, id, &step("", "s0", vec!["!c"], vec!["!a"])).await.unwrap();
    outside::advance(&store, id, &step("s1", "s2", vec![], vec!["!b"])).await.unwrap();
    assert_eq!(outside::since(&store, id).await.unwrap(), "s2");
    assert_eq!(member::of_user(&store, id).await.unwrap(), ["!a"]);
    // A change of the account leaves both.
    let mut tx = store.begin().await.unwrap();
    account::put(&mut tx, &AccountRow { autojoin: false, ..row }).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(outside::token(&store, id).await.unwrap(), Some(Secret::new("syt_secret")));
    assert_eq!(outside::since(&store, id).await.unwrap(), "s2");
    assert_eq!(outside::token(&store, "@nobody:other.test").await.unwrap(), None);
}

async fn an_instance_goes_with_all_it_kept(store: Store) {
    for name in ["gone", "stays"] {
        put_instance(&store, &instance_row(name)).await;
        kv::put(&store, name, "a", Some("1")).await.unwrap();
        timer::put(&store, &timer_row(name, "t", 5)).await.unwrap();
        let kept = KeptRow { dedup: "d".into(), room_id: "!r".into(), order_id: 1, payload: "{}".into() };
        kept::put(&store, name, &kept).await.unwrap();
    }
    let changed = InstanceRow { config: "{}".to_owned(), enabled: false, ..instance_row("stays") };
    put_instance(&store, &changed).await;
    let mut tx = store.begin().await.unwrap();
    instance::remove(&mut tx, "gone").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(instance::all(&store).await.unwrap(), [changed]);
    for (name, count) in [("gone", 0), ("stays", 1)] {
        assert_eq!(kv::list(&store, name, "").await.unwrap().len(), count);
        assert_eq!(timer::of_instance(&store, name).await.unwrap().len(), count);
        assert_eq!(kept::next(&store, name, 9).await.unwrap().len(), count);
    }
}

async fn values_are_found_by_the_beginning_of_their_names(store: Store) {
    for (name, value) in [("b/2", "x"), ("B/1", "y"), ("b/10", "z"), ("c", "w"), ("b%", "v")] {
        kv::put(&store, "one", name, Some(value)).await.unwrap();
    }
    kv::put(&store, "other", "b/3", Some("not this one's")).await.unwrap();
    kv::put(&store, "one", "b/2", Some("changed")).await.unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let found = kv::list(&store, "one", "b/").await.unwrap();
    assert_eq!(found, [pair("b/10", "z"), pair("b/2", "changed")]);
    assert_eq!(kv::find(&store, "one", "c").await.unwrap().as_deref(), Some("w"));
    kv::put(&store, "one", "c", None).await.unwrap();
    assert_eq!(kv::find(&store, "one", "c").await.unwrap(), None);
}

async fn a_timer_is_due_once_until_it_is_set_anew(store: Store) {
    for row in [timer_row("a", "late", 30), timer_row("a", "soon", 10), timer_row("b", "soon", 20)] {
        timer::put(&store, &row).await.unwrap();
    }
    assert_eq!(timer::next_due(&store).await.unwrap(), Some(10));
    let due = timer::due(&store, 20, 9).await.unwrap();
    assert_eq!(due, [timer_row("a", "soon", 10), timer_row("b", "soon", 20)]);
    timer::note_fired(&store, &due).await.unwrap();
    assert_eq!(timer::next_due(&store).await.unwrap(), Some(30));
    // The same once more is what a repeat of the asking event does.
    timer::put(&store, &timer_row("a", "soon", 10)).await.unwrap();
    assert_eq!(timer::due(&store, 20, 9).await.unwrap(), []);
    timer::put(&store, &timer_row("a", "soon", 15)).await.unwrap();
    assert_eq!(timer::due(&store, 20, 9).await.unwrap(), [timer_row("a", "soon", 15)]);
    // That the earlier one was fired says nothing of this one.
    timer::note_fired(&store, &[timer_row("a", "soon", 10)]).await.unwrap();
    assert_eq!(timer::due(&store, 20, 9).await.unwrap().len(), 1);
    assert!(timer::remove(&store, "a", "soon").await.unwrap());
    assert!(!timer::remove(&store, "a", "soon").await.unwrap());
    assert_eq!(timer::find(&store, "b", "soon").await.unwrap(), Some(timer_row("b", "soon", 20)));
    assert_eq!(timer::of_instance(&store, "a").await.unwrap(), [timer_row("a", "late", 30)]);
}

async fn what_is_kept_is_bounded_and_comes_in_order(store: Store) {
    let row = |n: i64| KeptRow {
        dedup: format!("d{n}"),
        room_id: "!r:hs.test".to_owned(),
        order_id: n,
        payload: "{}".to_owned(),
    };
    for n in [3, 1, 2, 2] {
        assert_eq!(kept::put(&store, "a", &row(n)).await.unwrap(), 0);
    }
    assert_eq!(kept::next(&store, "a", 2).await.unwrap(), [row(1), row(2)]);
    kept::remove(&store, "a", 2).await.unwrap();
    assert_eq!(kept::next(&store, "a", 9).await.unwrap(), [row(3)]);
    let mut gone = 0;
    for n in 4..=kept::MOST + 5 {
        gone += kept::put(&store, "a", &row(n)).await.unwrap();
    }
    assert_eq!(gone, 3);
    let left = kept::next(&store, "a", i64::MAX).await.unwrap();
    assert_eq!((left.len(), left[0].order_id), (usize::try_from(kept::MOST).unwrap(), 6));
}

async fn members_are_noted(store: Store) {
    member::note(&store, "!a", "@one", true).await.unwrap();
    member::note(&store, "!a", "@one", true).await.unwrap();
    member::note(&store, "!a", "@two", true).await.unwrap();
    assert_eq!(member::of_room(&store, "!a").await.unwrap(), ["@one", "@two"]);
    member::note(&store, "!a", "@two", false).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    member::replace(&mut tx, "@one", &["!b".to_owned(), "!c".to_owned()]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(member::of_room(&store, "!a").await.unwrap(), Vec::<String>::new());
    assert_eq!(member::of_user(&store, "@one").await.unwrap(), ["!b", "!c"]);
}

async fn actions_on_services_are_recorded_and_bounded(store: Store) {
    let row = |service: &str, started_at| ActionRow {
        service: service.to_owned(),
        action: "update".to_owned(),
        who: "ann".to_owned(),
        command: "[\"a\"]".to_owned(),
        started_at,
        ..ActionRow::default()
    };
    for (service, expected) in [("a", 1), ("b", 2), ("a", 3)] {
        assert_eq!(service_action::begin(&store, &row(service, expected)).await.unwrap(), expected);
    }
    let done = ActionRow {
        action_id: 1,
        ended_at: Some(9),
        outcome: Some("failed".to_owned()),
        exit_code: Some(3),
        error: Some("It ended.".to_owned()),
        tail: "the end".to_owned(),
        ..row("a", 1)
    };
    service_action::end(&store, &done).await.unwrap();
    assert_eq!(service_action::find(&store, 1).await.unwrap(), Some(done.clone()));
    assert_eq!(service_action::cut_off(&store, 10, "cut_off", "It was.").await.unwrap(), 2);
    assert_eq!(service_action::cut_off(&store, 11, "cut_off", "It was.").await.unwrap(), 0);
    let of_a = service_action::recent(&store, "a", 9).await.unwrap();
    assert_eq!((of_a.len(), of_a[0].ended_at, &of_a[1]), (2, Some(10), &done));
    for n in 4..=service_action::MOST + 5 {
        assert_eq!(service_action::begin(&store, &row("c", n)).await.unwrap(), n);
    }
    let all = service_action::recent(&store, "", i64::MAX).await.unwrap();
    assert_eq!((all.len(), all[999].action_id), (1_000, 6));
    assert_eq!(service_action::find(&store, 5).await.unwrap(), None);
}

async fn the_tables_are_made_once_and_go_into_a_backup(store: Store) {
    put_instance(&store, &instance_row("a")).await;
    assert!(!store.lags_behind().await.unwrap());
    store.bring_up_to_date().await.unwrap();
    let mut written = Vec::new();
    store.back_up("bots", &[], &mut written).await.unwrap();
    let text = String::from_utf8(written).unwrap();
    assert!(text.contains("bot_instance") && text.contains("Hé"), "{text}");
    let folder =
        std::env::temp_dir().join(format!("bots-backup-{}-{:p}", std::process::id(), &raw const store));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("a.backup");
    std::fs::write(&file, &text).unwrap();
    let backup = bridge_core::store::backup::Backup::look(&file, "bots", TABLES).unwrap();
    let stranger = bridge_core::store::backup::Backup::look(&file, "bots", &[]).unwrap_err();
    assert!(stranger.0.contains("not known here"), "{stranger}");
    let url = format!("sqlite:{}", folder.join("restored.db").display());
    bridge_core::store::backup::restore(&file, &backup, &url, false).await.unwrap();
    let restored = opened(&url).await;
    assert_eq!(instance::all(&restored).await.unwrap(), [instance_row("a")]);
    restored.close().await;
    std::fs::remove_dir_all(&folder).unwrap();
}
