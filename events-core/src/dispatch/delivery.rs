//! What comes with an event when it is handed to a receiver.

use core::cell::{Cell, OnceCell};
use core::fmt;

use crate::clock;
use crate::event::EventInfo;
use crate::metadata::EventMetadata;
use crate::time::Timestamp;

/// One send of one event, as a receiver sees it. Used by the code that `#[receiver]` writes.
pub struct Delivery<'a> {
    info: &'static EventInfo,
    /// The metadata of an event that came from a bus.
    incoming: Option<&'a EventMetadata>,
    /// The time of the send; read only when a receiver asks for metadata, as was known when the list was made.
    time: Timestamp,
    metadata: OnceCell<EventMetadata>,
    /// The receiver that runs: after a panic this is all that is left to say which it was.
    pub(crate) cursor: Cell<usize>,
    #[cfg(feature = "tokio")]
    pub(crate) tasks: core::cell::RefCell<Vec<super::task::Task>>,
}

impl<'a> Delivery<'a> {
    #[inline]
    pub(crate) fn new(info: &'static EventInfo, wants_metadata: bool) -> Self {
        let time = if wants_metadata {
            clock::now()
        } else {
            Timestamp::UNIX_EPOCH
        };
        Self::with(info, None, time, OnceCell::new())
    }

    #[inline]
    pub(crate) fn from_bus(info: &'static EventInfo, metadata: &'a EventMetadata) -> Self {
        Self::with(info, Some(metadata), Timestamp::UNIX_EPOCH, OnceCell::new())
    }

    /// With metadata made elsewhere, but not marked as coming from a bus.
    #[cfg(feature = "testing")]
    pub(crate) fn with_metadata(info: &'static EventInfo, metadata: EventMetadata) -> Self {
        Self::with(info, None, Timestamp::UNIX_EPOCH, OnceCell::from(metadata))
    }

    #[inline]
    fn with(
        info: &'static EventInfo,
        incoming: Option<&'a EventMetadata>,
        time: Timestamp,
        metadata: OnceCell<EventMetadata>,
    ) -> Self {
        Self {
            info,
            incoming,
            time,
            metadata,
            cursor: Cell::new(0),
            #[cfg(feature = "tokio")]
            tasks: core::cell::RefCell::default(),
        }
    }

    /// The metadata of the event: one for all receivers of one send, with the time of the send.
    #[inline]
    pub fn metadata(&self) -> &EventMetadata {
        match self.incoming {
            Some(metadata) => metadata,
            None => self.metadata.get_or_init(|| {
                EventMetadata::for_send(
                    self.info.event_type,
                    i64::from(self.info.minor_version),
                    self.time,
                )
            }),
        }
    }

    /// Whether the event came from an event bus.
    #[inline]
    pub fn from_event_bus(&self) -> bool {
        self.incoming.is_some()
    }

    pub(crate) fn info(&self) -> &'static EventInfo {
        self.info
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
