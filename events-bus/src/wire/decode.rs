//! Reads a body in one pass, by what the Rust type asks for.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::fault::Fault;
use super::input::{Blocks, Input};

/// Reads what the type asks for, field after field. It knows no schema: the type's implementation of `Deserialize` is
/// one, since the same macro writes both.
#[derive(Debug)]
pub(super) struct Decoder<'de> {
    input: Input<'de>,
}

impl<'de> Decoder<'de> {
    #[inline]
    pub(super) fn new(body: &'de [u8]) -> Self {
        Self {
            input: Input::new(body),
        }
    }

    #[inline]
    pub(super) fn end(&self) -> Result<(), Fault> {
        self.input.end()
    }
}

/// What the model does not have.
macro_rules! refuse {
    ($($method:ident($($argument:ty),*))*) => {
        $(
            #[cold]
            fn $method<V: Visitor<'de>>(self, $(_: $argument,)* _: V) -> Result<V::Value, Fault> {
                Err(Fault::OutsideModel)
            }
        )*
    };
}

impl<'de> Deserializer<'de> for &mut Decoder<'de> {
    type Error = Fault;

    refuse! {
        deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_char() deserialize_unit() deserialize_identifier() deserialize_ignored_any()
        deserialize_unit_struct(&'static str)
        deserialize_tuple(usize)
        deserialize_tuple_struct(&'static str, usize)
        deserialize_enum(&'static str, &'static [&'static str])
    }

    /// A text. Avro does not say what comes, so that a type has to; of the types of the model only `DateTime` asks for
    /// anything, for the sake of what it says of wrong JSON, and it travels as text.
    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_bool(self.input.boolean()?)
    }

    #[inline]
    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_i64(self.input.long()?)
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_f64(self.input.double()?)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_borrowed_str(self.input.text()?)
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_borrowed_bytes(self.input.bytes()?)
    }

    #[inline]
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.input.is_some()? {
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
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.input.enter()?;
        let mut items = Items {
            blocks: Blocks::new(&mut self.input)?,
            decoder: self,
        };
        let value = visitor.visit_seq(&mut items)?;
        items.end()?;
        Ok(value)
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.input.enter()?;
        let mut items = Items {
            blocks: Blocks::new(&mut self.input)?,
            decoder: self,
        };
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
    ) -> Result<V::Value, Fault> {
        self.input.enter()?;
        let value = visitor.visit_seq(Fields {
            left: fields.len(),
            decoder: self,
        })?;
        self.input.leave();
        Ok(value)
    }
}

/// The fields of a record, one after the other.
struct Fields<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Fields<'_, 'de> {
    type Error = Fault;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.decoder).map(Some)
    }
}

/// The items of a list or the entries of a map.
struct Items<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    blocks: Blocks,
}

impl Items<'_, '_> {
    /// A visitor that stops early has not read everything.
    #[inline]
    fn end(self) -> Result<(), Fault> {
        if !self.blocks.have_ended() {
            return Err(Fault::OtherType);
        }
        self.decoder.input.leave();
        Ok(())
    }
}

impl<'de> SeqAccess<'de> for &mut Items<'_, 'de> {
    type Error = Fault;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        if !self.blocks.next(&mut self.decoder.input)? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.decoder).map(Some)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.blocks.size_hint(&self.decoder.input))
    }
}

impl<'de> MapAccess<'de> for &mut Items<'_, 'de> {
    type Error = Fault;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        if !self.blocks.next(&mut self.decoder.input)? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.decoder).map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        seed.deserialize(&mut *self.decoder)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.blocks.size_hint(&self.decoder.input))
    }
}
