//! Serde's view of a source.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::source::{Items, ReadError, Source, Stopped};

/// Reads a value from a [`Source`], as a deserializer of serde.
///
/// For a wire format that knows the type: with a source of a type of its own, everything is compiled for the two.
/// Where the type is known at run time only, [`read_event`](../trait.AnySignal.html#method.read_event) reads an event.
#[derive(Debug)]
pub struct Reader<'a, S: ?Sized>(&'a mut S);

impl<'a, S: ?Sized> Reader<'a, S> {
    /// Reads the next value of the source.
    #[inline]
    pub fn new(source: &'a mut S) -> Self {
        Self(source)
    }
}

/// What the model does not have.
macro_rules! refuse {
    ($($method:ident($($argument:ty),*))*) => {
        $(
            #[cold]
            fn $method<V: Visitor<'de>>(self, $(_: $argument,)* _: V) -> Result<V::Value, ReadError> {
                Err(ReadError::OutsideModel)
            }
        )*
    };
}

impl<'de, S: Source<'de> + ?Sized> Deserializer<'de> for Reader<'_, S> {
    type Error = ReadError;

    refuse! {
        deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_char() deserialize_unit() deserialize_identifier() deserialize_ignored_any()
        deserialize_unit_struct(&'static str)
        deserialize_tuple(usize)
        deserialize_tuple_struct(&'static str, usize)
        deserialize_enum(&'static str, &'static [&'static str])
    }

    /// A text. A source does not say what comes, so that a type has to; of the types of the model only `DateTime` asks
    /// for anything, for the sake of what it says of wrong JSON, and it travels as text.
    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_bool(self.0.boolean()?)
    }

    #[inline]
    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_i64(self.0.long()?)
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_f64(self.0.double()?)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_borrowed_str(self.0.text()?)
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_borrowed_bytes(self.0.bytes()?)
    }

    #[inline]
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.0.is_some()? {
            visitor.visit_some(self)
        } else {
            visitor.visit_none()
        }
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let mut items = Rest::new(self.0.list()?, self.0);
        let value = visitor.visit_seq(&mut items)?;
        items.end()?;
        Ok(value)
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let mut items = Rest::new(self.0.map()?, self.0);
        let value = visitor.visit_map(&mut items)?;
        items.end()?;
        Ok(value)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let source = self.0;
        if let Err(Stopped) = source.record() {
            return Err(ReadError::Source);
        }
        let left = fields.len();
        match visitor.visit_seq(Fields { source, left }) {
            Ok(value) => {
                source.end_record();
                Ok(value)
            }
            Err(error) => Err(error),
        }
    }
}

/// The fields of a record, one after the other.
struct Fields<'a, S: ?Sized> {
    source: &'a mut S,
    left: usize,
}

impl<'de, S: Source<'de> + ?Sized> SeqAccess<'de> for Fields<'_, S> {
    type Error = ReadError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ReadError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        if let Err(Stopped) = self.source.field() {
            return Err(ReadError::Source);
        }
        match seed.deserialize(Reader(&mut *self.source)) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(error),
        }
    }
}

/// The rest of a list or a map.
struct Rest<'a, S: ?Sized> {
    source: &'a mut S,
    items: Items,
    ended: bool,
}

impl<'a, S: ?Sized> Rest<'a, S> {
    #[inline]
    fn new(items: Items, source: &'a mut S) -> Self {
        Self {
            ended: items.pending == 0,
            source,
            items,
        }
    }

    /// Whether there is one more item.
    #[inline]
    fn next<'de>(&mut self) -> Result<bool, ReadError>
    where
        S: Source<'de>,
    {
        if self.items.pending == 0 {
            if self.ended {
                return Ok(false);
            }
            self.source.more(&mut self.items)?;
            if self.items.pending == 0 {
                self.ended = true;
                return Ok(false);
            }
        }
        self.items.pending -= 1;
        Ok(true)
    }

    /// A visitor that stops early has not read everything.
    #[inline]
    fn end(self) -> Result<(), ReadError> {
        if self.ended {
            Ok(())
        } else {
            Err(ReadError::OtherType)
        }
    }
}

impl<'de, S: Source<'de> + ?Sized> SeqAccess<'de> for &mut Rest<'_, S> {
    type Error = ReadError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ReadError> {
        if !self.next()? {
            return Ok(None);
        }
        seed.deserialize(Reader(&mut *self.source)).map(Some)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.items.room)
    }
}

impl<'de, S: Source<'de> + ?Sized> MapAccess<'de> for &mut Rest<'_, S> {
    type Error = ReadError;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ReadError> {
        if !self.next()? {
            return Ok(None);
        }
        let key = self.source.key()?;
        seed.deserialize(BorrowedStrDeserializer::new(key))
            .map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        seed.deserialize(Reader(&mut *self.source))
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.items.room)
    }
}
