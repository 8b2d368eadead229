//! Serde's view of a sink to which the key of a map is written.

use serde::ser::{Impossible, Serialize, Serializer};

use super::sink::{Memo, Sink, WriteError, WriteProblem};

/// Writes the key of a map, which is a text.
pub(super) struct Key<'a, S: ?Sized> {
    sink: &'a mut S,
    memo: &'a mut Memo,
}

impl<'a, S: ?Sized> Key<'a, S> {
    #[inline]
    pub(super) fn new(sink: &'a mut S, memo: &'a mut Memo) -> Self {
        Self { sink, memo }
    }
}

macro_rules! refuse_keys {
    ($($method:ident($($argument:ty),*) -> $ok:ty)*) => {
        $(
            #[cold]
            fn $method(self, $(_: $argument),*) -> Result<$ok, WriteError> {
                Err(WriteProblem::Key.into())
            }
        )*
    };
}

type NoKey = Impossible<(), WriteError>;

impl<S: Sink + ?Sized> Serializer for Key<'_, S> {
    type Ok = ();
    type Error = WriteError;
    type SerializeSeq = NoKey;
    type SerializeTuple = NoKey;
    type SerializeTupleStruct = NoKey;
    type SerializeTupleVariant = NoKey;
    type SerializeMap = NoKey;
    type SerializeStruct = NoKey;
    type SerializeStructVariant = NoKey;

    #[inline]
    fn serialize_str(self, key: &str) -> Result<(), WriteError> {
        match self.sink.key(self.memo, key) {
            Ok(()) => Ok(()),
            Err(_) => Err(WriteProblem::KeyOrder.into()),
        }
    }

    refuse_keys! {
        serialize_bool(bool) -> ()
        serialize_i8(i8) -> ()
        serialize_i16(i16) -> ()
        serialize_i32(i32) -> ()
        serialize_i64(i64) -> ()
        serialize_u8(u8) -> ()
        serialize_u16(u16) -> ()
        serialize_u32(u32) -> ()
        serialize_u64(u64) -> ()
        serialize_f32(f32) -> ()
        serialize_f64(f64) -> ()
        serialize_char(char) -> ()
        serialize_bytes(&[u8]) -> ()
        serialize_none() -> ()
        serialize_unit() -> ()
        serialize_unit_struct(&'static str) -> ()
        serialize_unit_variant(&'static str, u32, &'static str) -> ()
        serialize_seq(Option<usize>) -> NoKey
        serialize_tuple(usize) -> NoKey
        serialize_tuple_struct(&'static str, usize) -> NoKey
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> NoKey
        serialize_map(Option<usize>) -> NoKey
        serialize_struct(&'static str, usize) -> NoKey
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> NoKey
    }

    #[cold]
    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), WriteError> {
        Err(WriteProblem::Key.into())
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), WriteError> {
        value.serialize(self)
    }

    #[cold]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), WriteError> {
        Err(WriteProblem::Key.into())
    }
}
