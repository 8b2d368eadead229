//! What makes a struct an event.

use core::any::Any;
use core::fmt;
use std::borrow::Cow;

use crate::codec::{Sink, WriteError, Writer};
use crate::data::EventData;
use crate::dispatch::{BoxError, Delivery};
use crate::schema::{AvroSchema, KeptSchema, RecordSchema, Waiver, repeated_layouts};
use crate::signal::{AnySignal, ErasedCall, Signal};

/// An event: a struct with an event type and a signal. Implemented by `#[event]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "add `#[event(type = \"…\")]` to the struct"
)]
pub trait Event: EventData {
    /// What is known of the event at compile time.
    const INFO: &'static EventInfo;

    /// The event's signal.
    fn signal() -> &'static Signal<Self>;

    /// The text by which a bus keeps events of one thing in order: the field that `key = …` names.
    fn key(&self) -> Option<Cow<'_, str>>;
}

/// What is known of an event at compile time.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct EventInfo {
    /// The event type: the dotted, versioned name that identifies the event on every bus.
    pub event_type: &'static str,
    /// The minor version of the event's schema.
    pub minor_version: u32,
    /// The path of the field that is the event's key, as written: `user.pii.username`.
    pub key: Option<&'static str>,
    /// The name of the Rust struct.
    pub name: &'static str,
    /// The documentation of the struct.
    pub doc: &'static str,
    /// The fields of the event.
    pub schema: &'static RecordSchema,
    /// The event's schema files, as they were when its crate was compiled: the newest minor version first, and each
    /// before the former layouts of its minor version.
    pub kept: &'static [KeptSchema],
    /// The incompatibilities that its maintainers live with.
    pub waivers: &'static [Waiver],
    /// Which of `kept` say nothing new of the layout, see [`repeated_layouts`].
    pub repeated: u64,
}

impl EventInfo {
    /// Called by `#[event]`.
    #[doc(hidden)]
    pub const fn new(
        event_type: &'static str,
        minor_version: u32,
        key: Option<&'static str>,
        name: &'static str,
        doc: &'static str,
        schema: &'static RecordSchema,
    ) -> Self {
        Self {
            event_type,
            minor_version,
            key,
            name,
            doc,
            schema,
            kept: &[],
            waivers: &[],
            repeated: 0,
        }
    }

    /// Called by `#[event]`.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_files(
        mut self,
        kept: &'static [KeptSchema],
        waivers: &'static [Waiver],
    ) -> Self {
        self.kept = kept;
        self.waivers = waivers;
        self.repeated = repeated_layouts(self.schema, kept);
        self
    }

    /// The event's schema as Avro JSON: what its schema file holds.
    pub const fn avro_schema(&self) -> AvroSchema<'static> {
        AvroSchema::new(self.event_type, self.schema)
    }

    /// The part of the event type that says which subdomain the event belongs to: `learning` in
    /// `org.openedx.learning.student.registration.completed.v1` (the third label, after the reverse DNS name).
    pub fn subdomain(&self) -> &'static str {
        self.event_type.split('.').nth(2).unwrap_or_default()
    }
}

/// An event of any type, as `#[receiver(any)]` gets it.
///
/// ```standalone_crate
/// use events_core::{AnyEvent, receiver};
///
/// #[receiver(any)]
/// fn audit(event: AnyEvent<'_>) {
///     println!("{} happened", event.info().event_type);
/// }
/// ```
///
/// It serializes as the event it holds.
#[derive(Clone, Copy)]
pub struct AnyEvent<'a> {
    event: &'a dyn ErasedEvent,
}

impl<'a> AnyEvent<'a> {
    pub(crate) fn new<E: Event>(event: &'a E) -> Self {
        Self { event }
    }

    /// What is known of the event at compile time.
    pub fn info(self) -> &'static EventInfo {
        self.event.info()
    }

    /// The event's signal.
    pub fn signal(self) -> &'static dyn AnySignal {
        self.event.signal()
    }

    /// The event's key, see [`Event::key`].
    pub fn key(self) -> Option<Cow<'a, str>> {
        self.event.key()
    }

    /// The event itself, if it is an `E`.
    pub fn downcast_ref<E: Event>(self) -> Option<&'a E> {
        let event: &dyn Any = self.event;
        event.downcast_ref()
    }

    /// Writes the event to a wire format.
    ///
    /// # Errors
    /// Only for events whose `Serialize` was not derived: `#[event]` refuses what the model does not have.
    pub fn write(self, sink: &mut (dyn Sink + '_)) -> Result<(), WriteError> {
        self.event.write(sink)
    }

    /// Runs one receiver of the event's signal.
    #[inline]
    pub(crate) fn invoke(self, call: &ErasedCall, delivery: &Delivery<'_>) -> Result<(), BoxError> {
        self.event.invoke(call, delivery)
    }

    /// See `ScopeHandle::begin_send`.
    #[cfg(feature = "testing")]
    pub(crate) fn begin_send(
        self,
        scope: &crate::testing::ScopeHandle,
        metadata: crate::dispatch::Metadata<'_>,
    ) -> Option<crate::signal::ReceiverList> {
        self.event.begin_send(scope, metadata)
    }
}

/// Shows the event's type and, like its own `Debug`, its payload.
impl fmt::Debug for AnyEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.event.debug(f)
    }
}

/// Events are equal if they are of one type, and equal by it.
impl PartialEq for AnyEvent<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.event.is(other.event)
    }
}

impl serde::Serialize for AnyEvent<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        erased_serde::serialize(self.event.payload(), serializer)
    }
}

/// An event of any type, owned: what a bus holds between reading an event and handing it to receivers.
///
/// It shows in `Debug` as the event does.
pub struct OwnedEvent(Box<dyn ErasedEvent>);

impl OwnedEvent {
    /// Takes an event.
    pub fn new<E: Event>(event: E) -> Self {
        Self(Box::new(event))
    }

    /// The event, lent.
    pub fn get(&self) -> AnyEvent<'_> {
        AnyEvent { event: &*self.0 }
    }

    /// The event itself, if it is an `E`.
    ///
    /// # Errors
    /// With what was given, when it is an event of another type.
    #[expect(clippy::missing_panics_doc, reason = "it does not")]
    pub fn downcast<E: Event>(self) -> Result<E, Self> {
        if self.get().downcast_ref::<E>().is_none() {
            return Err(self);
        }
        let event: Box<dyn Any> = self.0;
        Ok(*event.downcast().expect("an `E` was lent a line earlier"))
    }
}

/// As for [`AnyEvent`].
impl PartialEq for OwnedEvent {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl fmt::Debug for OwnedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

trait ErasedEvent: Any + Send + Sync {
    fn info(&self) -> &'static EventInfo;
    fn signal(&self) -> &'static dyn AnySignal;
    fn key(&self) -> Option<Cow<'_, str>>;
    fn invoke(&self, call: &ErasedCall, delivery: &Delivery<'_>) -> Result<(), BoxError>;
    #[cfg(feature = "testing")]
    fn begin_send(
        &self,
        scope: &crate::testing::ScopeHandle,
        metadata: crate::dispatch::Metadata<'_>,
    ) -> Option<crate::signal::ReceiverList>;
    fn payload(&self) -> &dyn erased_serde::Serialize;
    fn write(&self, sink: &mut (dyn Sink + '_)) -> Result<(), WriteError>;
    fn is(&self, other: &dyn ErasedEvent) -> bool;
    fn debug(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl<E: Event> ErasedEvent for E {
    fn info(&self) -> &'static EventInfo {
        E::INFO
    }

    fn signal(&self) -> &'static dyn AnySignal {
        E::signal()
    }

    fn key(&self) -> Option<Cow<'_, str>> {
        Event::key(self)
    }

    fn invoke(&self, call: &ErasedCall, delivery: &Delivery<'_>) -> Result<(), BoxError> {
        call.invoke(self, delivery)
    }

    #[cfg(feature = "testing")]
    fn begin_send(
        &self,
        scope: &crate::testing::ScopeHandle,
        metadata: crate::dispatch::Metadata<'_>,
    ) -> Option<crate::signal::ReceiverList> {
        let (list, _) = scope.begin_send(E::signal().core(), self, metadata)?;
        Some(list)
    }

    fn payload(&self) -> &dyn erased_serde::Serialize {
        self
    }

    fn write(&self, sink: &mut (dyn Sink + '_)) -> Result<(), WriteError> {
        self.serialize(Writer::new(sink))
    }

    fn is(&self, other: &dyn ErasedEvent) -> bool {
        let other: &dyn Any = other;
        match other.downcast_ref::<E>() {
            Some(other) => other == self,
            None => false,
        }
    }

    fn debug(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
