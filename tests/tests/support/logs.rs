//! What the processes of a test sent and saw.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test uses its part, and a test that cannot go on has failed"
)]

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::actor::{Actor, count, last_number, lines};

/// The logs of one test.
pub struct Logs {
    pub folder: TempDir,
    /// What its processes are started with.
    pub environment: Vec<(&'static str, String)>,
}

impl Logs {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            environment: Vec::new(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn produce(&self, bus: &str, first: i64, count: i64) -> Actor {
        let (first, count) = (first.to_string(), count.to_string());
        let log = self.path("sent").display().to_string();
        Actor::start_with(
            &["produce", bus, &first, &count, "0", &log],
            &self.environment,
        )
    }

    pub fn consume(&self, bus: &str) -> Actor {
        let log = self.path("seen").display().to_string();
        Actor::start_with(&["consume", bus, "faults", &log], &self.environment)
    }

    pub fn sent(&self) -> i64 {
        last_number(&self.path("sent"))
    }

    #[track_caller]
    pub fn until_sent(&self, number: i64) {
        until("enough was sent", || self.sent() >= number);
    }

    pub fn seen(&self) -> Vec<(String, i64)> {
        let seen = lines(&self.path("seen"));
        let split = |line: &String| {
            let (key, number) = line.split_once(' ').unwrap();
            (key.to_owned(), number.parse().unwrap())
        };
        seen.iter().map(split).collect()
    }

    /// Until all numbers were handled.
    #[track_caller]
    pub fn until_seen(&self, all: i64) {
        let wanted = usize::try_from(all).unwrap();
        until("all was handled", || {
            count(&self.path("seen")) >= wanted
                && self
                    .seen()
                    .iter()
                    .map(|(_, number)| *number)
                    .collect::<HashSet<_>>()
                    .len()
                    >= wanted
        });
    }

    /// All numbers were handled, those of each key in their order; says how many were handled again.
    #[track_caller]
    pub fn check(&self, all: i64) -> usize {
        let seen = self.seen();
        let mut handled = HashSet::new();
        let mut last: HashMap<&str, i64> = HashMap::new();
        for (key, number) in &seen {
            if handled.insert(*number) {
                let before = last.insert(key, *number).unwrap_or_default();
                assert!(before < *number, "{key}: {number} came behind {before}");
            }
        }
        let lost: Vec<_> = (1..=all)
            .filter(|number| !handled.contains(number))
            .collect();
        assert!(lost.is_empty(), "lost: {lost:?}");
        seen.len() - handled.len()
    }
}

#[track_caller]
pub fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let began = Instant::now();
    while !happened() {
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "not within a minute: {what}"
        );
        thread::sleep(Duration::from_millis(50));
    }
}
