//! Processes are killed while they publish and consume, at any moment, again and again: nothing that was kept is lost, the order of
//! each key stays, and duplicates are no more than what was under way.
//!
//! `EVENTS_FAULTS=long cargo test -p events-tests --test fault_kills -- --nocapture` takes a million events through each transport, with
//! ten kills, and then a million through each that one consumer handles, whose memory stays.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::allow_attributes,
    clippy::cast_precision_loss,
    reason = "a test that cannot go on has failed; the long form prints its numbers"
)]

#[path = "support/actor.rs"]
mod actor;
#[path = "../../events-bus/tests/support/redis_server.rs"]
mod redis_server;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use actor::{Actor, IN_FLIGHT, count, last_number, lines};
use redis_server::RedisServer;

fn is_long() -> bool {
    std::env::var_os("EVENTS_FAULTS").is_some_and(|wanted| wanted == "long")
}

struct Case<'a> {
    bus: &'a str,
    folder: &'a TempDir,
    /// So many events at least.
    events: i64,
    /// As `bus_actor` takes it.
    batch: &'a str,
    kills: usize,
}

impl Case<'_> {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Publishes and consumes with kills, and checks what came of it.
    fn run(&self) {
        let mut random = fastrand::Rng::with_seed(20_261_125);
        let (sent, seen) = (self.path("sent"), self.path("seen"));
        let [sent_text, seen_text] = [&sent, &seen].map(|path| path.to_str().unwrap().to_owned());
        let consume = || Actor::start(&["consume", self.bus, "faults", &seen_text]);
        let produce = || {
            let first = last_number(&sent) + 1;
            let left = (self.events - first + 1).max(0).to_string();
            let first = first.to_string();
            Actor::start(&["produce", self.bus, &first, &left, self.batch, &sent_text])
        };
        let mut consumer = consume();
        let mut kills = 0;
        let mut producer = produce();
        let long = self.events > 100_000;
        for _ in 0..self.kills {
            let wait = if long { 1000..4000 } else { 150..600 };
            std::thread::sleep(Duration::from_millis(random.u64(wait)));
            if random.bool() {
                producer.kill();
                producer = produce();
            }
            if kills % 2 == 0 || random.bool() {
                consumer.kill();
                consumer = consume();
            }
            kills += 1;
        }
        producer.finish();
        let wanted = usize::try_from(last_number(&sent)).unwrap();
        let began = Instant::now();
        let limit = Duration::from_secs(if long { 1200 } else { 90 });
        let mut settled = 0;
        // Until nothing more comes.
        while began.elapsed() < limit {
            let before = count(&seen);
            std::thread::sleep(Duration::from_millis(if long { 3000 } else { 700 }));
            settled = if count(&seen) == before && before >= wanted {
                settled + 1
            } else {
                0
            };
            if settled == 2 {
                break;
            }
        }
        consumer.finish();
        self.check(wanted, &seen, kills);
    }

    fn check(&self, wanted: usize, seen: &Path, kills: usize) {
        let mut handled: HashSet<i64> = HashSet::new();
        let mut last: HashMap<String, i64> = HashMap::new();
        let mut disorder: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        let lines = lines(seen);
        for line in &lines {
            let (key, number) = line.split_once(' ').unwrap();
            let number: i64 = number.parse().unwrap();
            if handled.insert(number) {
                let before = last.insert(key.to_owned(), number).unwrap_or_default();
                if before > number {
                    disorder.insert(key.to_owned(), (before, number));
                }
            }
        }
        let lost: Vec<_> = (1..=i64::try_from(wanted).unwrap())
            .filter(|number| !handled.contains(number))
            .take(10)
            .collect();
        let duplicates = lines.len() - handled.len();
        println!(
            "{}: {wanted} events, {kills} rounds of kills, {duplicates} handled twice",
            self.bus.split(':').next().unwrap(),
        );
        assert!(lost.is_empty(), "lost: {lost:?} of {wanted}");
        assert!(disorder.is_empty(), "out of order: {disorder:?}");
        // A producer that is killed between publishing and logging publishes its batch again.
        let again: usize = self.batch.parse::<usize>().unwrap().max(1);
        assert!(
            duplicates <= kills * (IN_FLIGHT + again),
            "{duplicates} duplicates in {kills} rounds"
        );
    }
}

#[test]
fn killed_over_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let bus = format!("sqlite:{}", folder.path().join("events.db").display());
    let long = is_long();
    Case {
        bus: &bus,
        folder: &folder,
        events: if long { 1_000_000 } else { 4_000 },
        batch: if long { "500" } else { "0" },
        kills: if long { 10 } else { 4 },
    }
    .run();
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn killed_over_redis() {
    let server = RedisServer::durable();
    let folder = tempfile::tempdir().unwrap();
    let long = is_long();
    Case {
        bus: &server.url(),
        folder: &folder,
        events: if long { 1_000_000 } else { 3_000 },
        batch: if long { "500" } else { "0" },
        kills: if long { 10 } else { 4 },
    }
    .run();
}

/// One consumer handles all events while they are published. Its memory, by the number of events that it had handled.
fn memory(bus: &str, folder: &TempDir) {
    let events: usize = if is_long() { 1_000_000 } else { 3_000 };
    let seen = folder.path().join("seen");
    let sent = folder.path().join("sent").display().to_string();
    let mut consumer = Actor::start(&["consume", bus, "faults", seen.to_str().unwrap()]);
    let producer = Actor::start(&["produce", bus, "1", &events.to_string(), "500", &sent]);
    let began = Instant::now();
    let limit = Duration::from_mins(if is_long() { 20 } else { 1 });
    let mut samples = Vec::new();
    let mut handled = 0;
    while handled < events && began.elapsed() < limit {
        std::thread::sleep(Duration::from_millis(200));
        handled = count(&seen);
        if handled >= (samples.len() + 1) * events / 10 {
            samples.push(consumer.memory());
        }
    }
    let last = consumer.memory();
    consumer.finish();
    producer.finish();
    assert_eq!(handled, events);
    let name = bus.split(':').next().unwrap();
    println!("{name}: {events} events, kB in memory after each tenth: {samples:?}, and {last}");
    // The start of a process says nothing of what it needs.
    if is_long() {
        let early = samples[1] as f64;
        let most = samples[1..].iter().chain([&last]).max().unwrap();
        let growth = *most as f64 / early;
        println!("{name}: at most {growth:.3} of what it was after two tenths");
        assert!(growth < 1.1, "the memory of a consumer grows");
    }
}

#[test]
fn the_memory_of_a_consumer_stays_over_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    memory(
        &format!("sqlite:{}", folder.path().join("events.db").display()),
        &folder,
    );
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn the_memory_of_a_consumer_stays_over_redis() {
    let server = RedisServer::start();
    let folder = tempfile::tempdir().unwrap();
    memory(&server.url(), &folder);
}

/// Redis is killed, and comes back with what it had.
#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn redis_is_killed_and_comes_back() {
    let mut server = RedisServer::durable();
    let folder = tempfile::tempdir().unwrap();
    let (sent, seen) = (folder.path().join("sent"), folder.path().join("seen"));
    let [sent_text, seen_text] = [&sent, &seen].map(|path| path.to_str().unwrap().to_owned());
    let url = server.url();
    let consumer = Actor::start(&["consume", &url, "faults", &seen_text]);
    let producer = Actor::start(&["produce", &url, "1", "3000", "0", &sent_text]);
    for _ in 0..2 {
        std::thread::sleep(Duration::from_millis(300));
        server.kill();
        std::thread::sleep(Duration::from_millis(300));
        server.start_again();
    }
    producer.finish();
    let began = Instant::now();
    while count(&seen) < 3000 && began.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(100));
    }
    consumer.finish();
    let case = Case {
        bus: &url,
        folder: &folder,
        events: 3000,
        batch: "0",
        kills: 2,
    };
    case.check(3000, &seen, 2);
}

/// The work of durable receivers survives the process that sent.
#[test]
fn durable_work_is_done_by_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store.db").display().to_string();
    let log = folder.path().join("log");
    let accepted = folder.path().join("log.accepted");
    let log_text = log.display().to_string();
    let mut random = fastrand::Rng::with_seed(20_261_126);
    for _ in 0..4 {
        let first = (last_number(&accepted) + 1).to_string();
        let actor = Actor::start(&["durable", &store, &first, "100000", &log_text]);
        std::thread::sleep(Duration::from_millis(random.u64(250..600)));
        actor.kill();
    }
    let wanted = usize::try_from(last_number(&accepted)).unwrap();
    assert!(wanted > 0, "something was accepted");
    let actor = Actor::start(&["durable", &store, "1", "0", &log_text]);
    let numbers = || -> HashSet<String> {
        let lines = lines(&log).into_iter();
        lines
            .filter_map(|line| line.split_once(' ').map(|(_, number)| number.to_owned()))
            .collect()
    };
    let began = Instant::now();
    let missing = || {
        let numbers = numbers();
        (1..=wanted).find(|number| !numbers.contains(&number.to_string()))
    };
    while missing().is_some() && began.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(200));
    }
    actor.finish();
    assert_eq!(missing(), None, "of {wanted}");
}
