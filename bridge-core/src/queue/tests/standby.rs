//! Several processes on one database: all accept, one works, and the one whose turn is over writes nothing more.

use std::future::{pending, ready};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use super::probe::{Probe, deliver, event, pair, texts, until_empty};
use crate::clock::Clock;
use crate::event::{ChatInfo, ChatKind, Scope};
use crate::id::{ChatId, ChatKey, LoginId};
use crate::queue::hand_in::hand_in;
use crate::queue::{Closing, Delivered, Delivery, Inbox, Lane, NewJob, Queue};
use crate::store::lease::Role;
use crate::store::portal::PortalRow;
use crate::store::seal::Seal;
use crate::store::tests::engine::{Database, Engine, PATIENCE, number, run, sql, sql_in, until};
use crate::store::{Store, Tx};
use crate::task;

/// A process on the database.
struct Worker {
    store: Store,
    inbox: Inbox,
    deliveries: Option<mpsc::Receiver<Delivery>>,
    keeping: JoinHandle<()>,
}

impl Worker {
    async fn start(db: &Database, clock: Clock, name: &str) -> Self {
        let store = Store::open(&db.url, Seal::none(), clock).await.unwrap();
        let store = store.shared(&db.url, name.to_owned()).await.unwrap();
        let (inbox, deliveries) = Inbox::channel(16);
        let keeping = keep(&store);
        Self { store, inbox, deliveries: Some(deliveries), keeping }
    }

    async fn works(&self) {
        until("it works", async || matches!(self.store.lease().role(), Role::Working(_))).await;
    }

    async fn queue(&mut self, probe: &Arc<Probe>) -> Queue<Probe> {
        let deliveries = self.deliveries.take().unwrap();
        Queue::start_with(self.store.clone(), Arc::clone(probe), self.inbox.clone(), deliveries)
            .await
            .unwrap()
    }

    /// Stands by for as long as the test goes on.
    fn stand_by(&mut self) {
        let (store, mut deliveries) = (self.store.clone(), self.deliveries.take().unwrap());
        task::spawn("hand in", async move {
            hand_in(&store, &mut deliveries, std::future::pending()).await;
        });
    }
}

fn keep(store: &Store) -> JoinHandle<()> {
    let lease = store.lease().clone();
    task::spawn("lease", async move { lease.keep().await })
}

fn portal() -> PortalRow {
    let chat = ChatKey::shared(ChatId::new("C1"));
    PortalRow {
        chat: chat.clone(),
        room_id: Some("!portal:hs".to_owned()),
        login_id: LoginId::new("L1"),
        info: ChatInfo::new(chat, ChatKind::Channel),
        avatar_mxc: None,
        created_at: 1,
    }
}

/// Lets the lease expire now.
async fn expire(worker: &Worker) {
    let mut tx = worker.store.begin_standing_by().await.unwrap();
    sql_in(&mut tx, "UPDATE lease SET expires_at = 0 WHERE name = 'work'").await;
    tx.commit().await.unwrap();
}

#[test]
fn all_that_is_handed_in_comes_first_however_much_it_is() {
    const MANY: usize = 5_000;
    run(Engine::Postgres, async |db| {
        let mut one = Worker::start(db, Clock::system(), "one").await;
        one.works().await;
        let mut two = Worker::start(db, Clock::system(), "two").await;
        two.stand_by();
        deliver(&two.inbox, "a", 0..MANY).await;
        // It waits for the queue, so it is in its first commit.
        let inbox = one.inbox.clone();
        let later = task::spawn("later", async move { deliver(&inbox, "a", MANY..MANY + 10).await });
        until("it waits", async || one.deliveries.as_ref().is_some_and(|waiting| waiting.len() == 1)).await;
        let probe = Probe::willing();
        let queue = one.queue(&probe).await;
        later.await.unwrap();
        probe.until("all are done", |seen| seen.done.len() >= MANY + 10).await;
        assert_eq!(probe.seen(|seen| seen.in_lane("a")), texts("a", 0..MANY + 10));
        super::probe::stop(queue).await;
        two.keeping.abort();
        one.keeping.abort();
    });
}

#[test]
fn what_is_handed_in_comes_before_what_is_accepted_later() {
    run(Engine::Postgres, async |db| {
        let mut one = Worker::start(db, Clock::system(), "one").await;
        one.works().await;
        let probe = Probe::willing();
        let queue = one.queue(&probe).await;
        let mut two = Worker::start(db, Clock::system(), "two").await;
        two.stand_by();
        for round in 0..20 {
            // Two of the one that stands by, then one of the one that works.
            deliver(&two.inbox, "a", round * 3..round * 3 + 2).await;
            deliver(&one.inbox, "a", round * 3 + 2..round * 3 + 3).await;
        }
        for inbox in [&one.inbox, &two.inbox] {
            for text in texts("a", 0..3) {
                assert_eq!(inbox.deliver_all(vec![event("a", text)]).await.unwrap(), [Delivered::Known]);
            }
        }
        // Found without anything else to commit.
        deliver(&two.inbox, "a", 60..61).await;
        probe.until("all are done", |seen| seen.done.len() >= 61).await;
        until_empty(&one.store).await;
        assert_eq!(number(&one.store, "SELECT COUNT(*) FROM handed_in").await, 0);
        assert_eq!(probe.seen(|seen| seen.in_lane("a")), texts("a", 0..61));
        assert_eq!(two.store.lease().role(), Role::StandingBy);
        super::probe::stop(queue).await;
        two.keeping.abort();
        one.keeping.abort();
    });
}

#[test]
fn an_event_of_a_portal_goes_into_the_lane_of_its_chat() {
    run(Engine::Postgres, async |db| {
        let mut one = Worker::start(db, Clock::system(), "one").await;
        one.works().await;
        let row = portal();
        one.store.put_portal(&row).await.unwrap();
        let mut two = Worker::start(db, Clock::system(), "two").await;
        two.stand_by();
        let undecided = |room: &str, text: &str| NewJob { lane: Lane::undecided(room), ..event("", text) };
        let handed_in = vec![undecided("!portal:hs", "1"), undecided("!other:hs", "2")];
        two.inbox.deliver_all(handed_in).await.unwrap();
        let probe = Probe::willing();
        let queue = one.queue(&probe).await;
        // Accepted in the moment before it worked.
        one.inbox.deliver_all(vec![undecided("!portal:hs", "3")]).await.unwrap();
        probe.until("all are done", |seen| seen.done.len() == 3).await;
        let lane = Lane::of_scope(&Scope::Chat(row.chat));
        assert_eq!(probe.seen(|seen| seen.in_lane(lane.as_str())), ["1", "3"]);
        assert_eq!(probe.seen(|seen| seen.in_lane("room:!other:hs")), ["2"]);
        super::probe::stop(queue).await;
        one.keeping.abort();
        two.keeping.abort();
    });
}

#[test]
fn what_is_handed_in_while_its_room_becomes_a_portal_keeps_its_order() {
    run(Engine::Postgres, async |db| {
        let mut one = Worker::start(db, Clock::system(), "one").await;
        one.works().await;
        let mut two = Worker::start(db, Clock::system(), "two").await;
        two.stand_by();
        let undecided = |text: &str| NewJob { lane: Lane::undecided("!portal:hs"), ..event("", text) };
        two.inbox.deliver_all(vec![undecided("1")]).await.unwrap();
        // The next one finds no portal, and waits for the commit in which the first one does.
        let (inbox, own) =
            (one.inbox.clone(), NewJob { lane: Lane::of_room("!portal:hs"), ..event("", "2") });
        let later = task::spawn("later", async move { drop(inbox.deliver_all(vec![own]).await.unwrap()) });
        until("it waits", async || one.deliveries.as_ref().is_some_and(|waiting| waiting.len() == 1)).await;
        one.store.put_portal(&portal()).await.unwrap();
        let probe = Probe::willing();
        let queue = one.queue(&probe).await;
        later.await.unwrap();
        two.inbox.deliver_all(vec![undecided("3")]).await.unwrap();
        probe.until("all are done", |seen| seen.done.len() == 3).await;
        let own = probe.seen(|seen| seen.in_lane("room:!portal:hs"));
        assert!(own.starts_with(&["1".to_owned(), "2".to_owned()]), "in the own lane were {own:?}");
        super::probe::stop(queue).await;
        one.keeping.abort();
        two.keeping.abort();
    });
}

#[test]
fn whose_turn_is_over_writes_nothing_more() {
    run(Engine::Postgres, async |db| {
        let mut one = Worker::start(db, Clock::system(), "one").await;
        one.works().await;
        let gate = Arc::new(Semaphore::new(0));
        let opened = Arc::clone(&gate);
        let slow = Probe::new(move |job| {
            let gate = Arc::clone(&opened);
            async move {
                gate.acquire().await.unwrap().forget();
                Ok(Closing { pairs: vec![pair(&job.payload)], sent: true, ..Closing::default() })
            }
        });
        let old = one.queue(&slow).await;
        deliver(&one.inbox, "a", 0..3).await;
        slow.until("the first is at work", |seen| seen.tried.len() == 1).await;
        // It stands still, and another one works.
        one.keeping.abort();
        let mut two = Worker::start(db, Clock::system(), "two").await;
        expire(&two).await;
        two.works().await;
        assert_eq!(
            (one.store.lease().role(), two.store.lease().role()),
            (Role::Working(1), Role::Working(2))
        );
        // What it did is found, and not written by it.
        gate.add_permits(1);
        until("it knows", async || one.store.lease().role() == Role::Lost).await;
        assert!(one.store.begin().await.is_err() && !one.store.lease().may_act());
        assert!(one.inbox.deliver_all(vec![event("a", "late")]).await.is_err());
        assert_eq!(number(&two.store, "SELECT COUNT(*) FROM message").await, 0);
        assert_eq!(number(&two.store, "SELECT COUNT(*) FROM job").await, 3);
        let probe = Probe::willing();
        let queue = two.queue(&probe).await;
        until_empty(&two.store).await;
        assert_eq!(probe.seen(|seen| seen.in_lane("a")), texts("a", 0..3));
        assert!(probe.seen(|seen| seen.tried.iter().all(|tried| tried.job.maybe_sent)));
        assert!(slow.seen(|seen| seen.tried.len()) <= 2, "more was begun than before it knew");
        super::probe::stop(queue).await;
        two.keeping.abort();
        drop(old);
    });
}

#[test]
fn nothing_is_begun_while_it_is_not_sure_and_a_stop_hands_over() {
    run(Engine::Postgres, async |db| {
        let clock = Clock::manual(1_000_000);
        let mut one = Worker::start(db, clock.clone(), "one").await;
        one.works().await;
        let probe = Probe::willing();
        let queue = one.queue(&probe).await;
        deliver(&one.inbox, "a", 0..1).await;
        probe.until("it is done", |seen| seen.done.len() == 1).await;
        one.keeping.abort();
        let unless_over = |call| tokio::time::timeout(PATIENCE, one.store.lease().unless_over(call));
        clock.advance(Duration::from_secs(5));
        assert!(!one.store.lease().may_act());
        // What was begun before may still come to its end, and does no longer when another one may work.
        assert_eq!(unless_over(ready(1).boxed()).await.unwrap(), Some(1));
        clock.advance(Duration::from_secs(1));
        assert_eq!(unless_over(pending().boxed()).await.unwrap(), None);
        deliver(&one.inbox, "a", 1..2).await;
        until("the first one's end is committed", async || {
            number(&one.store, "SELECT COUNT(*) FROM job").await == 1
        })
        .await;
        assert_eq!(probe.seen(|seen| seen.tried.len()), 1, "the second was begun");
        one.keeping = keep(&one.store);
        probe.until("it is done", |seen| seen.done.len() == 2).await;
        let two = Worker::start(db, Clock::system(), "two").await;
        super::probe::stop(queue).await;
        one.store.lease().give_up().await;
        tokio::time::timeout(Duration::from_secs(3), two.works()).await.unwrap();
        two.keeping.abort();
    });
}

#[test]
fn one_that_stands_still_in_the_middle_of_reading_keeps_nobody_waiting() {
    run(Engine::Postgres, async |db| {
        let one = Worker::start(db, Clock::system(), "one").await;
        one.works().await;
        let mut tx = one.store.begin().await.unwrap();
        let Tx::Postgres(link) = &mut tx else { panic!("it is on a server") };
        // Far more than the connection holds.
        let much = "SELECT repeat('x', 1000) FROM generate_series(1, 200000)";
        let mut rows = sqlx::query(much).fetch(&mut **link);
        rows.next().await.unwrap().unwrap();
        one.keeping.abort();
        let two = Worker::start(db, Clock::system(), "two").await;
        expire(&two).await;
        let taken = tokio::time::timeout(Duration::from_secs(9), two.works()).await;
        assert!(taken.is_ok(), "it is waited for");
        two.keeping.abort();
        drop(rows);
        drop(tx);
    });
}

#[test]
fn the_same_generation_of_another_owner_is_not_its_own() {
    run(Engine::Postgres, async |db| {
        let one = Worker::start(db, Clock::system(), "one").await;
        one.works().await;
        // As it is when somebody takes over from an older backup of the database.
        let mut tx = one.store.begin().await.unwrap();
        sql_in(&mut tx, "UPDATE lease SET owner = 'one of a later start' WHERE name = 'fence'").await;
        tx.commit().await.unwrap();
        assert!(one.store.begin().await.is_err());
        assert_eq!(one.store.lease().role(), Role::Lost);
        let other = Worker::start(db, Clock::system(), "other").await;
        expire(&other).await;
        other.works().await;
        sql(&other.store, "UPDATE lease SET owner = 'one of a later start' WHERE name = 'work'").await;
        until("a renewal finds out", async || other.store.lease().role() == Role::Lost).await;
    });
}
