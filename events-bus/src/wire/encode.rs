//! Writes a value in one pass, by what its implementation of `Serialize` says.

use core::fmt;

use serde::ser::{Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer};

use super::encode_error::{EncodeError, Problem};
use super::encode_key::{Key, LastKey};
use super::input::DEPTH;
use super::path::Step;
use super::put;

/// Writes to the end of a `Vec`. It knows no schema: the type's implementation of `Serialize` is one.
pub(super) struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    /// How many more levels there may be.
    levels: u32,
}

impl<'a> Encoder<'a> {
    #[inline]
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, levels: DEPTH }
    }

    #[inline]
    fn down(&self) -> Result<u32, EncodeError> {
        match self.levels.checked_sub(1) {
            Some(levels) => Ok(levels),
            None => Err(Problem::TooDeep.into()),
        }
    }

    #[inline]
    fn items(self, len: Option<usize>) -> Result<Items<'a>, EncodeError> {
        let levels = self.down()?;
        match len {
            Some(0) | None => {}
            Some(len) => put::count(self.out, len),
        }
        Ok(Items {
            start: self.out.len(),
            out: self.out,
            levels,
            len,
            count: 0,
            key: LastKey::default(),
        })
    }
}

/// What the model does not have.
macro_rules! refuse {
    ($($method:ident($argument:ty) = $what:literal)*) => {
        $(
            #[cold]
            fn $method(self, _: $argument) -> Result<(), EncodeError> {
                Err(Problem::OutsideModel($what).into())
            }
        )*
    };
}

/// Numbers that the model does not have.
macro_rules! refuse_numbers {
    () => {
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
    };
}

impl<'a> Serializer for Encoder<'a> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Impossible<(), EncodeError>;
    type SerializeTupleStruct = Impossible<(), EncodeError>;
    type SerializeTupleVariant = Impossible<(), EncodeError>;
    type SerializeMap = Items<'a>;
    type SerializeStruct = Record<'a>;
    type SerializeStructVariant = Impossible<(), EncodeError>;

    refuse_numbers! {}

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), EncodeError> {
        self.out.push(u8::from(value));
        Ok(())
    }

    #[inline]
    fn serialize_i64(self, value: i64) -> Result<(), EncodeError> {
        put::long(self.out, value);
        Ok(())
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<(), EncodeError> {
        self.out.extend_from_slice(&value.to_le_bytes());
        Ok(())
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), EncodeError> {
        put::bytes(self.out, value.as_bytes());
        Ok(())
    }

    #[inline]
    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        put::display(self.out, value).map_err(|_| Problem::Refused.into())
    }

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<(), EncodeError> {
        put::bytes(self.out, value);
        Ok(())
    }

    #[inline]
    fn serialize_none(self) -> Result<(), EncodeError> {
        self.out.push(0);
        Ok(())
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        self.out.push(2);
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), EncodeError> {
        self.serialize_str(variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Items<'a>, EncodeError> {
        self.items(len)
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Items<'a>, EncodeError> {
        self.items(len)
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Record<'a>, EncodeError> {
        Ok(Record {
            levels: self.down()?,
            out: self.out,
        })
    }

    #[cold]
    fn serialize_unit(self) -> Result<(), EncodeError> {
        Err(Problem::OutsideModel("()").into())
    }

    #[cold]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), EncodeError> {
        Err(Problem::OutsideModel("an enum with payload").into())
    }

    #[cold]
    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, EncodeError> {
        Err(Problem::OutsideModel("a tuple or an array").into())
    }

    #[cold]
    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, EncodeError> {
        Err(Problem::OutsideModel("a tuple").into())
    }

    #[cold]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, EncodeError> {
        Err(Problem::OutsideModel("an enum with payload").into())
    }

    #[cold]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, EncodeError> {
        Err(Problem::OutsideModel("an enum with payload").into())
    }
}

/// The fields of a record, one after the other.
pub(super) struct Record<'a> {
    out: &'a mut Vec<u8>,
    levels: u32,
}

impl SerializeStruct for Record<'_> {
    type Ok = ();
    type Error = EncodeError;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        let encoder = Encoder {
            out: self.out,
            levels: self.levels,
        };
        match value.serialize(encoder) {
            Ok(()) => Ok(()),
            Err(error) => Err(error.inside(Step::Field(name))),
        }
    }

    #[cold]
    fn skip_field(&mut self, name: &'static str) -> Result<(), EncodeError> {
        Err(EncodeError::from(Problem::Skipped).inside(Step::Field(name)))
    }

    #[inline]
    fn end(self) -> Result<(), EncodeError> {
        Ok(())
    }
}

/// The items of a list or the entries of a map, as one block.
pub(super) struct Items<'a> {
    out: &'a mut Vec<u8>,
    levels: u32,
    /// Where the items begin.
    start: usize,
    /// How many there should be. Nothing is written yet where that is not known, or none.
    len: Option<usize>,
    /// How many there were.
    count: usize,
    /// The last key of a map.
    key: LastKey,
}

impl Items<'_> {
    #[inline]
    fn item<T: Serialize + ?Sized>(&mut self, value: &T, step: Step) -> Result<(), EncodeError> {
        let encoder = Encoder {
            out: self.out,
            levels: self.levels,
        };
        match value.serialize(encoder) {
            Ok(()) => Ok(()),
            Err(error) => Err(error.inside(step)),
        }
    }

    #[inline]
    fn finish(self) -> Result<(), EncodeError> {
        match self.len {
            Some(len) if len != self.count => return Err(Problem::Count.into()),
            None if self.count > 0 => put::count_before(self.out, self.start, self.count),
            _ => {}
        }
        self.out.push(0);
        Ok(())
    }
}

impl SerializeSeq for Items<'_> {
    type Ok = ();
    type Error = EncodeError;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        let index = self.count;
        self.count += 1;
        self.item(value, Step::Item(index))
    }

    #[inline]
    fn end(self) -> Result<(), EncodeError> {
        self.finish()
    }
}

impl SerializeMap for Items<'_> {
    type Ok = ();
    type Error = EncodeError;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        let last = (self.count > 0).then_some(&self.key);
        let key = key
            .serialize(Key {
                out: self.out,
                last,
            })
            .map_err(|error| error.inside(Step::Value))?;
        self.count += 1;
        self.key = key;
        Ok(())
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.item(value, Step::Value)
    }

    #[inline]
    fn end(self) -> Result<(), EncodeError> {
        self.finish()
    }
}
