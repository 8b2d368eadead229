//! What a bus costs, against bars that do the least that could be done, in the same run: a hand-written loop through a channel, a raw
//! insert loop, the raw Redis client.
//!
//! `cargo bench -p events-tests --bench bus -- [send|memory|sqlite|redis|latency]…`; all of them without an argument.

#![allow(
    unreachable_pub,
    dead_code,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::unwrap_used,
    clippy::wildcard_imports,
    reason = "a benchmark is a binary and prints, measures with the clock, and ends where it cannot go on"
)]

mod support;

#[path = "codec/samples.rs"]
mod samples;

#[path = "../../events-bus/tests/support/redis_server.rs"]
mod redis_process;

#[path = "bus/latency.rs"]
mod latency;
#[path = "bus/memory.rs"]
mod memory;
#[path = "bus/redis.rs"]
mod redis_server;
#[path = "bus/send.rs"]
mod send;
#[path = "bus/sqlite.rs"]
mod sqlite;

use std::time::{Duration, Instant};

use events_bus::Record;
use events_bus::config::BusConfig;
use events_catalog::learning::CourseEnrollmentCreated;
use events_core::{Event, EventMetadata};

fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let is_asked = |name: &str| asked.is_empty() || asked.iter().any(|asked| asked == name);
    if is_asked("send") {
        send::run();
    }
    if is_asked("memory") {
        memory::run();
    }
    if is_asked("sqlite") {
        sqlite::run();
    }
    if is_asked("redis") {
        redis_server::run();
    }
    if is_asked("latency") {
        latency::run();
    }
}

/// Records of an enrollment, each with an id and a key of its own.
fn records(count: usize) -> Vec<Record> {
    let event = samples::enrollment();
    let body = events_bus::wire::encode(&event).unwrap();
    (0..count)
        .map(|index| {
            let metadata = EventMetadata::new(CourseEnrollmentCreated::INFO.event_type);
            Record::new(metadata, body.clone()).with_key(Some(format!("user-{}", index % 1000)))
        })
        .collect()
}

/// Events per second.
fn rate(count: usize, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}

fn timed(run: impl FnOnce()) -> Duration {
    let began = Instant::now();
    run();
    began.elapsed()
}

/// Returns the number of rounds: `EVENTS_BENCH_ROUNDS` if it is set. A comparison of two builds takes turns itself.
fn rounds(rounds: usize) -> usize {
    let asked = std::env::var("EVENTS_BENCH_ROUNDS").ok();
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(rounds)
}

/// Two contenders in turns: the medians of their rates.
fn duel(rounds: usize, mut bar: impl FnMut() -> f64, mut ours: impl FnMut() -> f64) -> (f64, f64) {
    let (mut bars, mut all) = (Vec::new(), Vec::new());
    for _ in 0..self::rounds(rounds) {
        bars.push(bar());
        all.push(ours());
    }
    (support::median(bars), support::median(all))
}

fn row(name: &str, bar: f64, ours: f64, least: f64) {
    let ratio = ours / bar;
    let verdict = if ratio >= least { "met" } else { "MISSED" };
    println!("| {name} | {bar:.0} | {ours:.0} | {ratio:.2} | {least:.2} | {verdict} |");
}

fn quiet(mut config: BusConfig) -> BusConfig {
    config.consumer.workers = 1;
    config.consumer.max_in_flight = 4000;
    config.consumer.batch = 1000;
    config
}
