//! Writes the keys of maps, which are texts in ascending order.

use serde::ser::{Impossible, Serialize, Serializer};

use super::encode_error::{EncodeError, Problem};
use super::put;

/// What is remembered of a key, to compare the next one with.
#[derive(Default)]
pub(super) struct LastKey {
    /// Its first bytes as a number: keys with another beginning are told apart without looking at what was just
    /// written, for which the processor would have to wait.
    beginning: u64,
    /// Where it stands.
    start: usize,
    end: usize,
}

/// Writes the key of a map, which is a text that comes after the last one.
pub(super) struct Key<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) last: Option<&'a LastKey>,
}

impl Key<'_> {
    #[inline]
    fn ascends(&self, key: &str, beginning: u64) -> bool {
        match self.last {
            None => true,
            Some(last) if last.beginning != beginning => last.beginning < beginning,
            Some(last) => self.out.get(last.start..last.end) < Some(key.as_bytes()),
        }
    }
}

/// The first eight bytes, the first of them the highest. What is shorter is followed by zeros, as if it were equal to
/// what has zeros there.
#[inline]
fn beginning(key: &[u8]) -> u64 {
    if let Some(bytes) = key.first_chunk() {
        return u64::from_be_bytes(*bytes);
    }
    (0..8).fold(0, |number, index| {
        number << 8 | u64::from(key.get(index).copied().unwrap_or(0))
    })
}

macro_rules! refuse_keys {
    ($($method:ident($($argument:ty),*) -> $ok:ty)*) => {
        $(
            #[cold]
            fn $method(self, $(_: $argument),*) -> Result<$ok, EncodeError> {
                Err(Problem::Key.into())
            }
        )*
    };
}

type NoKey = Impossible<LastKey, EncodeError>;

impl Serializer for Key<'_> {
    type Ok = LastKey;
    type Error = EncodeError;
    type SerializeSeq = NoKey;
    type SerializeTuple = NoKey;
    type SerializeTupleStruct = NoKey;
    type SerializeTupleVariant = NoKey;
    type SerializeMap = NoKey;
    type SerializeStruct = NoKey;
    type SerializeStructVariant = NoKey;

    #[inline]
    fn serialize_str(self, key: &str) -> Result<LastKey, EncodeError> {
        let beginning = beginning(key.as_bytes());
        if !self.ascends(key, beginning) {
            return Err(Problem::KeyOrder.into());
        }
        put::bytes(self.out, key.as_bytes());
        let end = self.out.len();
        Ok(LastKey {
            beginning,
            start: end - key.len(),
            end,
        })
    }

    refuse_keys! {
        serialize_bool(bool) -> LastKey
        serialize_i8(i8) -> LastKey
        serialize_i16(i16) -> LastKey
        serialize_i32(i32) -> LastKey
        serialize_i64(i64) -> LastKey
        serialize_u8(u8) -> LastKey
        serialize_u16(u16) -> LastKey
        serialize_u32(u32) -> LastKey
        serialize_u64(u64) -> LastKey
        serialize_f32(f32) -> LastKey
        serialize_f64(f64) -> LastKey
        serialize_char(char) -> LastKey
        serialize_bytes(&[u8]) -> LastKey
        serialize_none() -> LastKey
        serialize_unit() -> LastKey
        serialize_unit_struct(&'static str) -> LastKey
        serialize_unit_variant(&'static str, u32, &'static str) -> LastKey
        serialize_seq(Option<usize>) -> NoKey
        serialize_tuple(usize) -> NoKey
        serialize_tuple_struct(&'static str, usize) -> NoKey
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> NoKey
        serialize_map(Option<usize>) -> NoKey
        serialize_struct(&'static str, usize) -> NoKey
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> NoKey
    }

    #[cold]
    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<LastKey, EncodeError> {
        Err(Problem::Key.into())
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<LastKey, EncodeError> {
        value.serialize(self)
    }

    #[cold]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<LastKey, EncodeError> {
        Err(Problem::Key.into())
    }
}
