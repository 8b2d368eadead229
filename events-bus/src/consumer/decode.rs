//! Decoding: an entry becomes a job with its signal, its event and its key.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use events_core::delivery::OwnedEvent;
use events_core::{AnySignal, Uuid, registry};

use super::delivery::Delivery;
use super::retry_queue::Place;
use super::term::Term;
use super::watch::Progress;
use crate::config::UnknownTypes;
use crate::record::Record;
use crate::transport::{DeadReason, Entry, EntryId, Malformed, rules};
use crate::wire;
use crate::worker::catch;

/// Delivery of an entry, or of one receiver of the retry queue, on its way through a consumer.
#[derive(Debug)]
pub(super) struct Job {
    /// The term in which it was handed out. Its result counts in no other.
    pub(super) term: Arc<Term>,
    pub(super) entry: Entry,
    /// `true` if a copy of the event was in flight when this one was handed out.
    pub(super) is_copy: bool,
    /// Own key of an event whose record has none.
    own_key: Option<Arc<str>>,
    /// Set by the first who needs the event.
    decoded: OnceLock<(&'static dyn AnySignal, OwnedEvent)>,
    /// State of the receivers before they run. Not set if all of them run.
    pub(super) plan: OnceLock<Delivery>,
    pub(super) progress: Progress,
}

/// Reason why no receiver runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// The entry becomes a dead letter.
    Dead(DeadReason, Box<str>),
    /// The entry is of no interest: the subscription skips types that this binary does not know.
    Skipped,
}

impl Job {
    /// Creates a job. Decodes an event that has to be decoded to know its key.
    pub(super) fn new(term: Arc<Term>, entry: Entry, is_copy: bool) -> Self {
        let mut job = Self {
            term,
            entry,
            is_copy,
            own_key: None,
            decoded: OnceLock::new(),
            plan: OnceLock::new(),
            progress: Progress::default(),
        };
        job.own_key = job.find_key();
        job
    }

    /// Returns the key of an event whose record has none, as the Python services publish it: its order counts as well.
    fn find_key(&self) -> Option<Arc<str>> {
        if self.has_crashed() {
            // Decoding may be what ends the process.
            return None;
        }
        if let Some(retry) = &self.entry.retry {
            return retry.key.clone();
        }
        let record = self.record().ok().filter(|record| record.key.is_none())?;
        let signal = find(record.metadata.event_type())?;
        signal.event().key?;
        // An event that cannot be read, or whose key cannot be shown, has none. The executor reports the reason.
        let read = || {
            let minor_version = record.metadata.minor_version();
            let event = wire::decode_any(signal, &record.body, minor_version).ok()?;
            let key = event.get().key().map(Arc::from);
            Some((event, key))
        };
        let (event, key) = catch(read).ok().flatten()?;
        let _ = self.decoded.set((signal, event));
        key
    }

    /// Returns `true` if the entry has ended the process in as many trials as it gets.
    pub(super) fn has_crashed(&self) -> bool {
        self.entry.trials > rules::TRIALS
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

    /// Returns the type of the event for messages.
    pub(super) fn event_type(&self) -> &str {
        self.record()
            .map_or("", |record| record.metadata.event_type())
    }

    pub(super) fn key(&self) -> Option<&Arc<str>> {
        let record = self.record().ok()?;
        record.key.as_ref().or(self.own_key.as_ref())
    }

    /// Returns the place of a receiver in the retry queue. A delivery that came from there keeps its place.
    pub(super) fn place(&self, receiver: &Arc<str>) -> Place {
        match &self.entry.retry {
            Some(retry) => Place::new(self.entry.id, retry),
            None => Place {
                id: (self.entry.id, Arc::clone(receiver)),
                key: self.key().cloned(),
            },
        }
    }

    /// Returns the event and its signal, once [`decode`](Self::decode) has succeeded.
    pub(super) fn event(&self) -> Option<(&'static dyn AnySignal, &OwnedEvent)> {
        self.decoded.get().map(|(signal, event)| (*signal, event))
    }

    /// Decodes the event.
    ///
    /// # Errors
    /// Returns the reason why no receiver can run.
    pub(super) fn decode(&self) -> Result<&'static dyn AnySignal, Unreadable> {
        if self.has_crashed() {
            let error = format!(
                "the process ended {} times while it handled this entry alone",
                rules::TRIALS
            );
            return Err(Unreadable::Dead(DeadReason::Crashed, error.into()));
        }
        let record = self.record().map_err(|malformed| {
            Unreadable::Dead(DeadReason::Malformed, malformed.reason.clone())
        })?;
        if let Some((signal, _)) = self.event() {
            return Ok(signal);
        }
        let event_type = record.metadata.event_type();
        let Some(signal) = find(event_type) else {
            return Err(self.unknown(event_type));
        };
        let read = || {
            let minor_version = record.metadata.minor_version();
            let event = wire::decode_any(signal, &record.body, minor_version);
            event.map_err(|error| error.to_string())
        };
        let read = catch(read)
            .ok()
            .unwrap_or_else(|| Err("a type of the event panicked when it was read".into()));
        match read {
            Ok(event) => {
                let _ = self.decoded.set((signal, event));
                Ok(signal)
            }
            Err(error) => Err(Unreadable::Dead(DeadReason::Undecodable, error.into())),
        }
    }

    fn unknown(&self, event_type: &str) -> Unreadable {
        if self.term.source.unknown_types == UnknownTypes::Skip && self.entry.retry.is_none() {
            return Unreadable::Skipped;
        }
        let error = format!(
            "no event of this binary has the type `{event_type}`: link the catalog that declares it, or set \
             `unknown_types = \"skip\"` in the subscription"
        );
        Unreadable::Dead(DeadReason::UnknownType, error.into())
    }
}

/// Returns the signal of an event type, which usually is that of the entry before.
fn find(event_type: &str) -> Option<&'static dyn AnySignal> {
    thread_local! {
        static LAST: RefCell<Option<&'static dyn AnySignal>> = const { RefCell::new(None) };
    }
    LAST.with_borrow_mut(|last| match last {
        Some(signal) if signal.event().event_type == event_type => Some(*signal),
        _ => {
            *last = registry::find(event_type);
            *last
        }
    })
}
