//! Signals without the type of their event: what the registry, configuration and tools work with.

use core::fmt;

use super::core::SignalCore;
use super::{Connection, Signal, UnknownReceiver};
use crate::codec::{ReadError, Source};
use crate::event::{Event, EventInfo, OwnedEvent};
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
    // One method, whatever there is to do: the table of methods is compiled for each event.
    #[doc(hidden)]
    fn __core(&self) -> &SignalCore;
}

impl dyn AnySignal + '_ {
    /// The signal's name and where it is declared.
    pub fn info(&self) -> &SignalInfo {
        &self.__core().info
    }

    /// What is known of the event.
    pub fn event(&self) -> &'static EventInfo {
        self.__core().event
    }

    /// Reads an event of the signal's type. Whether the source has something left afterwards is for the caller to ask.
    ///
    /// # Errors
    /// When the source does not have what the event needs, and when a type refuses a value.
    pub fn read_event<'de>(
        &self,
        source: &mut (dyn Source<'de> + '_),
    ) -> Result<OwnedEvent, ReadError> {
        (self.__core().read)(source)
    }
}

impl dyn AnySignal {
    /// The receivers that the next send would reach, in the order in which they would run.
    pub fn receivers(&'static self) -> Vec<ReceiverInfo> {
        self.__core().receivers()
    }

    /// The manual receivers of the signal that the linker found, connected or not.
    pub fn manual_receivers(&'static self) -> Vec<ReceiverInfo> {
        self.__core().manual_receivers()
    }

    /// Connects a receiver that is annotated with `manual`, see [`Signal::connect_receiver`].
    ///
    /// # Errors
    /// When no manual receiver of this signal has the id.
    pub fn connect_receiver(&'static self, id: &str) -> Result<Connection, UnknownReceiver> {
        self.__core().connect_receiver(id)
    }

    /// Whether sending has an effect.
    pub fn is_enabled(&'static self) -> bool {
        self.__core().is_enabled()
    }

    /// See [`Signal::enable`] and [`Signal::disable`].
    pub fn set_enabled(&'static self, enabled: bool) {
        self.__core().set_enabled(enabled);
    }
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
    fn __core(&self) -> &SignalCore {
        &self.core
    }
}
