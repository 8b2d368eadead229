//! The outbox in memory: a queue of events for each topic, from which the publisher takes them.
//!
//! It promises nothing beyond the process, and so needs nothing of a transport: no group, no lease, no pending entries. A sender
//! copies its event into a buffer that it shares with the other senders, and allocates nothing; the publisher makes the records.
//! Memory that one thread allocates and another one frees makes both wait for the allocator, which cost a sender more than all the
//! rest.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use events_core::EventMetadata;

use super::size;
use crate::record::Record;
use crate::trace::TraceContext;

/// Number of events for which a buffer keeps its memory after a burst.
const KEPT_EVENTS: usize = 4_096;
/// Memory that a buffer keeps after a burst, in bytes.
const KEPT_BYTES: usize = 2 << 20;

/// An event on its way into an outbox.
pub(super) struct Sent<'a> {
    pub(super) metadata: EventMetadata,
    pub(super) key: Option<&'a str>,
    pub(super) body: &'a [u8],
    pub(super) trace: Option<TraceContext>,
}

impl Sent<'_> {
    pub(super) fn into_record(self) -> Record {
        Record {
            metadata: self.metadata,
            key: self.key.map(Arc::from),
            body: Arc::from(self.body),
            trace: self.trace,
            requeued: None,
            receivers: Vec::new(),
            from_event_bus: false,
        }
    }
}

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    events: Events,
    /// `true` while the publisher waits. While it works, it needs no wake-up, which would be a system call.
    is_awaited: bool,
}

impl Queue {
    pub(super) fn push(&self, event: Sent<'_>) {
        let mut state = self.lock();
        state.events.push(event);
        let is_awaited = std::mem::take(&mut state.is_awaited);
        drop(state);
        if is_awaited {
            self.arrived.notify_one();
        }
    }

    /// Takes all waiting events in exchange for an empty buffer, after it has waited for the first. Senders go on with that buffer:
    /// the two take turns.
    pub(super) fn take(&self, all: &mut Events, wait: Duration) {
        let mut state = self.lock();
        if state.events.is_empty() {
            state.is_awaited = true;
            state = self
                .arrived
                .wait_timeout_while(state, wait, |state| state.events.is_empty())
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            state.is_awaited = false;
        }
        std::mem::swap(&mut state.events, all);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without the events, which hold payload.
impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events", self.lock().events.len())
    }
}

/// Events in the order in which they were sent.
#[derive(Default)]
pub(super) struct Events {
    heads: VecDeque<Head>,
    /// The key and the body of each.
    bytes: Vec<u8>,
    /// Number of bytes that were read.
    read: usize,
}

struct Head {
    metadata: EventMetadata,
    trace: Option<TraceContext>,
    /// Length of the key, if there is one.
    key: Option<usize>,
    /// Length of the body.
    body: usize,
}

impl Head {
    fn size(&self) -> usize {
        self.body + self.key.unwrap_or(0) + self.metadata.event_type().len()
    }
}

impl Events {
    fn push(&mut self, event: Sent<'_>) {
        let Sent {
            metadata,
            key,
            body,
            trace,
        } = event;
        self.bytes
            .extend_from_slice(key.unwrap_or_default().as_bytes());
        self.bytes.extend_from_slice(body);
        self.heads.push_back(Head {
            metadata,
            trace,
            key: key.map(str::len),
            body: body.len(),
        });
    }

    pub(super) fn len(&self) -> usize {
        self.heads.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// Returns the records of the next batch: at most `max_records`, and at most 8 MiB or one record.
    pub(super) fn next(&mut self, max_records: usize) -> Vec<Record> {
        let count = size::batch_len(self.heads.iter().map(Head::size), max_records);
        let Self { heads, bytes, read } = self;
        heads
            .drain(..count)
            .map(|head| {
                let mut take = |length: usize| {
                    let from = *read;
                    *read += length;
                    bytes.get(from..*read).unwrap_or_default()
                };
                let key = head.key.map(&mut take);
                Sent {
                    metadata: head.metadata,
                    // It was UTF-8 when it came.
                    key: key.and_then(|key| std::str::from_utf8(key).ok()),
                    body: take(head.body),
                    trace: head.trace,
                }
                .into_record()
            })
            .collect()
    }

    /// Empties the buffer for other events.
    pub(super) fn clear(&mut self) {
        self.heads.clear();
        self.heads.shrink_to(KEPT_EVENTS);
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
        self.read = 0;
    }
}
