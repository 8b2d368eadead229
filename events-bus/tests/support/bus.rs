//! Support for tests of the bus: quick configurations, logs of receivers, waiting.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "each test binary uses a part of it, and a test that cannot go on has failed"
)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use events_bus::config::BusConfig;
use events_bus::transport::SharedTransport;
use events_bus::{Bus, StopError};

/// Lines of receivers, in order.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Returns the number of times that a line is there.
    pub fn count(&self, line: &str) -> usize {
        self.lines().iter().filter(|other| *other == line).count()
    }

    /// Waits until so many lines are there.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<String> {
        eventually(
            || self.lines().len() >= count,
            || format!("{count} lines, and not {:?}", self.lines()),
        );
        self.lines()
    }
}

/// Waits for something that takes a moment. The time is long, since machines are slow; nothing is measured.
#[track_caller]
pub fn eventually(holds: impl Fn() -> bool, what: impl Fn() -> String) {
    let began = Instant::now();
    while !holds() {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "did not come to be: {}",
            what()
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A configuration in which nothing takes long.
pub fn quick(mut config: BusConfig) -> BusConfig {
    config.retry.first_delay = Duration::from_millis(10);
    config.retry.max_delay = Duration::from_millis(50);
    config.retry.max_attempts = 3;
    config.consumer.lease = Duration::from_secs(3);
    config
}

/// Waits until nothing in the topic is unread, pending or parked.
#[track_caller]
pub fn settled(transport: &SharedTransport, topic: &str, group: &str) {
    let left = || {
        let status = transport.status(topic).unwrap().unwrap();
        let group = status.groups.into_iter().find(|it| it.group == group);
        group.map(|group| (group.unread, group.pending, group.requeued, group.parked))
    };
    eventually(
        || left() == Some((Some(0), 0, 0, 0)),
        || format!("everything of {topic} is handled: {:?}", left()),
    );
}

/// Stops a bus, and expects it to end well.
#[track_caller]
pub fn stop(bus: Bus) {
    if let Err(error) = bus.shutdown(Duration::from_secs(10)) {
        panic!("{error}");
    }
}

pub fn no_error(result: Result<(), StopError>) {
    if let Err(error) = result {
        panic!("{error}");
    }
}
