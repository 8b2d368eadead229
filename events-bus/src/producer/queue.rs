//! The outbox in memory: what is sent waits in a queue until the publisher of its topic takes it.
//!
//! It promises nothing beyond the process, and so needs nothing of what a transport has: no group, no lease, nothing pending. A
//! sender copies its event into a buffer that it shares with the other senders, and allocates nothing; the publisher makes the
//! records. Memory that one thread allocates and another one gives back has both wait for the allocator, which cost a sender more
//! than all the rest.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use events_core::EventMetadata;

use crate::record::Record;
use crate::trace::TraceContext;

/// What a burst has needed beyond this is given back.
const KEPT_EVENTS: usize = 4_096;
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
    /// The publisher waits. While it works, nobody has to wake it, which would be a system call.
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

    /// Takes all that wait into what is empty, after having waited for the first. The senders go on with what it was given: the
    /// two take turns.
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

/// Events one after the other.
#[derive(Default)]
pub(super) struct Events {
    heads: VecDeque<Head>,
    /// The key and the body of each.
    bytes: Vec<u8>,
    /// How many of the bytes were read.
    read: usize,
}

struct Head {
    metadata: EventMetadata,
    trace: Option<TraceContext>,
    /// The length of the key, where there is one.
    key: Option<usize>,
    /// The length of the body.
    body: usize,
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

    /// Makes records of the next ones, at most so many.
    pub(super) fn next(&mut self, most: usize) -> Vec<Record> {
        let count = self.len().min(most);
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
                    // It was one when it came.
                    key: key.and_then(|key| std::str::from_utf8(key).ok()),
                    body: take(head.body),
                    trace: head.trace,
                }
                .into_record()
            })
            .collect()
    }

    /// Ready for others.
    pub(super) fn clear(&mut self) {
        self.heads.clear();
        self.heads.shrink_to(KEPT_EVENTS);
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
        self.read = 0;
    }
}
