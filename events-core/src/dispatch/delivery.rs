//! What comes with an event when it is handed to a receiver.

use core::cell::{Cell, OnceCell};
use core::fmt;
use std::sync::Arc;

use super::BoxError;
use super::outcome::Failure;
use super::responses::{Details, InfoTable};
use crate::clock;
use crate::delivery::{self, NotStored};
use crate::event::{AnyEvent, EventInfo};
use crate::metadata::EventMetadata;
use crate::time::Timestamp;

/// One send of one event, as a receiver sees it: what comes with the event.
///
/// A function that `#[receiver]` annotates asks for these things by the names of its parameters. A closure that
/// [`connect_any`](trait.AnySignal.html#method.connect_any) connects gets this.
pub struct Delivery<'a> {
    info: &'static EventInfo,
    table: &'a InfoTable,
    metadata: Metadata<'a>,
    /// The receiver that runs: after a panic this is all that is left to say which it was.
    pub(crate) cursor: Cell<usize>,
    /// What is not plain success, so far. In the end it is moved out, so that a send that goes well drops nothing.
    details: Cell<Option<Box<Details>>>,
}

/// Where metadata comes from. It lives with the sender: a send whose receivers do not ask for it pays for none of it.
#[derive(Clone, Copy)]
pub(crate) enum Metadata<'a> {
    /// No receiver asks for it, as the list of receivers knows.
    Unwanted,
    /// It is made when the first receiver reads it.
    Fresh(&'a FreshMetadata),
    /// It came with the event from a bus.
    Incoming(&'a EventMetadata),
    /// It was made when the event was to be sent by this process, which put that off.
    PutOff(&'a EventMetadata),
}

impl<'a> Metadata<'a> {
    /// What was made before this send.
    pub(crate) fn given(self) -> Option<&'a EventMetadata> {
        match self {
            Self::Incoming(metadata) | Self::PutOff(metadata) => Some(metadata),
            Self::Unwanted | Self::Fresh(_) => None,
        }
    }

    #[inline]
    #[expect(
        clippy::wrong_self_convention,
        reason = "as `Delivery::from_event_bus`"
    )]
    pub(crate) fn from_event_bus(self) -> bool {
        matches!(self, Self::Incoming(_))
    }
}

/// Metadata that is made when it is first read, with the time of the send.
pub(crate) struct FreshMetadata {
    time: Timestamp,
    cell: OnceCell<EventMetadata>,
}

impl FreshMetadata {
    /// Reads the clock.
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            time: clock::now(),
            cell: OnceCell::new(),
        }
    }
}

impl From<EventMetadata> for FreshMetadata {
    fn from(metadata: EventMetadata) -> Self {
        Self {
            time: metadata.time(),
            cell: OnceCell::from(metadata),
        }
    }
}

impl<'a> Delivery<'a> {
    #[inline]
    pub(crate) const fn new(
        info: &'static EventInfo,
        table: &'a InfoTable,
        metadata: Metadata<'a>,
    ) -> Self {
        Self {
            info,
            table,
            metadata,
            cursor: Cell::new(0),
            details: Cell::new(None),
        }
    }

    /// The metadata of the event: one for all receivers of one send, with the time of the send.
    ///
    /// # Panics
    /// When the receiver did not say that it asks for metadata. Those that `#[receiver]` writes say it where they do, and
    /// what `connect_any` connects may always ask.
    #[inline]
    pub fn metadata(&self) -> &EventMetadata {
        match self.metadata {
            Metadata::Incoming(metadata) | Metadata::PutOff(metadata) => metadata,
            Metadata::Fresh(fresh) => fresh.cell.get_or_init(|| {
                EventMetadata::for_send(
                    self.info.event_type,
                    i64::from(self.info.minor_version),
                    fresh.time,
                )
            }),
            Metadata::Unwanted => panic!("a receiver reads metadata that it did not ask for"),
        }
    }

    /// Whether the event came from an event bus.
    #[inline]
    #[expect(
        clippy::wrong_self_convention,
        reason = "named like the parameter that receivers ask for it with"
    )]
    pub fn from_event_bus(&self) -> bool {
        self.metadata.from_event_bus()
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn info(&self) -> &'static EventInfo {
        self.info
    }

    /// The receivers of the send.
    pub(super) fn table(&self) -> &'a InfoTable {
        self.table
    }

    /// The receiver at the cursor has run.
    #[inline]
    pub(super) fn advance(&self) {
        self.cursor.set(self.cursor.get() + 1);
    }

    /// Notes that the receiver at the cursor failed.
    pub(super) fn fail(&self, failure: Failure) {
        self.change(|details| details.fail(self.cursor.get(), failure));
    }

    /// Has the work of the durable receivers of this send stored, all of it when the first of them has its turn. Gives the
    /// outcome of the one at the cursor.
    #[cold]
    pub(crate) fn store(&self, event: AnyEvent<'_>) -> Result<(), BoxError> {
        let stored = self.change(|details| details.stored.clone());
        let stored = stored.unwrap_or_else(|| {
            let infos = self.table.infos.iter().map(|info| &**info);
            let durable: Vec<_> = infos.filter(|info| info.is_durable).collect();
            let stored = delivery::store(event, self, &durable).map_err(Arc::new);
            self.change(|details| details.stored = Some(stored.clone()));
            stored
        });
        stored.map_err(|cause| {
            let receiver = &self.table.infos[self.cursor.get()];
            NotStored::new(receiver, cause).into()
        })
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Details) -> T) -> T {
        let mut details = self.details.take().unwrap_or_default();
        let result = change(&mut details);
        self.details.set(Some(details));
        result
    }

    #[inline]
    pub(crate) fn into_details(self) -> Option<Box<Details>> {
        self.details.into_inner()
    }
}

impl fmt::Debug for Delivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("event_type", &self.info.event_type)
            .field("from_event_bus", &self.from_event_bus())
            .finish_non_exhaustive()
    }
}
