//! Processes of `bus_actor`, and what they log.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "each test uses its part, and a test that cannot go on has failed"
)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Entries that a consumer may have under way: what one kill may make it handle twice.
pub const IN_FLIGHT: usize = 1000;

/// A process that is killed when this is dropped.
pub struct Actor(Child);

impl Actor {
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    pub fn start_with(arguments: &[&str], environment: &[(&str, String)]) -> Self {
        // A long run may outlast the next build, and then takes a copy.
        let actor = std::env::var_os("EVENTS_BUS_ACTOR")
            .unwrap_or_else(|| env!("CARGO_BIN_EXE_bus_actor").into());
        let child = Command::new(actor)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// As `kill -9` does.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    pub fn finish(mut self) {
        drop(self.0.stdin.take());
        let status = self.0.wait().unwrap();
        assert!(status.success(), "{status}");
    }

    /// Stops it as it stands, until [`go_on`](Self::go_on).
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .args([signal, &self.0.id().to_string()])
            .status();
        assert!(status.unwrap().success());
    }

    /// Returns `true` if the process has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Whether it ended well; its input is closed.
    pub fn ended_well(mut self) -> bool {
        drop(self.0.stdin.take());
        self.0.wait().unwrap().success()
    }

    /// How long it has kept a processor busy; none where the system does not tell.
    pub fn busy(&self) -> Option<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id())).ok()?;
        // Behind the name, which may have spaces: `utime` and `stime` are the 14th and 15th field (proc_pid_stat(5)).
        let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks: u64 = fields[11].parse::<u64>().ok()? + fields[12].parse::<u64>().ok()?;
        // A tick is a hundredth of a second on every system that is left.
        Some(Duration::from_millis(ticks * 10))
    }

    /// The resident memory, in kB.
    pub fn memory(&mut self) -> u64 {
        self.0.stdin.as_mut().unwrap().write_all(b"?").unwrap();
        let mut line = String::new();
        let mut reader = BufReader::new(self.0.stdout.as_mut().unwrap());
        reader.read_line(&mut line).unwrap();
        line.trim().parse().unwrap()
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    // A line that was cut off by a kill is none.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(str::to_owned).collect()
}

/// How many lines there are: quicker than reading them.
pub fn count(path: &Path) -> usize {
    fs::read_to_string(path).map_or(0, |text| text.matches('\n').count())
}

pub fn last_number(path: &Path) -> i64 {
    lines(path).last().map_or(0, |line| line.parse().unwrap())
}
