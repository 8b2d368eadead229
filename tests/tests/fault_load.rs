//! Producers and consumers under load are killed and paused at random, and a ledger that they do not share tells what came of it:
//! nothing is lost, nothing is stranded, the events of each key are handled in their order, and no more is handled twice than was
//! under way.
//!
//! `EVENTS_FAULTS=long cargo test -p events-tests --test fault_load -- --nocapture` takes a million events through each transport, with
//! 20 kills of producers, 20 of consumers and 20 pauses beyond the lease.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed, and prints its numbers"
)]

#[path = "support/actor.rs"]
mod actor;
#[path = "support/logs.rs"]
mod logs;
#[path = "../../events-bus/tests/support/redis_server.rs"]
mod redis_server;

use std::collections::{HashMap, HashSet};
use std::thread;
use std::time::{Duration, Instant};

use events_bus::config::BusConfig;
use events_bus::transport::SharedTransport;

use actor::{Actor, IN_FLIGHT, count, last_number, lines};
use logs::Logs;
use redis_server::RedisServer;

/// The lease of `bus_actor`.
const LEASE: Duration = Duration::from_secs(2);

/// Number of events and of faults.
struct Load {
    events: i64,
    kills: usize,
    pauses: usize,
}

impl Load {
    fn asked() -> Self {
        if std::env::var_os("EVENTS_FAULTS").is_some_and(|wanted| wanted == "long") {
            Self {
                events: 1_000_000,
                kills: 20,
                pauses: 20,
            }
        } else {
            Self {
                events: 20_000,
                kills: 3,
                pauses: 2,
            }
        }
    }

    fn run(&self, bus: &str, transport: &SharedTransport) {
        let mut logs = Logs::new();
        let begun = logs.path("begun").display().to_string();
        logs.environment = vec![
            ("EVENTS_LEDGER", begun),
            // Slow enough that faults hit work, in the short form too.
            (
                "PAUSE_US",
                if self.events > 100_000 { "0" } else { "200" }.to_owned(),
            ),
        ];
        let seed = std::env::var("EVENTS_SEED").map_or(20_261_128, |seed| seed.parse().unwrap());
        let mut random = fastrand::Rng::with_seed(seed);
        let produce = || {
            let first = last_number(&logs.path("sent")) + 1;
            logs.produce(bus, first, (self.events - first + 1).max(0))
        };
        let mut consumers = [logs.consume(bus), logs.consume(bus)];
        let mut producer = produce();
        let mut faults: Vec<Fault> = [
            (Fault::KillProducer, self.kills),
            (Fault::KillConsumer, self.kills),
            (Fault::PauseConsumer, self.pauses),
        ]
        .into_iter()
        .flat_map(|(fault, times)| std::iter::repeat_n(fault, times))
        .collect();
        random.shuffle(&mut faults);
        let rest = if self.events > 100_000 {
            1_000..4_000
        } else {
            150..500
        };
        for fault in &faults {
            thread::sleep(Duration::from_millis(random.u64(rest.clone())));
            let one = random.usize(..2);
            match fault {
                Fault::KillProducer => {
                    producer.kill();
                    producer = produce();
                }
                Fault::KillConsumer => {
                    std::mem::replace(&mut consumers[one], logs.consume(bus)).kill();
                }
                Fault::PauseConsumer => {
                    consumers[one].pause();
                    thread::sleep(LEASE + LEASE / 2);
                    consumers[one].go_on();
                }
            }
        }
        producer.finish();
        let wanted = last_number(&logs.path("sent"));
        let limit = Duration::from_secs(if self.events > 100_000 { 1200 } else { 120 });
        until_quiet(&logs, wanted, limit);
        until_settled(transport);
        consumers.into_iter().for_each(Actor::finish);
        self.check(&logs, wanted);
    }

    /// Compares what was accepted with what was begun and ended.
    fn check(&self, logs: &Logs, wanted: i64) {
        let mut runs = 0;
        let mut first_run = HashSet::new();
        let mut last: HashMap<String, i64> = HashMap::new();
        let mut inversions = Vec::new();
        for line in lines(&logs.path("begun")) {
            let words: Vec<&str> = line.split(' ').collect();
            let [what, key, number, _process] = words[..] else {
                panic!("a line of the ledger: {line}");
            };
            let number: i64 = number.parse().unwrap();
            if what != "begin" {
                continue;
            }
            runs += 1;
            if first_run.insert(number) {
                let before = last.insert(key.to_owned(), number).unwrap_or_default();
                if before > number {
                    inversions.push((key.to_owned(), before, number));
                }
            }
        }
        let ended: HashSet<i64> = logs.seen().into_iter().map(|(_, number)| number).collect();
        let lost: Vec<i64> = (1..=wanted)
            .filter(|number| !ended.contains(number))
            .collect();
        let twice = runs - first_run.len();
        println!(
            "{wanted} events, {} kills of producers, {} of consumers, {} pauses: {} lost, {} inversions, {twice} begun twice",
            self.kills,
            self.kills,
            self.pauses,
            lost.len(),
            inversions.len()
        );
        assert!(lost.is_empty(), "lost: {lost:?}");
        assert!(inversions.is_empty(), "out of order: {inversions:?}");
        let allowed = (self.kills + self.pauses) * IN_FLIGHT + self.kills;
        assert!(twice <= allowed, "{twice} begun twice, of {allowed}");
    }
}

#[derive(Clone, Copy)]
enum Fault {
    KillProducer,
    KillConsumer,
    PauseConsumer,
}

/// Waits until every accepted event was handled and nothing more comes.
#[track_caller]
fn until_quiet(logs: &Logs, wanted: i64, limit: Duration) {
    let seen = logs.path("seen");
    let wanted = usize::try_from(wanted).unwrap();
    let began = Instant::now();
    let mut before = 0;
    loop {
        thread::sleep(Duration::from_millis(700));
        let now = count(&seen);
        if now == before && now >= wanted {
            let distinct: HashSet<_> = logs.seen().into_iter().map(|(_, number)| number).collect();
            if distinct.len() >= wanted {
                return;
            }
        }
        assert!(
            began.elapsed() < limit,
            "{now} runs of {wanted} events after {limit:?}: something is lost or stranded"
        );
        before = now;
    }
}

/// Waits until the group has settled every entry. An entry that stays pending is stranded.
#[track_caller]
fn until_settled(transport: &SharedTransport) {
    logs::until("the group settled every entry", || {
        let status = transport.status("numbers").unwrap().unwrap();
        let group = &status.groups[0];
        group.pending == 0 && group.parked == 0 && group.unread == Some(0)
    });
}

fn open(config: &BusConfig) -> SharedTransport {
    events_bus::open(config).unwrap().unwrap()
}

#[test]
fn over_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let transport = open(&BusConfig::sqlite(&path));
    Load::asked().run(&format!("sqlite:{}", path.display()), &transport);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn over_redis() {
    let server = RedisServer::durable();
    let transport = open(&BusConfig::redis(server.url()));
    Load::asked().run(&server.url(), &transport);
}
