//! What a body is read into: a type that is known here, or the type of a signal.

use core::marker::PhantomData;

use events_core::codec::{ReadError, Reader, Source};
use events_core::delivery::OwnedEvent;
use events_core::{AnySignal, EventData, Schema};

use super::error::Failure;
use super::fault::Fault;
use super::path::{Place, Trace};
use super::positional::Positional;
use super::resolved;

/// What a body is read into.
pub(super) trait Target: Copy {
    type Value: PartialEq;

    /// What the type is on the wire.
    fn schema(self) -> Schema;

    /// Reads from any source.
    fn read(self, source: &mut dyn Source<'_>) -> Result<Self::Value, ReadError>;

    /// Reads a body of the type's own layout.
    #[inline]
    fn read_current(self, body: &[u8]) -> Result<Self::Value, Fault> {
        let mut source = Positional::new(body);
        let read = self.read(&mut source);
        source.finish(read)
    }

    /// Reads a body of another layout.
    fn read_resolved(self, body: &[u8], writer: &Schema) -> Result<Self::Value, Failure> {
        resolved::read(body, writer, &self.schema(), |source| self.read(source))
    }

    /// Finds out where reading failed, by reading it once more the slow way.
    #[cold]
    #[inline(never)]
    fn explain(self, body: &[u8], fault: Fault) -> Failure {
        let schema = self.schema();
        self.read_resolved(body, &schema).err().unwrap_or_else(|| {
            // A type whose `Deserialize` is not that of its schema.
            let mut place = Place::default();
            place.at(body.len(), Some(&schema));
            Failure::new(&place, body.len(), fault)
        })
    }
}

/// A type that is known here.
pub(super) struct Typed<T>(PhantomData<T>);

impl<T> Typed<T> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Clone for Typed<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Typed<T> {}

impl<T: EventData> Target for Typed<T> {
    type Value = T;

    fn schema(self) -> Schema {
        *T::SCHEMA
    }

    fn read(self, source: &mut dyn Source<'_>) -> Result<T, ReadError> {
        T::deserialize(Reader::new(source))
    }

    /// Compiled for this type and this source.
    #[inline]
    fn read_current(self, body: &[u8]) -> Result<T, Fault> {
        let mut source = Positional::new(body);
        let read = T::deserialize(Reader::new(&mut source));
        source.finish(read)
    }
}

/// The type of the signal.
impl Target for &'static dyn AnySignal {
    type Value = OwnedEvent;

    fn schema(self) -> Schema {
        Schema::Record(self.event().schema)
    }

    fn read(self, source: &mut dyn Source<'_>) -> Result<OwnedEvent, ReadError> {
        self.read_event(source)
    }
}
