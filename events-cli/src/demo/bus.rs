//! The second half of the story: events that leave the process, a consumer that crashes, dead letters, a replay.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use events_bus::admin::{self, LetterFilter, Replay};
use events_bus::config::{BusConfig, SqliteConfig, SqliteSync};
use events_bus::transport::SharedTransport;
use events_bus::{Bus, Handled, ReceiverResult};
use events_catalog::learning::{STUDENT_REGISTRATION_COMPLETED, StudentRegistrationCompleted};
use events_core::{AnyEvent, Event};
use serde::Serialize;
use serde_json::Value;

const TOPIC: &str = "registrations";
const GROUP: &str = "mailing";
/// Nothing of the story takes that long.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct BusStory {
    published: usize,
    /// What the first consumer handled before it crashed.
    before_the_crash: Vec<Delivery>,
    /// How many entries the group had not finished then.
    left: u64,
    /// What the next consumer handled.
    after_the_crash: Vec<Delivery>,
    letters: Vec<Letter>,
    /// What came of the dead letters, when the mail server was repaired.
    retried: Vec<Delivery>,
    /// A replay for one receiver.
    replayed: Vec<Delivery>,
}

/// An entry that was handed to receivers.
#[derive(Debug, Clone, Serialize)]
struct Delivery {
    entry: String,
    username: String,
    deliveries: u64,
    receivers: Vec<Report>,
}

#[derive(Debug, Clone, Serialize)]
struct Report {
    receiver: String,
    result: String,
}

#[derive(Debug, Serialize)]
struct Letter {
    id: String,
    receiver: String,
    attempts: u32,
    error: String,
}

impl BusStory {
    /// Tells it on a store in a folder of its own.
    pub(super) fn tell() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let path = folder.path().join("events.db");
        let text = |error: &dyn std::fmt::Display| error.to_string();

        let bus = Bus::start(
            config(&path).with_route(StudentRegistrationCompleted::INFO.event_type, TOPIC),
        )
        .map_err(|error| text(&error))?;
        let people = [
            ("ada", "ada@example.org"),
            ("bob", "bob.example.org"),
            ("cy", "cy@example.org"),
        ];
        for (username, email) in people {
            let event = super::registration(username, email);
            STUDENT_REGISTRATION_COMPLETED.send_event(event);
        }
        bus.flush(PATIENCE).map_err(|error| text(&error))?;
        let transport = bus.transport().cloned().ok_or("the bus has no transport")?;
        bus.shutdown(PATIENCE).map_err(|error| text(&error))?;

        let before_the_crash = crash(&path)?;
        let left = lag(&transport)?;
        // The lease of the process that is gone has to end.
        let after_the_crash = consume(&path, &transport)?;
        let letters = admin::dead_letters(&*transport, TOPIC, &LetterFilter::default())
            .map_err(|error| text(&error))?;
        let shown = letters
            .iter()
            .map(|(id, letter)| Letter {
                id: id.to_string(),
                receiver: letter.receiver.as_deref().unwrap_or_default().to_owned(),
                attempts: letter.attempts,
                error: letter.error.to_string(),
            })
            .collect();

        example_greeter::outbox().accept_any_address(true);
        admin::retry(&*transport, TOPIC, &letters).map_err(|error| text(&error))?;
        let retried = consume(&path, &transport)?;
        let mut replay = Replay::new(TOPIC, GROUP);
        replay.receivers = vec![Arc::from("audit.record")];
        admin::replay(&*transport, &replay, |_| {}).map_err(|error| text(&error))?;
        let replayed = consume(&path, &transport)?;
        example_greeter::outbox().accept_any_address(false);
        Ok(Self {
            published: people.len(),
            before_the_crash,
            left,
            after_the_crash,
            letters: shown,
            retried,
            replayed,
        })
    }

    pub(super) fn after_the_crash(&self) -> impl Iterator<Item = String> {
        lines(&self.after_the_crash)
    }

    pub(super) fn before_the_crash(&self) -> impl Iterator<Item = String> {
        lines(&self.before_the_crash)
    }

    pub(super) fn retried(&self) -> impl Iterator<Item = String> {
        lines(&self.retried)
    }

    pub(super) fn replayed(&self) -> impl Iterator<Item = String> {
        lines(&self.replayed)
    }

    pub(super) fn published(&self) -> usize {
        self.published
    }

    pub(super) fn left(&self) -> u64 {
        self.left
    }

    pub(super) fn letters(&self) -> impl Iterator<Item = String> {
        self.letters.iter().flat_map(|letter| {
            [
                format!("{}  {}", letter.id, letter.receiver),
                format!("     after {} attempts: {}", letter.attempts, letter.error),
            ]
        })
    }
}

fn lines(deliveries: &[Delivery]) -> impl Iterator<Item = String> {
    deliveries.iter().flat_map(|delivery| {
        let times = match delivery.deliveries {
            0 | 1 => String::new(),
            times => format!(", handed out for the {times}nd time"),
        };
        let title = format!("{}  {}{times}", delivery.entry, delivery.username);
        let reports = delivery
            .receivers
            .iter()
            .map(|report| format!("    {:8} {}", report.result, report.receiver));
        std::iter::once(title).chain(reports)
    })
}

fn config(path: &Path) -> BusConfig {
    let mut config = BusConfig::sqlite(path);
    if let Some(sqlite) = config.transport.get_mut::<SqliteConfig>() {
        // Processes end here, and the power stays on.
        sqlite.sync = SqliteSync::Normal;
    }
    config.consumer.workers = 1;
    config.consumer.max_in_flight = 1;
    config.consumer.lease = Duration::from_secs(1);
    config.retry.max_attempts = 2;
    config.retry.first_delay = Duration::from_millis(20);
    config
}

/// Has another process of this program consume, which ends in the middle of the second entry as if it had been killed.
fn crash(path: &Path) -> Result<Vec<Delivery>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program)
        .args(["consume", "--topic", TOPIC, "--group", GROUP, "--json"])
        .args([
            "--crash-at",
            "2",
            "--lease",
            "1",
            "--timeout",
            "30",
            "--bus",
        ])
        .arg(format!("sqlite:{}", path.display()))
        .env_remove("EVENTS_CONFIG")
        .env_remove("EVENTS_BUS")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Err("the consumer did not crash".to_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text
        .lines()
        .filter_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            let receivers = line["receivers"].as_array()?.iter().map(|report| Report {
                receiver: report["id"].as_str().unwrap_or_default().to_owned(),
                result: report["result"].as_str().unwrap_or_default().to_owned(),
            });
            Some(Delivery {
                entry: line["entry"].as_str()?.to_owned(),
                username: line["data"]["user"]["pii"]["username"].as_str()?.to_owned(),
                deliveries: line["deliveries"].as_u64()?,
                receivers: receivers.collect(),
            })
        })
        .collect())
}

fn lag(transport: &SharedTransport) -> Result<u64, String> {
    let status = transport
        .status(TOPIC)
        .map_err(|error| error.to_string())?
        .ok_or("the topic is gone")?;
    let groups = status.groups.iter();
    let group = groups.filter(|group| group.group == GROUP);
    Ok(group
        .map(|group| group.lag().unwrap_or_default() + group.parked)
        .sum())
}

/// Consumes in this process, until nothing is left.
fn consume(path: &Path, transport: &SharedTransport) -> Result<Vec<Delivery>, String> {
    let seen: Arc<Mutex<Vec<Delivery>>> = Arc::default();
    let sees = Arc::clone(&seen);
    let bus = Bus::builder(config(path).with_subscription(GROUP, &[TOPIC]))
        .on_handled(move |handled| {
            let mut seen = sees.lock().unwrap_or_else(PoisonError::into_inner);
            seen.push(delivery(handled));
        })
        .start()
        .map_err(|error| error.to_string())?;
    let until = Instant::now() + PATIENCE;
    while lag(transport)? > 0 {
        if Instant::now() > until {
            return Err("the consumer did not come to an end".to_owned());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    bus.shutdown(PATIENCE).map_err(|error| error.to_string())?;
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(seen.clone())
}

fn delivery(handled: &Handled<'_>) -> Delivery {
    let event = handled
        .event()
        .and_then(AnyEvent::downcast_ref::<StudentRegistrationCompleted>);
    let receivers = handled.receivers().into_iter().map(|report| Report {
        result: match report.result {
            ReceiverResult::Retry { .. } => "retry".to_owned(),
            ReceiverResult::Dead { .. } => "dead".to_owned(),
            _ => "handled".to_owned(),
        },
        receiver: report.receiver.to_string(),
    });
    Delivery {
        entry: handled.entry().to_string(),
        username: event.map_or_else(String::new, |event| event.user.pii.username.clone()),
        deliveries: handled.deliveries(),
        receivers: receivers
            .filter(|report| !report.receiver.starts_with("demo."))
            .collect(),
    }
}
