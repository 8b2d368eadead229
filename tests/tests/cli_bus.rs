//! The commands of the bus, embedded in a binary with events and receivers of its own, over SQLite and over Redis.
//!
//! What needs a process (standard input, signals, a crash) is tested with the binary of `events-cli`.

#![expect(
    missing_docs,
    clippy::exhaustive_structs,
    clippy::unwrap_used,
    reason = "the events of a test, which has failed where it cannot go on"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use events_bus::config::BusConfig;
use events_bus::transport::SharedTransport;
use events_cli::Status;
use events_core::{PermanentError, event, receiver};
use serde_json::{Value, json};
use tempfile::TempDir;

#[path = "cli_bus/consume.rs"]
mod consume;
#[path = "cli_bus/hostile.rs"]
mod hostile;
#[path = "cli_bus/letters.rs"]
mod letters;
#[path = "cli_bus/produce.rs"]
mod produce;
#[path = "../../events-bus/tests/support/redis_server.rs"]
mod redis_server;
#[path = "cli_bus/replay.rs"]
mod replay;
#[path = "cli_bus/status.rs"]
mod status;
#[path = "cli_bus/which_bus.rs"]
mod which_bus;

use redis_server::RedisServer;

events_core::plugin!();
// Whether it is linked would otherwise depend on the features that the command is built with. Its receiver takes every event.
events_core::plugins!(example_audit);

const PLACED: &str = "org.example.counter.order.placed.v1";
const CANCELLED: &str = "org.example.counter.order.cancelled.v1";

/// Emitted when an order was placed.
#[event(type = "org.example.counter.order.placed.v1", key = customer, minor_version = 2)]
pub struct OrderPlaced {
    pub number: i64,
    #[event_data(pii)]
    pub customer: String,
    pub note: Option<String>,
    pub placed_at: events_core::DateTime,
}

/// Emitted when an order was cancelled.
#[event(type = "org.example.counter.order.cancelled.v1")]
pub struct OrderCancelled {
    pub number: i64,
}

/// The orders that can be packed whatever their note says.
static REPAIRED: Mutex<BTreeSet<i64>> = Mutex::new(BTreeSet::new());

#[receiver(ORDER_PLACED, id = "counter.pack")]
#[expect(
    clippy::ref_option,
    reason = "what a receiver asks for is what the event has"
)]
fn pack(number: i64, note: &Option<String>) -> Result<(), events_core::BoxError> {
    let repaired = REPAIRED.lock().unwrap_or_else(PoisonError::into_inner);
    match note.as_deref() {
        _ if repaired.contains(&number) => Ok(()),
        Some("fails") => Err("the shelf is empty".into()),
        Some("never") => Err(PermanentError::new("there is no such shelf").into()),
        _ => Ok(()),
    }
}

#[receiver(ORDER_PLACED, ORDER_CANCELLED, id = "counter.book", priority = 5)]
fn book(_number: i64) {}

/// A bus of a test's own.
struct Shop {
    url: String,
    folder: TempDir,
    server: Option<RedisServer>,
}

impl Shop {
    fn in_a_file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("events.db").display());
        let server = None;
        Self {
            url,
            folder,
            server,
        }
    }

    fn on_a_server() -> Self {
        let server = RedisServer::start();
        Self {
            url: server.url(),
            folder: tempfile::tempdir().unwrap(),
            server: Some(server),
        }
    }

    fn transport(&self) -> SharedTransport {
        let config = match &self.server {
            Some(server) => BusConfig::redis(server.url()),
            None => BusConfig::sqlite(self.folder.path().join("events.db")),
        };
        events_bus::open(&config).unwrap().unwrap()
    }

    /// A file in the folder of the test.
    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Runs a command on this bus.
    fn run(&self, args: &[&str]) -> Answer {
        run(&[args, &["--bus", &self.url]].concat())
    }

    /// The text of a command that succeeds in silence.
    #[track_caller]
    fn text(&self, args: &[&str]) -> String {
        self.run(args).success()
    }

    /// The document of a command that succeeds.
    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.text(&[args, &["--json"]].concat())).unwrap()
    }

    /// The objects, one a line, of a command that succeeds.
    #[track_caller]
    fn lines(&self, args: &[&str]) -> Vec<Value> {
        objects(&self.text(&[args, &["--json"]].concat()))
    }

    /// Publishes an order, and says which entry it became.
    #[track_caller]
    fn order(&self, topic: &str, number: i64, note: Option<&str>) -> String {
        let data = json!({
            "number": number,
            "customer": "ada",
            "note": note,
            "placed_at": "2026-11-25T08:00:00Z",
        });
        let file = self.file("order.json", &data.to_string());
        let file = file.to_str().unwrap();
        let told = self.lines(&["produce", PLACED, "-t", topic, "--data", file]);
        told[0]["entry"].as_str().unwrap().to_owned()
    }

    /// The one group of a topic.
    fn group(&self, topic: &str) -> Value {
        let status = self.json(&["bus", "status", "--topic", topic]);
        status["topics"][0]["groups"][0].clone()
    }
}

/// What came of a command.
struct Answer {
    status: Status,
    out: String,
    err: String,
}

impl Answer {
    #[track_caller]
    fn success(self) -> String {
        assert_eq!(
            (self.status, self.err.as_str()),
            (Status::Ok, ""),
            "{}",
            self.out
        );
        self.out
    }

    /// What it says of a failure.
    #[track_caller]
    fn failure(self, status: Status) -> String {
        assert_eq!(self.status, status, "{}\n{}", self.out, self.err);
        self.err
    }
}

fn run(args: &[&str]) -> Answer {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = events_cli::run(["events"].iter().chain(args).copied(), &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Answer {
        status,
        out: text(out),
        err: text(err),
    }
}

fn objects(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What each of the objects has under a key.
fn each<'v>(objects: &'v [Value], key: &str) -> Vec<&'v Value> {
    objects.iter().map(|object| &object[key]).collect()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// Tests over both engines.
macro_rules! over_both {
    ($($name:ident)*) => {
        mod in_a_file {
            $(#[test]
            fn $name() {
                super::$name(&$crate::Shop::in_a_file());
            })*
        }
        mod on_a_server {
            $(#[test]
            #[cfg_attr(not(redis_server), ignore = "needs redis-server")]
            fn $name() {
                super::$name(&$crate::Shop::on_a_server());
            })*
        }
    };
}
use over_both;
