//! Signals without the type of their event: what the registry, configuration and tools work with.

use core::fmt;

use super::connect::ConnectionId;
use super::list::{AnyFunction, Call, Entry, InfoRef};
use super::{Connection, Signal, UnknownReceiver};
use crate::event::{Event, EventInfo};
use crate::receiver::{ReceiverInfo, SourceLocation};

/// The name of a signal and where it is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignalInfo {
    /// The name of the static: `STUDENT_REGISTRATION_COMPLETED`.
    pub name: &'static str,
    /// The module that declares it; its first part is the name of the catalog crate.
    pub module: &'static str,
    /// Where the annotation stands.
    pub location: SourceLocation,
}

impl SignalInfo {
    /// Called by `#[event]`.
    #[doc(hidden)]
    pub const fn new(name: &'static str, module: &'static str, location: SourceLocation) -> Self {
        Self {
            name,
            module,
            location,
        }
    }

    /// The Rust path of the static: `events_catalog::learning::STUDENT_REGISTRATION_COMPLETED`.
    pub fn path(&self) -> String {
        format!("{}::{}", self.module, self.name)
    }
}

/// A signal whose event type is not known at compile time, as the registry lists them.
///
/// Every [`Signal`] is one, and nothing else is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a signal",
    label = "not a signal",
    note = "`#[event]` makes a signal for each event: a static whose name is that of the struct in capitals, `ORDER_PLACED` for `OrderPlaced`"
)]
pub trait AnySignal: fmt::Debug + Send + Sync + sealed::Sealed {
    /// The signal's name and where it is declared.
    fn info(&self) -> &SignalInfo;

    /// What is known of the event.
    fn event(&self) -> &'static EventInfo;

    /// The receivers that the next send would reach, in the order in which they would run.
    fn receivers(&'static self) -> Vec<ReceiverInfo>;

    /// The manual receivers of the signal that the linker found, connected or not.
    fn manual_receivers(&'static self) -> Vec<ReceiverInfo>;

    /// Connects a receiver that is annotated with `manual`, see [`Signal::connect_receiver`].
    ///
    /// # Errors
    /// When no manual receiver of this signal has the id.
    fn connect_receiver(&'static self, id: &str) -> Result<Connection, UnknownReceiver>;

    /// Whether sending has an effect.
    fn is_enabled(&'static self) -> bool;

    /// See [`Signal::enable`] and [`Signal::disable`].
    fn set_enabled(&'static self, enabled: bool);

    /// Adds a receiver of any event, on the registry's behalf.
    #[doc(hidden)]
    fn __attach_any(&'static self, info: &'static ReceiverInfo, function: AnyFunction);

    #[doc(hidden)]
    fn __disconnect(&'static self, id: ConnectionId);

    #[cfg(feature = "testing")]
    #[doc(hidden)]
    fn __disconnect_in_scope(&'static self, scope: &crate::testing::ScopeHandle, id: ConnectionId);
}

mod sealed {
    #[expect(
        unnameable_types,
        reason = "that nobody can name it is what seals `AnySignal`"
    )]
    pub trait Sealed {}
    impl<E: super::Event> Sealed for super::Signal<E> {}
}

impl<E: Event> AnySignal for Signal<E> {
    fn info(&self) -> &SignalInfo {
        Self::info(self)
    }

    fn event(&self) -> &'static EventInfo {
        E::INFO
    }

    fn receivers(&'static self) -> Vec<ReceiverInfo> {
        #[cfg(feature = "testing")]
        if let Some(scope) = crate::testing::current() {
            return scope
                .list(self)
                .entries()
                .map(|entry| ReceiverInfo::clone(&entry.info))
                .collect();
        }
        self.snapshot()
            .iter()
            .map(|entry| ReceiverInfo::clone(&entry.info))
            .collect()
    }

    fn manual_receivers(&'static self) -> Vec<ReceiverInfo> {
        self.linked();
        self.lock().manual_infos()
    }

    fn connect_receiver(&'static self, id: &str) -> Result<Connection, UnknownReceiver> {
        Self::connect_receiver(self, id)
    }

    fn is_enabled(&'static self) -> bool {
        Self::is_enabled(self)
    }

    fn set_enabled(&'static self, enabled: bool) {
        Self::set_enabled(self, enabled);
    }

    fn __attach_any(&'static self, info: &'static ReceiverInfo, function: AnyFunction) {
        self.push_linked(Entry {
            call: Call::Any(function),
            info: InfoRef::Linked(info),
        });
    }

    fn __disconnect(&'static self, id: ConnectionId) {
        self.disconnect(id);
    }

    #[cfg(feature = "testing")]
    fn __disconnect_in_scope(&'static self, scope: &crate::testing::ScopeHandle, id: ConnectionId) {
        let gone = scope.with(self, |signal| signal.disconnect(id));
        drop(gone);
    }
}

impl<E: Event> Signal<E> {
    pub(crate) fn push_linked(&'static self, entry: Entry<E>) {
        self.lock().push(entry);
    }
}
