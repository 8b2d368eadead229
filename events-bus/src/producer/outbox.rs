//! Outboxes: events wait in them until they are published.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use events_core::EventMetadata;

use super::backlog::{Backlog, Capacity, Rows};
use super::queue::Sent;
use super::report::Reports;
use super::size::{self, EventTooLarge};
use crate::metrics::ProducerMetrics;
use crate::transport::{SharedTransport, TransportError, TransportErrorKind};

/// The group in which the publisher of an outbox reads it.
pub(super) const GROUP: &str = "publisher";

/// Longest and shortest time between two questions of a flush to the store.
const ASK: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(50));

/// The place where a bus puts the events that are sent.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// Maximum size of an event in bytes.
    pub(crate) max_event_bytes: usize,
    pub(crate) way: Way,
}

/// The way from a send to the transport.
#[derive(Debug)]
pub(crate) enum Way {
    /// A send publishes to the transport, which stores the event before the send returns.
    Direct {
        transport: SharedTransport,
        reports: Reports,
    },
    /// A send puts the event into a store, from which a publisher takes it.
    Stored {
        store: Store,
        capacity: Capacity,
        backlogs: BTreeMap<String, Arc<Backlog>>,
    },
}

/// A store of events that wait.
#[derive(Debug, Clone)]
pub(crate) enum Store {
    /// The memory of the process: a queue for each topic.
    Memory,
    /// A transport that outlasts the process.
    Kept(SharedTransport),
}

/// Number of waiting events of all topics, or the reason why a store did not say.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// Number of events that still wait, as far as it is known.
    pub(crate) waiting: u64,
    /// Error of a store that could not be asked.
    pub(crate) unknown: Option<TransportError>,
    /// Reason of the last failure to publish.
    pub(crate) failure: Option<Box<str>>,
}

impl Outbox {
    /// Returns the destination of the records of a topic.
    pub(crate) fn destination(&self, topic: &str) -> Destination {
        Destination {
            topic: topic.to_owned(),
            metrics: ProducerMetrics::new(topic),
            backlog: match &self.way {
                Way::Direct { .. } => None,
                Way::Stored { backlogs, .. } => backlogs.get(topic).cloned(),
            },
        }
    }

    /// Checks the size of an event, and counts the event as refused if it is too large.
    ///
    /// # Errors
    /// Returns an error if the event is larger than the limit of the bus.
    pub(super) fn check_size(
        &self,
        destination: &Destination,
        metadata: &EventMetadata,
        key: Option<&str>,
        body: &[u8],
    ) -> Result<(), EventTooLarge> {
        let event_type = metadata.event_type();
        let size = body.len() + key.map_or(0, str::len) + event_type.len();
        let checked = size::check(event_type, size, self.max_event_bytes);
        if checked.is_err() {
            destination.metrics.refused();
        }
        checked
    }

    /// Takes an event. When this returns, the event is as safe as the store makes it.
    ///
    /// # Errors
    /// Returns an error if the event was not stored, or if that is unknown.
    pub(super) fn put(
        &self,
        destination: &Destination,
        event: Sent<'_>,
    ) -> Result<(), TransportError> {
        let metrics = &destination.metrics;
        let topic = &*destination.topic;
        let result = match (&self.way, &destination.backlog) {
            (Way::Direct { transport, reports }, _) => {
                let records = &[event.into_record()];
                transport.publish(topic, records).map(|ids| {
                    let ids: Vec<_> = ids.into_iter().map(Some).collect();
                    reports.published(topic, metrics, records, &ids);
                })
            }
            (
                Way::Stored {
                    store, capacity, ..
                },
                Some(backlog),
            ) => {
                let result = match store {
                    Store::Memory => backlog.enter(*capacity).map(|()| {
                        backlog.queue.push(event);
                        Ok(())
                    }),
                    Store::Kept(store) => backlog.put(*capacity, || {
                        let records = &[event.into_record()];
                        store.publish(&backlog.outbox, records).map(drop)
                    }),
                };
                result.unwrap_or_else(|count| Err(full(topic, count, *capacity)))
            }
            (Way::Stored { .. }, None) => Err(TransportError::new(
                TransportErrorKind::Refused,
                "outbox",
                format!("topic `{topic}` has no outbox; add a route to it"),
            )),
        };
        match result {
            Ok(()) => metrics.sent(1),
            Err(_) => metrics.refused(),
        }
        result
    }

    /// Returns the number of events that wait. Asks the store, which other processes use as well.
    ///
    /// # Errors
    /// Returns an error if the store does not answer.
    pub(crate) fn waiting(&self) -> Result<u64, TransportError> {
        let Way::Stored {
            store, backlogs, ..
        } = &self.way
        else {
            return Ok(0);
        };
        let waiting = |backlog: &Arc<Backlog>| match store {
            Store::Memory => Ok(backlog.count()),
            Store::Kept(store) => Rows::of(store, &backlog.outbox).map(Rows::waiting),
        };
        backlogs.values().map(waiting).sum()
    }

    /// Waits until the events that wait now are published, at most until the deadline.
    pub(crate) fn flush(&self, deadline: Instant) -> Left {
        let Way::Stored {
            store, backlogs, ..
        } = &self.way
        else {
            return Left::default();
        };
        let mut left = match store {
            Store::Memory => flush_memory(backlogs, deadline),
            Store::Kept(store) => flush_store(store, backlogs, deadline),
        };
        let mut failures = backlogs.values();
        left.failure = failures.find_map(|backlog| backlog.failure());
        left
    }
}

fn flush_memory(backlogs: &BTreeMap<String, Arc<Backlog>>, deadline: Instant) -> Left {
    let targets: Vec<_> = backlogs
        .values()
        .map(|backlog| {
            // In this order: an event that leaves in between makes the target too high, and never too low.
            let count = backlog.count();
            (backlog, backlog.left().saturating_add(count))
        })
        .collect();
    let mut left = Left::default();
    for (backlog, target) in targets {
        backlog.wait_until_left(target, deadline);
        left.waiting += target.saturating_sub(backlog.left()).min(backlog.count());
    }
    left
}

fn flush_store(
    store: &SharedTransport,
    backlogs: &BTreeMap<String, Arc<Backlog>>,
    deadline: Instant,
) -> Left {
    // All of them are asked before the first is waited for. A store that does not answer is asked again.
    let mut targets: Vec<_> = backlogs
        .values()
        .map(|backlog| (backlog, Rows::of(store, &backlog.outbox).ok()))
        .collect();
    let mut left = Left::default();
    for (backlog, target) in &mut targets {
        let mut pause = ASK.0;
        loop {
            let (waiting, unknown) = match Rows::of(store, &backlog.outbox) {
                Ok(rows) => (rows.still_waiting(*target.get_or_insert(rows)), None),
                Err(error) => (0, Some(error)),
            };
            if waiting == 0 && unknown.is_none() {
                break;
            }
            let time = deadline.saturating_duration_since(Instant::now());
            if time.is_zero() {
                left.waiting += waiting;
                left.unknown = left.unknown.or(unknown);
                break;
            }
            backlog.wait(pause.min(time));
            pause = (pause * 2).min(ASK.1);
        }
    }
    left
}

/// The destination of records: one topic.
pub(crate) struct Destination {
    topic: String,
    metrics: ProducerMetrics,
    backlog: Option<Arc<Backlog>>,
}

fn full(topic: &str, count: u64, capacity: Capacity) -> TransportError {
    let waited = if capacity.wait.is_zero() {
        "`when_full` says to refuse".to_owned()
    } else {
        format!("none was published in {:?}", capacity.wait)
    };
    TransportError::new(
        TransportErrorKind::Full,
        "outbox",
        format!(
            "{count} events wait to be published to `{topic}`, which is its capacity, and {waited}; the event was not taken: see \
             why nothing is published (`events bus status`), or raise `bus.outbox.capacity`"
        ),
    )
}
