//! An entry on its way through a consumer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use events_core::delivery::{OwnedEvent, Watch};
use events_core::{AnySignal, ReceiverInfo, Uuid};

use super::plan;
use super::source::Source;
use crate::record::Record;
use crate::transport::{Entry, EntryId, Malformed};
use crate::wire;

/// An entry that a consumer was handed.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) source: Arc<Source>,
    /// The reign in which it was handed out: what comes of it means nothing in a later one.
    pub(super) reign: u64,
    pub(super) entry: Entry,
    /// The event's own key, where the entry does not say one.
    own_key: Option<Arc<str>>,
    /// What it was decoded to, by the first who needs it.
    decoded: OnceLock<(&'static dyn AnySignal, OwnedEvent)>,
    /// How far its receivers are, when it is run first.
    pub(super) run: Run,
}

/// How far the receivers of an entry are that was handed out: written by the thread that runs them, and read by who gives it up.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// Those that are run, where these are not all.
    chosen: OnceLock<Box<[Arc<str>]>>,
    /// How many of them have begun.
    begun: AtomicUsize,
    /// Which of them have handled the event, as bits. Of more than there are bits it is not known.
    handled: AtomicU64,
    given_up: AtomicBool,
}

impl Run {
    pub(super) fn choose(&self, receivers: &[Arc<str>]) {
        let _ = self.chosen.set(receivers.into());
    }

    pub(super) fn is_chosen(&self, receiver: &Arc<str>) -> bool {
        let chosen = self.chosen.get();
        chosen.is_none_or(|chosen| chosen.contains(receiver))
    }

    pub(super) fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }

    /// Gives it up: none of them begins any more. Says how many have begun, and which of them were through.
    pub(super) fn give_up(&self) -> (usize, u64) {
        // Either this thread sees that a receiver has begun, or that one sees that it must not.
        self.given_up.store(true, Ordering::SeqCst);
        (
            self.begun.load(Ordering::SeqCst),
            self.handled.load(Ordering::SeqCst),
        )
    }
}

impl Watch for Run {
    fn may_run(&self, _: &ReceiverInfo) -> bool {
        self.begun.fetch_add(1, Ordering::SeqCst);
        !self.given_up.load(Ordering::SeqCst)
    }

    fn came_back(&self, receiver: &ReceiverInfo) {
        // The task of an `async` one is only beginning.
        let index = self.begun.load(Ordering::Relaxed) - 1;
        if !receiver.is_async && index < 64 {
            self.handled.fetch_or(1 << index, Ordering::SeqCst);
        }
    }
}

impl Job {
    pub(super) fn new(source: Arc<Source>, reign: u64, entry: Entry) -> Self {
        let mut job = Self {
            source,
            reign,
            entry,
            own_key: None,
            decoded: OnceLock::new(),
            run: Run::default(),
        };
        job.own_key = job.find_key();
        job
    }

    /// The key of an event that was published without one, as the Python services do: their order counts as well. The event is read
    /// for that, and need not be read again.
    fn find_key(&self) -> Option<Arc<str>> {
        let record = self.record().ok().filter(|record| record.key.is_none())?;
        let signal = plan::find(record.metadata.event_type())?;
        signal.event().key?;
        // What cannot be read, or whose key cannot be shown, has none; the lane says what is wrong with it.
        let read = || {
            let minor_version = record.metadata.minor_version();
            let event = wire::decode_any(signal, &record.body, minor_version).ok()?;
            let key = event.get().key().map(Arc::from);
            Some((event, key))
        };
        let (event, key) = catch_unwind(AssertUnwindSafe(read)).ok().flatten()?;
        self.set_event(signal, event);
        key
    }

    pub(super) fn entry_id(&self) -> EntryId {
        self.entry.id
    }

    pub(super) fn record(&self) -> Result<&Record, &Malformed> {
        self.entry.record.as_ref()
    }

    pub(super) fn event_id(&self) -> Option<Uuid> {
        self.record().ok().map(|record| record.metadata.id())
    }

    pub(super) fn key(&self) -> Option<&Arc<str>> {
        let record = self.record().ok()?;
        record.key.as_ref().or(self.own_key.as_ref())
    }

    /// The event and its signal, once [`set_event`](Self::set_event) was called.
    pub(super) fn event(&self) -> Option<(&'static dyn AnySignal, &OwnedEvent)> {
        self.decoded.get().map(|(signal, event)| (*signal, event))
    }

    pub(super) fn set_event(&self, signal: &'static dyn AnySignal, event: OwnedEvent) {
        // Of two that decode, both have the same.
        let _ = self.decoded.set((signal, event));
    }

    /// Whether what comes of it still counts.
    pub(super) fn is_current(&self, now: Instant) -> bool {
        self.source.reigns_at(self.reign, now)
    }
}
