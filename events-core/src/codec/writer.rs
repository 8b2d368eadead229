//! Serde's view of a sink.

use core::fmt;

use serde::ser::{Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer};

use super::key::Key;
use super::path::Step;
use super::sink::{Memo, Sink, WriteError, WriteProblem};

/// How deep records, lists and maps may be nested. The types of events are not recursive: this is beyond them all, and
/// far from the end of the stack.
const DEPTH: u32 = 128;

/// Writes a value to a [`Sink`], as a serializer of serde. It knows no schema: the type's implementation of `Serialize`
/// is one.
///
/// For a wire format that knows the type: with a sink of a type of its own, everything is compiled for the two. Where the
/// type is known at run time only, [`AnyEvent::write`](crate::AnyEvent::write) writes an event.
#[derive(Debug)]
pub struct Writer<'a, S: ?Sized> {
    sink: &'a mut S,
    /// How many more levels there may be.
    levels: u32,
}

impl<'a, S: ?Sized> Writer<'a, S> {
    /// Writes a value to the end of the sink.
    #[inline]
    pub fn new(sink: &'a mut S) -> Self {
        Self {
            sink,
            levels: DEPTH,
        }
    }

    #[inline]
    fn down(&self) -> Result<u32, WriteError> {
        match self.levels.checked_sub(1) {
            Some(levels) => Ok(levels),
            None => Err(WriteProblem::TooDeep.into()),
        }
    }
}

/// What the model does not have.
macro_rules! refuse {
    ($($method:ident($argument:ty) = $what:literal)*) => {
        $(
            #[cold]
            fn $method(self, _: $argument) -> Result<(), WriteError> {
                Err(WriteProblem::OutsideModel($what).into())
            }
        )*
    };
}

impl<'a, S: Sink + ?Sized> Serializer for Writer<'a, S> {
    type Ok = ();
    type Error = WriteError;
    type SerializeSeq = Items<'a, S>;
    type SerializeTuple = Impossible<(), WriteError>;
    type SerializeTupleStruct = Impossible<(), WriteError>;
    type SerializeTupleVariant = Impossible<(), WriteError>;
    type SerializeMap = Items<'a, S>;
    type SerializeStruct = Record<'a, S>;
    type SerializeStructVariant = Impossible<(), WriteError>;

    refuse! {
        serialize_i8(i8) = "i8"
        serialize_i16(i16) = "i16"
        serialize_i32(i32) = "i32"
        serialize_i128(i128) = "i128"
        serialize_u8(u8) = "u8"
        serialize_u16(u16) = "u16"
        serialize_u32(u32) = "u32"
        serialize_u64(u64) = "u64"
        serialize_u128(u128) = "u128"
        serialize_f32(f32) = "f32"
        serialize_char(char) = "char"
        serialize_unit_struct(&'static str) = "a struct without fields"
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), WriteError> {
        self.sink.boolean(value);
        Ok(())
    }

    #[inline]
    fn serialize_i64(self, value: i64) -> Result<(), WriteError> {
        self.sink.long(value);
        Ok(())
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<(), WriteError> {
        self.sink.double(value);
        Ok(())
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), WriteError> {
        self.sink.text(value);
        Ok(())
    }

    #[inline]
    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), WriteError> {
        // A reference, since what is not sized is no `dyn Display`.
        match self.sink.display(&value) {
            Ok(()) => Ok(()),
            Err(fmt::Error) => Err(WriteProblem::Refused.into()),
        }
    }

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<(), WriteError> {
        self.sink.bytes(value);
        Ok(())
    }

    #[inline]
    fn serialize_none(self) -> Result<(), WriteError> {
        self.sink.optional(false);
        Ok(())
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), WriteError> {
        self.sink.optional(true);
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), WriteError> {
        self.serialize_str(variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), WriteError> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Items<'a, S>, WriteError> {
        let levels = self.down()?;
        Ok(Items::new(self.sink.list(len), self.sink, levels, len))
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Items<'a, S>, WriteError> {
        let levels = self.down()?;
        Ok(Items::new(self.sink.map(len), self.sink, levels, len))
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Record<'a, S>, WriteError> {
        Ok(Record {
            levels: self.down()?,
            sink: self.sink,
        })
    }

    #[cold]
    fn serialize_unit(self) -> Result<(), WriteError> {
        Err(WriteProblem::OutsideModel("()").into())
    }

    #[cold]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), WriteError> {
        Err(WriteProblem::OutsideModel("an enum with payload").into())
    }

    #[cold]
    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, WriteError> {
        Err(WriteProblem::OutsideModel("a tuple or an array").into())
    }

    #[cold]
    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, WriteError> {
        Err(WriteProblem::OutsideModel("a tuple").into())
    }

    #[cold]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, WriteError> {
        Err(WriteProblem::OutsideModel("an enum with payload").into())
    }

    #[cold]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, WriteError> {
        Err(WriteProblem::OutsideModel("an enum with payload").into())
    }
}

/// The fields of a record, one after the other.
#[derive(Debug)]
#[expect(unnameable_types, reason = "serde's traits name it for the serializer")]
pub struct Record<'a, S: ?Sized> {
    sink: &'a mut S,
    levels: u32,
}

impl<S: Sink + ?Sized> SerializeStruct for Record<'_, S> {
    type Ok = ();
    type Error = WriteError;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), WriteError> {
        let writer = Writer {
            sink: &mut *self.sink,
            levels: self.levels,
        };
        match value.serialize(writer) {
            Ok(()) => Ok(()),
            Err(error) => Err(error.inside(Step::Field(name))),
        }
    }

    #[cold]
    fn skip_field(&mut self, name: &'static str) -> Result<(), WriteError> {
        Err(WriteError::from(WriteProblem::Skipped).inside(Step::Field(name)))
    }

    #[inline]
    fn end(self) -> Result<(), WriteError> {
        Ok(())
    }
}

/// The items of a list or the entries of a map.
#[derive(Debug)]
#[expect(unnameable_types, reason = "serde's traits name it for the serializer")]
pub struct Items<'a, S: ?Sized> {
    sink: &'a mut S,
    /// What the sink gave for the beginning.
    began: usize,
    memo: Memo,
    levels: u32,
    /// How many there should be.
    len: Option<usize>,
    /// How many there were.
    count: usize,
}

impl<'a, S: Sink + ?Sized> Items<'a, S> {
    #[inline]
    fn new(began: usize, sink: &'a mut S, levels: u32, len: Option<usize>) -> Self {
        Self {
            sink,
            began,
            memo: Memo::default(),
            levels,
            len,
            count: 0,
        }
    }

    #[inline]
    fn item<T: Serialize + ?Sized>(&mut self, value: &T, step: Step) -> Result<(), WriteError> {
        let writer = Writer {
            sink: &mut *self.sink,
            levels: self.levels,
        };
        match value.serialize(writer) {
            Ok(()) => Ok(()),
            Err(error) => Err(error.inside(step)),
        }
    }

    #[inline]
    fn finish(self) -> Result<(), WriteError> {
        if self.len.is_some_and(|len| len != self.count) {
            return Err(WriteProblem::Count.into());
        }
        self.sink.end(self.began, self.count);
        Ok(())
    }
}

impl<S: Sink + ?Sized> SerializeSeq for Items<'_, S> {
    type Ok = ();
    type Error = WriteError;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
        let index = self.count;
        self.count += 1;
        self.item(value, Step::Item(index))
    }

    #[inline]
    fn end(self) -> Result<(), WriteError> {
        self.finish()
    }
}

impl<S: Sink + ?Sized> SerializeMap for Items<'_, S> {
    type Ok = ();
    type Error = WriteError;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), WriteError> {
        self.count += 1;
        let writer = Key::new(&mut *self.sink, &mut self.memo);
        match key.serialize(writer) {
            Ok(()) => Ok(()),
            Err(error) => Err(error.inside(Step::Value)),
        }
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
        self.item(value, Step::Value)
    }

    #[inline]
    fn end(self) -> Result<(), WriteError> {
        self.finish()
    }
}
