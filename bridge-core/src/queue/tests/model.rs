//! Random deliveries, failures and deaths: every event has its effect once, in its lane's order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::probe::{Probe, event, pair, stop, until_empty};
use super::process::Process;
use crate::error::JobError;
use crate::queue::{Closing, Inbox, Job, Queue};
use crate::store::tests::engine::{Database, each_engine, number, until};

each_engine! { durable: once_and_in_order_whatever_dies }

const LANES: usize = 4;
const LIVES: usize = 12;

/// The world outside, which outlives every process.
struct World {
    random: Mutex<StdRng>,
    /// What was posted per lane, in order.
    posted: Mutex<BTreeMap<String, Vec<String>>>,
    /// What must not have happened.
    faults: Mutex<Vec<String>>,
    /// What was given up, perhaps by a process that died before it was noted.
    refused: Mutex<BTreeSet<String>>,
}

impl World {
    fn new(seed: u64) -> Arc<Self> {
        let random = Mutex::new(StdRng::seed_from_u64(seed));
        let (posted, faults, refused) = (Mutex::default(), Mutex::default(), Mutex::default());
        Arc::new(Self { random, posted, faults, refused })
    }

    fn below(&self, most: u32) -> u32 {
        self.random.lock().unwrap().random_range(0..most)
    }

    /// A moment in which the process may die.
    async fn pause(&self) {
        for _ in 0..self.below(4) {
            tokio::task::yield_now().await;
        }
    }

    fn is_posted(&self, job: &Job) -> bool {
        self.posted.lock().unwrap().get(job.lane.as_str()).is_some_and(|posts| posts.contains(&job.payload))
    }

    fn post(&self, job: &Job) {
        self.posted
            .lock()
            .unwrap()
            .entry(job.lane.as_str().to_owned())
            .or_default()
            .push(job.payload.clone());
    }

    /// Works a job as a bridge does: looks first when there is doubt, and only then.
    async fn work(&self, job: Job, wild: bool) -> Result<Closing, JobError> {
        self.pause().await;
        let closing = |sent| Closing { pairs: vec![pair(&job.payload)], sent, ..Closing::default() };
        if job.maybe_sent && self.is_posted(&job) {
            return Ok(closing(false));
        }
        if self.is_posted(&job) {
            self.faults.lock().unwrap().push(format!("{} would be posted twice", job.payload));
        }
        match if wild { self.below(20) } else { 20 } {
            0 | 1 => return Err(JobError::Retry("not now".to_owned())),
            2 => return Err(JobError::Uncertain("cut off before".to_owned())),
            3 => return Err(self.refuse(&job, JobError::Reject)),
            4 => return Err(self.refuse(&job, JobError::Park)),
            5 => {
                let _ = self.refuse(&job, JobError::Park);
                panic!("as asked");
            }
            6 => {
                self.post(&job);
                return Err(JobError::Uncertain("cut off after".to_owned()));
            }
            7 => return Err(JobError::RetryAfter(std::time::Duration::from_millis(3))),
            _ => {}
        }
        self.post(&job);
        self.pause().await;
        Ok(closing(true))
    }

    fn refuse(&self, job: &Job, error: fn(String) -> JobError) -> JobError {
        self.refused.lock().unwrap().insert(job.payload.clone());
        error("as asked".to_owned())
    }
}

/// Delivers a lane's events one after the other, as one sender does; answers how many were acknowledged.
async fn send(inbox: Inbox, lane: usize, numbers: std::ops::Range<usize>) -> usize {
    for number in numbers.clone() {
        if inbox.deliver_all(vec![event(&format!("l{lane}"), format!("l{lane}/{number:06}"))]).await.is_err()
        {
            return number;
        }
    }
    numbers.end
}

/// One process from its start to its death; `acknowledged` grows by what it answered for.
async fn live(db: &Database, world: &Arc<World>, acknowledged: &mut [usize; LANES]) {
    let acting = Arc::clone(world);
    let probe = Probe::new(move |job| {
        let world = Arc::clone(&acting);
        async move { world.work(job, true).await }
    });
    let process = Process::start(db, Arc::clone(&probe)).await;
    let mut senders = tokio::task::JoinSet::new();
    for (lane, from) in acknowledged.iter().enumerate() {
        // A sender repeats what was not acknowledged, and now and then what was.
        let from = from.saturating_sub(world.below(3) as usize);
        let inbox = process.inbox();
        let jobs = from..from + 40;
        senders.spawn(async move { (lane, send(inbox, lane, jobs).await) });
    }
    let tries = 1 + world.below(150) as usize;
    until("it is time to die", async || {
        process.queue.retry_now();
        probe.seen(|seen| seen.tried.len()) >= tries
    })
    .await;
    process.kill(db).await;
    for (lane, until) in senders.join_all().await {
        acknowledged[lane] = acknowledged[lane].max(until);
    }
}

async fn once_and_in_order_whatever_dies(db: &Database) {
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let world = World::new(seed);
    let mut acknowledged = [0; LANES];
    for _ in 0..LIVES {
        live(db, &world, &mut acknowledged).await;
    }
    // The last process has peace.
    let acting = Arc::clone(&world);
    let probe = Probe::new(move |job| {
        let world = Arc::clone(&acting);
        async move { world.work(job, false).await }
    });
    let store = db.store().await;
    // As in `Process::start`.
    store.begin().await.unwrap().rollback().await.unwrap();
    let queue = Queue::start(store.clone(), probe).await.unwrap();
    assert!(acknowledged.into_iter().sum::<usize>() > LIVES * LANES, "the processes did hardly anything");
    let sent = acknowledged.map(|number| number + 5);
    join_all((0..LANES).map(|lane| send(queue.inbox().clone(), lane, 0..sent[lane]))).await;
    until_empty(&store).await;
    stop(queue).await;

    assert_eq!(*world.faults.lock().unwrap(), [""; 0]);
    let posted = std::mem::take(&mut *world.posted.lock().unwrap());
    let refused = std::mem::take(&mut *world.refused.lock().unwrap());
    let mut closed = 0;
    for (lane, sent) in sent.into_iter().enumerate() {
        let posts = posted.get(&format!("l{lane}")).cloned().unwrap_or_default();
        assert!(posts.is_sorted_by(|a, b| a < b), "lane {lane} is out of order or repeats: {posts:?}");
        let posts: BTreeSet<&String> = posts.iter().collect();
        let every = (0..sent).map(|number| format!("l{lane}/{number:06}"));
        let missing: Vec<_> = every.filter(|text| !posts.contains(text) && !refused.contains(text)).collect();
        assert_eq!(missing, [""; 0], "lane {lane}");
        closed += i64::try_from(sent).unwrap();
    }
    let kept = store.count_dead_letters().await.unwrap().all;
    let pairs = number(&store, "SELECT COUNT(*) FROM message").await;
    assert_eq!(pairs + kept, closed, "every event is closed once: {pairs} pairs, {kept} dead letters");
    let both = "SELECT COUNT(*) FROM message JOIN dead_letter ON message_id = payload";
    assert_eq!(number(&store, both).await, 0);
    assert_eq!(number(&store, "SELECT COUNT(*) FROM seen").await, closed);
}
