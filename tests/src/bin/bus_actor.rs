//! A process that publishes or consumes, for tests that kill it. Not for anything else.
//!
//! `bus_actor produce BUS FIRST COUNT BATCH LOG`: publishes numbered events; a number is logged once it is kept. A batch of 0 sends one
//! by one through the signal, with the outbox in `LOG.outbox`; others go to the transport together.
//!
//! `bus_actor consume BUS GROUP LOG`: logs each event that its receiver is given, until its standard input ends. Four keys are for
//! receivers that misbehave: `fails`, `panics`, `hangs` and `aborts`. `RECEIVER_TIMEOUT_MS` is the time that they have.
//!
//! `bus_actor durable STORE FIRST COUNT LOG`: sends to a durable receiver, which logs, until its standard input ends.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::allow_attributes,
    clippy::exhaustive_structs,
    missing_docs,
    reason = "a process of tests: what goes wrong ends it, and the test sees that"
)]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use events_bus::config::{BusConfig, OutboxStore, SqliteConfig, SqliteSync};
use events_bus::{Bus, Record, wire};
use events_core::{Event, EventMetadata, event, receiver};

/// Emitted when a number was drawn.
#[event(type = "org.example.faults.number.drawn.v1", key = key)]
pub struct NumberDrawn {
    pub number: i64,
    pub key: String,
}

/// Emitted when a number was drawn that must not be forgotten.
#[event(type = "org.example.faults.number.kept.v1", key = key)]
pub struct NumberKept {
    pub number: i64,
    pub key: String,
}

static LOG: OnceLock<File> = OnceLock::new();
/// The ledger of begins and ends, if the test asks for one by `EVENTS_LEDGER`.
static LEDGER: OnceLock<File> = OnceLock::new();

fn note(what: &str, key: &str, number: i64) {
    if let Some(mut ledger) = LEDGER.get() {
        let line = format!("{what} {key} {number} {}\n", std::process::id());
        ledger.write_all(line.as_bytes()).unwrap();
    }
}

/// Time that the receiver takes for each event, by `PAUSE_US`.
static PAUSE: LazyLock<Duration> = LazyLock::new(|| micros("PAUSE_US"));

/// Reads a number of microseconds from an environment variable; 0 if it is not set.
fn micros(variable: &str) -> Duration {
    let micros = std::env::var(variable).map_or(0, |micros| micros.parse().unwrap());
    Duration::from_micros(micros)
}

/// One write a line, so that lines of several processes do not mix.
fn log(line: &str) {
    let mut file = LOG.get().unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

#[receiver(NUMBER_DRAWN, id = "faults.drawn")]
fn drawn(number: i64, key: &str, from_event_bus: bool) -> Result<(), &'static str> {
    if from_event_bus {
        match key {
            "fails" => return Err("this key fails"),
            "panics" => panic!("this key panics"),
            "aborts" => {
                note("begin", key, number);
                std::process::abort()
            }
            "hangs" => std::thread::sleep(Duration::from_hours(1)),
            _ => {
                note("begin", key, number);
                if !PAUSE.is_zero() {
                    std::thread::sleep(*PAUSE);
                }
                log(&format!("{key} {number}"));
                note("end", key, number);
            }
        }
    }
    Ok(())
}

/// The other receiver of each event, of which none is lost to the one that misbehaves.
#[receiver(NUMBER_DRAWN, id = "faults.counted", priority = 1)]
fn counted(number: i64, key: &str, from_event_bus: bool) {
    if from_event_bus && ["fails", "panics", "hangs", "aborts"].contains(&key) {
        log(&format!("{key} {number}"));
    }
}

#[receiver(NUMBER_KEPT, id = "faults.kept", durable)]
fn kept(number: i64, key: &str) {
    log(&format!("{key} {number}"));
}

fn key(number: i64) -> String {
    format!("key-{}", number % 17)
}

fn config(bus: &str) -> BusConfig {
    let mut config = match bus.strip_prefix("sqlite:") {
        Some(path) => BusConfig::sqlite(path),
        None => BusConfig::redis(bus),
    };
    if let Some(sqlite) = config.transport.get_mut::<SqliteConfig>() {
        // The process is killed, and not the machine.
        sqlite.sync = SqliteSync::Normal;
    }
    config.consumer.lease = Duration::from_secs(2);
    config.consumer.workers = 2;
    config.retry.first_delay = Duration::from_millis(50);
    if let Ok(millis) = std::env::var("RECEIVER_TIMEOUT_MS") {
        config.consumer.receiver_timeout = Duration::from_millis(millis.parse().unwrap());
        config.retry.max_attempts = 2;
    }
    config
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let log = Path::new(arguments[arguments.len() - 1]);
    let file = OpenOptions::new().create(true).append(true).open(log);
    LOG.set(file.unwrap()).unwrap();
    if let Some(ledger) = std::env::var_os("EVENTS_LEDGER") {
        let file = OpenOptions::new().create(true).append(true).open(ledger);
        LEDGER.set(file.unwrap()).unwrap();
    }
    match arguments[..] {
        ["produce", bus, first, count, batch, log] => {
            let numbers = first.parse().unwrap()
                ..first.parse::<i64>().unwrap() + count.parse::<i64>().unwrap();
            match batch.parse().unwrap() {
                0 => one_by_one(bus, numbers, log),
                batch => together(bus, &numbers.collect::<Vec<_>>(), batch),
            }
        }
        ["consume", bus, group, _] => consume(bus, group),
        ["durable", store, first, count, log] => {
            let first: i64 = first.parse().unwrap();
            durable(store, first..first + count.parse::<i64>().unwrap(), log);
        }
        _ => panic!("unknown arguments: {arguments:?}"),
    }
}

fn one_by_one(bus: &str, numbers: impl Iterator<Item = i64>, log_file: &str) {
    let mut config = config(bus);
    let outbox = std::env::var("EVENTS_OUTBOX").ok();
    if outbox.is_some() || !bus.starts_with("sqlite:") {
        let path = outbox.unwrap_or_else(|| format!("{log_file}.outbox"));
        let mut outbox = SqliteConfig::new(path);
        outbox.sync = SqliteSync::Normal;
        config = config.with_outbox(OutboxStore::Sqlite(outbox));
    }
    let bus = Bus::start(config.with_route(NumberDrawn::INFO.event_type, "numbers")).unwrap();
    let pause = micros("SEND_PAUSE_US");
    for number in numbers {
        let event = NumberDrawn {
            number,
            key: key(number),
        };
        NUMBER_DRAWN.send_event(event).into_result().unwrap();
        log(&number.to_string());
        if !pause.is_zero() {
            std::thread::sleep(pause);
        }
    }
    let shutdown = std::env::var("SHUTDOWN_MS").map_or(Duration::from_mins(1), |millis| {
        Duration::from_millis(millis.parse().unwrap())
    });
    bus.shutdown(shutdown).unwrap();
}

fn together(bus: &str, numbers: &[i64], batch: usize) {
    let transport = events_bus::open(&config(bus)).unwrap().unwrap();
    for numbers in numbers.chunks(batch) {
        let records: Vec<_> = numbers
            .iter()
            .map(|number| {
                let event = NumberDrawn {
                    number: *number,
                    key: key(*number),
                };
                let metadata = EventMetadata::new(NumberDrawn::INFO.event_type);
                Record::new(metadata, wire::encode(&event).unwrap()).with_key(Some(event.key))
            })
            .collect();
        transport.publish("numbers", &records).unwrap();
        log(&numbers[numbers.len() - 1].to_string());
    }
}

fn consume(bus: &str, group: &str) {
    let bus = Bus::start(config(bus).with_subscription(group, &["numbers"])).unwrap();
    wait_for_end();
    bus.shutdown(Duration::from_secs(30)).unwrap();
}

fn durable(store: &str, numbers: impl Iterator<Item = i64>, log_file: &str) {
    let bus = Bus::start(config(&format!("sqlite:{store}"))).unwrap();
    let accepted = OpenOptions::new()
        .create(true)
        .append(true)
        .open(format!("{log_file}.accepted"));
    let mut accepted = accepted.unwrap();
    for number in numbers {
        let event = NumberKept {
            number,
            key: key(number),
        };
        NUMBER_KEPT.send_event(event).into_result().unwrap();
        accepted
            .write_all(format!("{number}\n").as_bytes())
            .unwrap();
    }
    wait_for_end();
    bus.shutdown(Duration::from_secs(30)).unwrap();
}

/// The test closes standard input when it has seen enough, and tells how much memory the process holds.
fn wait_for_end() {
    let mut byte = [0];
    while std::io::stdin().read(&mut byte).unwrap() > 0 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap_or("0")
            .trim()
            .trim_end_matches(" kB")
            .to_owned();
        println!("{resident}");
    }
}
