//! Durable work has a size limit, and a bus warns once at its start. A process has one durable store, so this file has one test.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod bus;
    pub mod producer;
}

use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use events_bus::config::BusConfig;
use events_bus::transport::{
    Maintenance, SharedTransport, Start, TransportError, TransportErrorKind,
};
use events_bus::{Bus, delegate_transport};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use support::bus::eventually;
use support::producer::{LONG, memory, record};

/// Emitted when a picture is to be looked at.
#[events_core::event(type = "org.example.start.picture.taken.v1")]
#[non_exhaustive]
pub struct PictureTaken {
    /// The picture.
    pub picture: String,
}

/// Looks at a picture, whatever happens.
#[events_core::receiver(PICTURE_TAKEN, id = "start.look", durable)]
fn look(event: &PictureTaken) {
    assert!(!event.picture.is_empty());
}

/// A transport that may cost events.
#[derive(Debug)]
struct Evicting {
    inner: SharedTransport,
    /// Number of questions that it does not answer.
    silent: AtomicUsize,
}

delegate_transport!(impl Log, Groups for Evicting => inner);

impl Maintenance for Evicting {
    fn warnings(&self) -> Result<Vec<String>, TransportError> {
        let less = |count: usize| count.checked_sub(1);
        let silent = self
            .silent
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
        if silent.is_ok() {
            let kind = TransportErrorKind::Unavailable;
            return Err(TransportError::new(kind, "evicting", "is not up yet"));
        }
        Ok(vec![
            "the server may evict streams; set `maxmemory-policy noeviction`".to_owned(),
        ])
    }

    delegate_transport!(inner: topics, status, dead_letters, drop_dead_letters, trim_dead_letters, trim, delete_group, backup, vacuum);
}

/// A subscriber that keeps the warnings of the bus.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN && metadata.target() == "events_bus"
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn a_bus_warns_once_and_durable_work_has_a_limit() {
    let lines = Lines::default();
    tracing::subscriber::set_global_default(lines.clone()).unwrap();
    let inner = memory();
    for (service, work) in [("renamed", 3), ("finished", 0)] {
        let topic = format!("events:durable:{service}");
        inner.join(&topic, "durable", Start::Beginning).unwrap();
        for number in 0..work {
            inner.publish(&topic, &[record(number)]).unwrap();
        }
    }
    let transport = Arc::new(Evicting {
        inner: Arc::clone(&inner),
        silent: AtomicUsize::new(2),
    });
    let mut config = BusConfig::memory();
    config.max_event_bytes = 100_000;
    let bus = Bus::builder(config).transport(transport).start().unwrap();
    let told = || lines.0.lock().unwrap().clone();
    eventually(
        || told().len() >= 2,
        || format!("two warnings: {:?}", told()),
    );

    let picture = |bytes| PictureTaken {
        picture: "x".repeat(bytes),
    };
    let sent = PICTURE_TAKEN.send_event(picture(100_000)).into_result();
    let error = sent.unwrap_err().to_string();
    assert!(error.contains("`bus.max_event_bytes`"), "{error}");
    let stored = || {
        let topics = inner.topics().unwrap().into_iter();
        topics.map(|topic| topic.entries).sum::<u64>()
    };
    assert_eq!(stored(), 3);
    assert!(PICTURE_TAKEN.send_event(picture(10)).is_ok());
    assert_eq!(stored(), 4);
    bus.shutdown(LONG).unwrap();

    let told = told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("maxmemory-policy"), "{}", told[0]);
    assert!(told[1].contains("3 entries of `renamed`\""), "{}", told[1]);
}
