//! Signals: the typed statics that events are sent and received through.

mod any;
mod connect;
mod list;

use core::fmt;
use core::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwapOption;

pub use any::{AnySignal, SignalInfo};
pub use connect::{Connection, UnknownReceiver};
pub(crate) use connect::{ConnectionId, merge};
pub(crate) use list::{AnyFunction, Call, Calls, Entry, Function, InfoRef, ReceiverList};

use crate::dispatch::{self, Delivery, FreshMetadata, Infos, Metadata, ReceiverError, Responses};
use crate::event::Event;
use crate::metadata::EventMetadata;
use crate::registry;
use connect::Connected;

/// The link-time receivers are attached; without this bit the first use must see to it.
const READY: u8 = 1;
/// There is a link-time receiver.
const LINKED: u8 = 2;
/// Something was connected at run time: the list to use is the overlay.
const OVERLAY: u8 = 4;
/// `disable` was called.
const DISABLED: u8 = 8;

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
    info: SignalInfo,
    state: AtomicU8,
    /// The receivers that the linker found, once they are attached.
    linked: OnceLock<ReceiverList<E>>,
    /// What is connected and disconnected at run time, and what is on its way to `linked`. Held only to change the
    /// list, never while foreign code runs.
    connected: Mutex<Connected<E>>,
    /// Everything in its order, where something was connected at run time.
    overlay: ArcSwapOption<ReceiverList<E>>,
}

impl<E: Event> Signal<E> {
    /// Called by `#[event]`.
    #[doc(hidden)]
    pub const fn new(info: SignalInfo) -> Self {
        Self {
            info,
            state: AtomicU8::new(0),
            linked: OnceLock::new(),
            connected: Mutex::new(Connected::new()),
            overlay: ArcSwapOption::const_empty(),
        }
    }

    /// The signal's name and where it is declared.
    pub const fn info(&self) -> &SignalInfo {
        &self.info
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
    pub fn send_event(&'static self, event: E) -> Responses {
        #[cfg(feature = "testing")]
        if crate::testing::is_active() {
            return self.send_general(event);
        }
        let state = self.state.load(Ordering::Acquire);
        if state == READY | LINKED {
            self.send_to_linked(&event)
        } else if state == READY || state & DISABLED != 0 {
            Responses::empty()
        } else {
            self.send_general(event)
        }
    }

    /// What nearly every send is: to the receivers that the linker found, and to no others.
    #[inline]
    fn send_to_linked(&'static self, event: &E) -> Responses {
        let list = self.linked();
        if list.wants_metadata() {
            self.send_with_metadata(event, list)
        } else {
            Self::run(event, list, Infos::Linked(list.infos()), Metadata::Unwanted)
        }
    }

    #[inline(never)]
    fn send_with_metadata(&'static self, event: &E, list: &'static ReceiverList<E>) -> Responses {
        let metadata = FreshMetadata::new();
        Self::run(
            event,
            list,
            Infos::Linked(list.infos()),
            Metadata::Fresh(&metadata),
        )
    }

    /// Runs every receiver of the list.
    #[inline]
    fn run(event: &E, list: &ReceiverList<E>, infos: Infos, metadata: Metadata<'_>) -> Responses {
        let delivery = Delivery::new(E::INFO, metadata);
        dispatch::robust(event, list, &delivery);
        Responses::new(infos, delivery.into_details())
    }

    /// Runs the receivers of the list up to the first that fails.
    fn run_strict(
        event: &E,
        list: &ReceiverList<E>,
        infos: Infos,
        metadata: Metadata<'_>,
    ) -> Result<Responses, ReceiverError> {
        let delivery = Delivery::new(E::INFO, metadata);
        dispatch::strict(event, list, &delivery)?;
        Ok(Responses::new(infos, delivery.into_details()))
    }

    /// Every other send: the first, one in a testing scope, one to what was connected at run time.
    #[inline(never)]
    fn send_general(&'static self, event: E) -> Responses {
        #[cfg(feature = "testing")]
        if let Some(scope) = crate::testing::current() {
            return self.send_in_scope(&scope, event, None);
        }
        if self.state.load(Ordering::Acquire) & DISABLED != 0 {
            return Responses::empty();
        }
        self.send_to_snapshot(&event, None)
    }

    /// Sends an event with the metadata it was sent with elsewhere, marked as coming from an event bus.
    ///
    /// For whoever takes events off a bus. Receivers that ask for `from_event_bus` get `true`.
    pub fn send_event_with_metadata(
        &'static self,
        event: E,
        metadata: &EventMetadata,
    ) -> Responses {
        #[cfg(feature = "testing")]
        if let Some(scope) = crate::testing::current() {
            return self.send_in_scope(&scope, event, Some(metadata));
        }
        if self.state.load(Ordering::Acquire) & DISABLED != 0 {
            return Responses::empty();
        }
        self.send_to_snapshot(&event, Some(metadata))
    }

    /// Sends the event to the receivers in their order, up to the first that fails.
    ///
    /// For tests, and for senders to whom a failing receiver means that the whole operation failed. Receivers behind
    /// the one that failed do not run.
    ///
    /// # Errors
    /// The first failure: an error that a receiver returned, or its panic, which is caught here, too.
    pub fn send_event_strict(&'static self, event: E) -> Result<Responses, ReceiverError> {
        #[cfg(feature = "testing")]
        if let Some(scope) = crate::testing::current() {
            return self.send_strict_in_scope(&scope, event);
        }
        if self.state.load(Ordering::Acquire) & DISABLED != 0 {
            return Ok(Responses::empty());
        }
        self.with_snapshot(|list, infos| {
            let fresh = list.wants_metadata().then(FreshMetadata::new);
            let metadata = fresh.as_ref().map_or(Metadata::Unwanted, Metadata::Fresh);
            Self::run_strict(&event, list, infos, metadata)
        })
    }

    #[cold]
    #[inline(never)]
    fn attach(&'static self) -> &'static ReceiverList<E> {
        registry::attach();
        let list = self.linked.get_or_init(|| self.lock().take_linked());
        let bits = if list.is_empty() {
            READY
        } else {
            READY | LINKED
        };
        self.state.fetch_or(bits, Ordering::AcqRel);
        list
    }

    /// Attaches on first use, and takes the overlay where there is one.
    fn send_to_snapshot(&'static self, event: &E, incoming: Option<&EventMetadata>) -> Responses {
        self.with_snapshot(|list, infos| {
            let fresh = (incoming.is_none() && list.wants_metadata()).then(FreshMetadata::new);
            let metadata = match (incoming, &fresh) {
                (Some(metadata), _) => Metadata::Incoming(metadata),
                (None, Some(fresh)) => Metadata::Fresh(fresh),
                (None, None) => Metadata::Unwanted,
            };
            Self::run(event, list, infos, metadata)
        })
    }

    fn with_snapshot<T>(&'static self, f: impl FnOnce(&ReceiverList<E>, Infos) -> T) -> T {
        let linked = self.linked();
        if self.state.load(Ordering::Acquire) & OVERLAY != 0 {
            if let Some(list) = &*self.overlay.load() {
                return f(list, Infos::Shared(list.infos().clone()));
            }
        }
        f(linked, Infos::Linked(linked.infos()))
    }

    #[inline]
    fn linked(&'static self) -> &'static ReceiverList<E> {
        match self.linked.get() {
            Some(list) => list,
            None => self.attach(),
        }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn linked_entries(&'static self) -> impl Iterator<Item = Entry<E>> {
        self.linked().entries()
    }

    /// The receivers as the next send would find them.
    pub(crate) fn snapshot(&'static self) -> Vec<Entry<E>> {
        self.with_snapshot(|list, _| list.entries().collect())
    }

    /// From now on, sending has no effect, until [`enable`](Self::enable).
    ///
    /// In a test, use a [testing scope](crate::testing), which leaves nothing behind: within one, this is the scope's
    /// own affair.
    pub fn disable(&'static self) {
        self.set_enabled(false);
    }

    /// Undoes [`disable`](Self::disable).
    pub fn enable(&'static self) {
        self.set_enabled(true);
    }

    fn set_enabled(&'static self, enabled: bool) {
        #[cfg(feature = "testing")]
        if let Some(scope) = crate::testing::current() {
            scope.set_enabled::<E>(enabled);
            return;
        }
        if enabled {
            self.state.fetch_and(!DISABLED, Ordering::AcqRel);
        } else {
            self.state.fetch_or(DISABLED, Ordering::AcqRel);
        }
    }

    /// Whether sending has an effect.
    pub fn is_enabled(&'static self) -> bool {
        #[cfg(feature = "testing")]
        if let Some(scope) = crate::testing::current() {
            return scope.is_enabled::<E>();
        }
        self.state.load(Ordering::Acquire) & DISABLED == 0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Connected<E>> {
        // Nothing that can panic runs under the lock but the allocator.
        self.connected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(feature = "testing")]
impl<E: Event> Signal<E> {
    #[cold]
    fn send_in_scope(
        &'static self,
        scope: &crate::testing::ScopeHandle,
        event: E,
        incoming: Option<&EventMetadata>,
    ) -> Responses {
        let Some((list, metadata)) = scope.begin_send(self, &event, incoming) else {
            return Responses::empty();
        };
        let fresh = FreshMetadata::from(metadata);
        let metadata = incoming.map_or(Metadata::Fresh(&fresh), Metadata::Incoming);
        Self::run(&event, &list, Infos::Shared(list.infos().clone()), metadata)
    }

    #[cold]
    fn send_strict_in_scope(
        &'static self,
        scope: &crate::testing::ScopeHandle,
        event: E,
    ) -> Result<Responses, ReceiverError> {
        let Some((list, metadata)) = scope.begin_send(self, &event, None) else {
            return Ok(Responses::empty());
        };
        let fresh = FreshMetadata::from(metadata);
        let infos = Infos::Shared(list.infos().clone());
        Self::run_strict(&event, &list, infos, Metadata::Fresh(&fresh))
    }
}

impl<E: Event> fmt::Debug for Signal<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signal({} of {})", self.info.name, E::INFO.event_type)
    }
}
