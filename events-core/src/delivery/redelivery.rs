//! Handing an event to receivers with the metadata it was first sent with.

use core::borrow::Borrow;
use core::error::Error;
use core::fmt;
use std::sync::Arc;

use crate::dispatch::{self, Delivery, How, InfoTable, Infos, Metadata, Responses};
use crate::event::AnyEvent;
use crate::metadata::EventMetadata;
use crate::receiver::ReceiverInfo;
use crate::signal::{Entry, ReceiverList};

/// How an event is handed to receivers by [`AnyEvent::redeliver`].
#[derive(Clone, Copy)]
#[must_use]
pub struct Redelivery<'a> {
    from_event_bus: bool,
    select: Option<&'a dyn Fn(&ReceiverInfo) -> bool>,
    runs_durable: bool,
    watch: Option<&'a dyn Watch>,
}

/// Observer of the receivers of a [`Redelivery`] while they run: for a caller that may have to go on without a receiver that does
/// not come back, and has to know how the others ended.
///
/// Receivers run one after the other, in their declared order. A receiver that neither [`came_back`](Self::came_back) nor
/// [`failed`](Self::failed) before the next one is asked for has panicked.
///
/// ```standalone_crate
/// use std::error::Error;
/// use std::sync::Mutex;
///
/// use events_core::delivery::{OwnedEvent, Redelivery, Watch};
/// use events_core::{EventMetadata, ReceiverInfo, event};
///
/// #[event(type = "org.example.shop.order.placed.v1")]
/// pub struct OrderPlaced {
///     pub number: i64,
/// }
///
/// #[derive(Default)]
/// struct Log(Mutex<Vec<String>>);
///
/// impl Watch for Log {
///     fn may_run(&self, receiver: &ReceiverInfo) -> bool {
///         self.0.lock().unwrap().push(format!("{} begins", receiver.id));
///         true
///     }
///     fn came_back(&self, _: &ReceiverInfo) {
///         self.0.lock().unwrap().push("ok".to_owned());
///     }
///     fn failed(&self, _: &ReceiverInfo, error: &(dyn Error + 'static)) {
///         self.0.lock().unwrap().push(error.to_string());
///     }
/// }
///
/// let _a = ORDER_PLACED.connect_with("a", 0, |_| Err::<(), _>("no such order"));
/// let _b = ORDER_PLACED.connect_with("b", 1, |_| panic!("neither"));
/// let _c = ORDER_PLACED.connect_with("c", 2, |_| {});
/// let log = Log::default();
/// let event = OwnedEvent::new(OrderPlaced { number: 0 });
/// let metadata = EventMetadata::new("org.example.shop.order.placed.v1");
/// event.get().redeliver(&metadata, Redelivery::from_event_bus().watched_by(&log));
/// assert_eq!(
///     *log.0.lock().unwrap(),
///     ["a begins", "no such order", "b begins", "c begins", "ok"]
/// );
/// ```
pub trait Watch {
    /// Returns `true` if a receiver may run, which is the next one. One that may not run is passed over, and the responses count
    /// it as a success: a caller that says no disregards the responses.
    fn may_run(&self, receiver: &ReceiverInfo) -> bool;

    /// Notes that a receiver returned without an error. For an `async` one, its task has started.
    fn came_back(&self, receiver: &ReceiverInfo);

    /// Notes that a receiver returned an error. Does nothing by default.
    fn failed(&self, receiver: &ReceiverInfo, error: &(dyn Error + 'static)) {
        let _ = (receiver, error);
    }
}

impl<'a> Redelivery<'a> {
    /// An event that came from an event bus: receivers see `from_event_bus` as `true`.
    pub const fn from_event_bus() -> Self {
        Self::new(true)
    }

    /// An event of this process whose sending was put off, such as one that waited in an outbox for the end of a
    /// transaction: receivers see `from_event_bus` as `false`.
    pub const fn from_outbox() -> Self {
        Self::new(false)
    }

    const fn new(from_event_bus: bool) -> Self {
        Self {
            from_event_bus,
            select: None,
            runs_durable: false,
            watch: None,
        }
    }

    /// Runs only the receivers for which this holds. It is asked once for each receiver, before the first one runs.
    pub const fn only(mut self, select: &'a dyn Fn(&ReceiverInfo) -> bool) -> Self {
        self.select = Some(select);
        self
    }

    /// Runs durable receivers here and now, as others, in place of storing their work: for whoever had it stored.
    pub const fn running_durable(mut self) -> Self {
        self.runs_durable = true;
        self
    }

    /// Asks before each receiver runs, and tells when it came back.
    pub const fn watched_by(mut self, watch: &'a dyn Watch) -> Self {
        self.watch = Some(watch);
        self
    }

    fn run(
        self,
        event: AnyEvent<'_>,
        list: &ReceiverList,
        infos: Infos,
        metadata: Metadata<'_>,
    ) -> Responses {
        let entries = list.entries();
        let how = How {
            runs_durable: self.runs_durable || list.runs_durable(),
            watch: self.watch,
        };
        let Some(select) = self.select else {
            return run(event, entries, infos, metadata, how);
        };
        let selected: Vec<&Entry> = entries.iter().filter(|entry| select(&entry.info)).collect();
        if selected.len() == entries.len() {
            return run(event, entries, infos, metadata, how);
        }
        let table = InfoTable {
            event_type: event.info().event_type,
            infos: selected.iter().map(|entry| entry.info.clone()).collect(),
        };
        let infos = Infos::Shared(Arc::new(table));
        run(event, &selected, infos, metadata, how)
    }
}

fn run(
    event: AnyEvent<'_>,
    entries: &[impl Borrow<Entry>],
    infos: Infos,
    metadata: Metadata<'_>,
    how: How<'_>,
) -> Responses {
    let delivery = Delivery::new(event.info(), infos.table(), metadata);
    dispatch::robust_any(event, entries, &delivery, how);
    let details = delivery.into_details();
    Responses::new(infos, details)
}

impl fmt::Debug for Redelivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redelivery")
            .field("from_event_bus", &self.from_event_bus)
            .field("only", &self.select.map(|_| ".."))
            .field("runs_durable", &self.runs_durable)
            .field("watch", &self.watch.map(|_| ".."))
            .finish()
    }
}

impl AnyEvent<'_> {
    /// Hands the event to the receivers of its signal, with the metadata it was first sent with.
    ///
    /// For whoever carries events. It is as [`Signal::send_event_with_metadata`](crate::Signal::send_event_with_metadata)
    /// where the type of the event is not known: failures are caught, and nothing happens when the signal is disabled.
    /// Inside a testing scope it is seen as a send.
    ///
    /// The responses are those of the receivers that were chosen, in their declared order.
    pub fn redeliver(self, metadata: &EventMetadata, how: Redelivery<'_>) -> Responses {
        let metadata = if how.from_event_bus {
            Metadata::Incoming(metadata)
        } else {
            Metadata::PutOff(metadata)
        };
        #[cfg(feature = "testing")]
        if let Some(scope) = crate::testing::current() {
            let Some(list) = self.begin_send(&scope, metadata) else {
                return Responses::empty();
            };
            let infos = Infos::Shared(list.table().clone());
            return how.run(self, &list, infos, metadata);
        }
        let signal = self.signal().__core();
        let responses = signal.with_list(|list, infos| how.run(self, list, infos, metadata));
        responses.unwrap_or(Responses::empty())
    }
}
