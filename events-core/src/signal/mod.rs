//! Signals: the typed statics that events are sent and received through.

mod any;
mod connect;
mod core;
mod list;

use ::core::fmt;
use std::sync::OnceLock;

#[cfg(feature = "testing")]
pub(crate) use self::core::ConnectionId;
pub(crate) use self::core::SignalCore;
pub use any::{AnySignal, SignalInfo};
pub use connect::{Connection, UnknownReceiver};
pub(crate) use list::{
    AnyCall, AnyFunction, Call, Calls, Entry, ErasedCall, Function, InfoRef, ReceiverList,
};

use self::core::{DISABLED, LINKED, OVERLAY, READY};
use crate::codec::{ReadError, Reader, Source};
use crate::dispatch::{
    self, Delivery, FreshMetadata, InfoTable, Infos, Metadata, ReceiverError, Responses,
};
use crate::event::{Event, EventInfo, OwnedEvent};
use crate::metadata::EventMetadata;
use crate::receiver::ReceiverInfo;

/// The signal of an event: what receivers are connected to, and what an event is sent through.
///
/// `#[event]` makes one for each event, as a `static` named after the struct: `OrderPlaced` gets `ORDER_PLACED`.
///
/// ```
/// use events_core::{event, receiver};
///
/// /// Emitted when an order was placed.
/// #[event(type = "org.example.shop.order.placed.v1")]
/// pub struct OrderPlaced {
///     pub number: i64,
/// }
///
/// #[receiver(ORDER_PLACED)]
/// fn pack(number: i64) {
///     println!("packing order {number}");
/// }
///
/// let responses = ORDER_PLACED.send_event(OrderPlaced { number: 17 });
/// assert!(responses.is_ok());
/// ```
pub struct Signal<E: Event> {
    core: SignalCore,
    /// What the hot path calls: the link-time receivers with their types. It lives as long as the process, as the
    /// signal does, so it is a reference, and there is nothing of it to drop.
    linked: OnceLock<&'static Linked<E>>,
}

/// The receivers that the linker found, as the hot path needs them.
struct Linked<E> {
    calls: Calls<E>,
    table: &'static InfoTable,
    wants_metadata: bool,
}

/// What is compiled for each event to read it where its type is not known.
fn read<E: Event>(source: &mut (dyn Source<'_> + '_)) -> Result<OwnedEvent, ReadError> {
    match E::deserialize(Reader::new(source)) {
        Ok(event) => Ok(OwnedEvent::new(event)),
        Err(error) => Err(error),
    }
}

impl<E: Event> Signal<E> {
    /// Called by `#[event]`.
    #[doc(hidden)]
    pub const fn new(info: SignalInfo) -> Self {
        Self {
            core: SignalCore::new(info, E::INFO, read::<E>),
            linked: OnceLock::new(),
        }
    }

    pub(crate) fn core(&'static self) -> &'static SignalCore {
        &self.core
    }

    /// The signal's name and where it is declared.
    pub const fn info(&self) -> &SignalInfo {
        &self.core.info
    }

    /// What is known of the event at compile time.
    pub const fn event(&self) -> &'static EventInfo {
        self.core.event
    }

    /// The receivers that the next send would reach, in the order in which they would run.
    pub fn receivers(&'static self) -> Vec<ReceiverInfo> {
        self.core.receivers()
    }

    /// The manual receivers of the signal that the linker found, connected or not.
    pub fn manual_receivers(&'static self) -> Vec<ReceiverInfo> {
        self.core.manual_receivers()
    }

    /// Sends the event to every receiver, whatever the others do.
    ///
    /// A receiver's error or panic is caught, logged once and found in what this returns; the other receivers still
    /// run. Nothing happens when the signal is disabled. Receivers run on the calling thread, in their declared order;
    /// `async fn` receivers are spawned.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "a send that reaches nobody must cost next to nothing where it stands"
    )]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "an event that was sent is gone: nobody is to change it and send it again"
    )]
    pub fn send_event(&'static self, event: E) -> Responses {
        #[cfg(feature = "testing")]
        if crate::testing::is_active() {
            return self.send_general(&event);
        }
        let state = self.core.state();
        if state == READY | LINKED {
            self.send_to_linked(&event)
        } else if state == READY || state & DISABLED != 0 {
            Responses::empty()
        } else {
            self.send_general(&event)
        }
    }

    /// What nearly every send is: to the receivers that the linker found, and to no others.
    #[inline]
    fn send_to_linked(&'static self, event: &E) -> Responses {
        let linked = self.frozen();
        if linked.wants_metadata {
            Self::send_with_metadata(event, linked)
        } else {
            Self::send_without_metadata(event, linked)
        }
    }

    #[inline(never)]
    fn send_without_metadata(event: &E, linked: &'static Linked<E>) -> Responses {
        let infos = Infos::Linked(linked.table);
        Self::run(event, &linked.calls, infos, Metadata::Unwanted)
    }

    #[inline(never)]
    fn send_with_metadata(event: &E, linked: &'static Linked<E>) -> Responses {
        let metadata = FreshMetadata::new();
        let infos = Infos::Linked(linked.table);
        Self::run(event, &linked.calls, infos, Metadata::Fresh(&metadata))
    }

    #[inline]
    fn frozen(&'static self) -> &'static Linked<E> {
        match self.linked.get() {
            Some(linked) => linked,
            None => self.freeze(),
        }
    }

    #[cold]
    #[inline(never)]
    fn freeze(&'static self) -> &'static Linked<E> {
        self.linked.get_or_init(|| {
            let list = self.core.linked();
            Box::leak(Box::new(Linked {
                calls: Calls::new(list),
                table: list.table(),
                wants_metadata: list.wants_metadata(),
            }))
        })
    }

    /// Runs every receiver of the list.
    #[inline]
    fn run(event: &E, calls: &Calls<E>, infos: Infos, metadata: Metadata<'_>) -> Responses {
        let delivery = Delivery::new(E::INFO, infos.table(), metadata);
        dispatch::robust(event, calls, &delivery);
        let details = delivery.into_details();
        Responses::new(infos, details)
    }

    /// Runs the receivers of the list up to the first that fails.
    fn run_strict(
        event: &E,
        calls: &Calls<E>,
        infos: Infos,
        metadata: Metadata<'_>,
    ) -> Result<Responses, ReceiverError> {
        let delivery = Delivery::new(E::INFO, infos.table(), metadata);
        dispatch::strict(event, calls, &delivery)?;
        let details = delivery.into_details();
        Ok(Responses::new(infos, details))
    }

    /// Every other send: the first, one in a testing scope, one to what was connected at run time.
    #[inline(never)]
    fn send_general(&'static self, event: &E) -> Responses {
        #[cfg(feature = "testing")]
        if let Some(scope) = crate::testing::current() {
            return self.send_in_scope(&scope, event, Metadata::Unwanted);
        }
        if self.core.state() & DISABLED != 0 {
            return Responses::empty();
        }
        self.send_to_snapshot(event, Metadata::Unwanted)
    }

    /// Sends an event with the metadata it was sent with elsewhere, marked as coming from an event bus.
    ///
    /// For whoever takes events off a bus. Receivers that ask for `from_event_bus` get `true`.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "an event that was sent is gone, as in `send_event`"
    )]
    pub fn send_event_with_metadata(
        &'static self,
        event: E,
        metadata: &EventMetadata,
    ) -> Responses {
        #[cfg(feature = "testing")]
        if let Some(scope) = crate::testing::current() {
            return self.send_in_scope(&scope, &event, Metadata::Incoming(metadata));
        }
        if self.core.state() & DISABLED != 0 {
            return Responses::empty();
        }
        self.send_to_snapshot(&event, Metadata::Incoming(metadata))
    }

    /// Sends the event to the receivers in their order, up to the first that fails.
    ///
    /// For tests, and for senders to whom a failing receiver means that the whole operation failed. Receivers behind
    /// the one that failed do not run.
    ///
    /// # Errors
    /// The first failure: an error that a receiver returned, or its panic, which is caught here, too.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "an event that was sent is gone, as in `send_event`"
    )]
    pub fn send_event_strict(&'static self, event: E) -> Result<Responses, ReceiverError> {
        #[cfg(feature = "testing")]
        if let Some(scope) = crate::testing::current() {
            return self.send_strict_in_scope(&scope, &event);
        }
        if self.core.state() & DISABLED != 0 {
            return Ok(Responses::empty());
        }
        self.with_snapshot(|calls, wants_metadata, infos| {
            let fresh = wants_metadata.then(FreshMetadata::new);
            let metadata = fresh.as_ref().map_or(Metadata::Unwanted, Metadata::Fresh);
            Self::run_strict(&event, calls, infos, metadata)
        })
    }

    /// Attaches on first use, and takes the overlay where there is one. Makes metadata where none is given and a receiver
    /// asks for it.
    fn send_to_snapshot(&'static self, event: &E, metadata: Metadata<'_>) -> Responses {
        self.with_snapshot(|calls, wants_metadata, infos| {
            let fresh = (metadata.given().is_none() && wants_metadata).then(FreshMetadata::new);
            let metadata = fresh.as_ref().map_or(metadata, Metadata::Fresh);
            Self::run(event, calls, infos, metadata)
        })
    }

    /// Every way of sending uses one frozen list, so that whichever is first makes it for all.
    fn with_snapshot<T>(&'static self, f: impl FnOnce(&Calls<E>, bool, Infos) -> T) -> T {
        let linked = self.frozen();
        if self.core.state() & OVERLAY != 0
            && let Some(list) = &*self.core.overlay.load()
        {
            let infos = Infos::Shared(list.table().clone());
            return f(list.calls(), list.wants_metadata(), infos);
        }
        let infos = Infos::Linked(linked.table);
        f(&linked.calls, linked.wants_metadata, infos)
    }

    /// From now on, sending has no effect, until [`enable`](Self::enable).
    ///
    /// In a test, use a [testing scope](crate::testing), which leaves nothing behind: within one, this is the scope's
    /// own affair.
    pub fn disable(&'static self) {
        self.core.set_enabled(false);
    }

    /// Undoes [`disable`](Self::disable).
    pub fn enable(&'static self) {
        self.core.set_enabled(true);
    }

    /// Whether sending has an effect.
    pub fn is_enabled(&'static self) -> bool {
        self.core.is_enabled()
    }
}

#[cfg(feature = "testing")]
impl<E: Event> Signal<E> {
    #[cold]
    fn send_in_scope(
        &'static self,
        scope: &crate::testing::ScopeHandle,
        event: &E,
        metadata: Metadata<'_>,
    ) -> Responses {
        let Some((list, scoped)) = scope.begin_send(&self.core, event, metadata) else {
            return Responses::empty();
        };
        let fresh = FreshMetadata::from(scoped);
        let metadata = metadata
            .given()
            .map_or(Metadata::Fresh(&fresh), |_| metadata);
        Self::run(
            event,
            list.calls(),
            Infos::Shared(list.table().clone()),
            metadata,
        )
    }

    #[cold]
    fn send_strict_in_scope(
        &'static self,
        scope: &crate::testing::ScopeHandle,
        event: &E,
    ) -> Result<Responses, ReceiverError> {
        let Some((list, metadata)) = scope.begin_send(&self.core, event, Metadata::Unwanted) else {
            return Ok(Responses::empty());
        };
        let fresh = FreshMetadata::from(metadata);
        let infos = Infos::Shared(list.table().clone());
        Self::run_strict(event, list.calls(), infos, Metadata::Fresh(&fresh))
    }
}

impl<E: Event> fmt::Debug for Signal<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.fmt(f)
    }
}
