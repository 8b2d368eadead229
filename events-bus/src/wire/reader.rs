//! Reads a body by the layout of its writer: Avro's schema resolution.
//!
//! Source: the Avro specification 1.12, *Schema Resolution*. Fields go by name, what the reader does not know is passed
//! over, what the writer did not have is the reader's default, a `long` becomes a `double`, `string` and `bytes` become
//! each other, a value becomes the optional one of its type, and the other way round if it is there.
//!
//! It knows at every moment where it is, and that makes it the slower way; the faster one asks it where it failed.

use core::fmt;
use core::slice;

use events_core::{FieldSchema, Schema, StringFormat};
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Expected, MapAccess, SeqAccess, Unexpected,
    Visitor,
};

use super::error::Failure;
use super::fault::Fault;
use super::input::{Blocks, Input};
use super::path::{Place, Step, Trace};
use super::walk;

/// Reads a value that was written with this schema.
pub(super) fn read<T: DeserializeOwned>(body: &[u8], writer: &Schema) -> Result<T, Failure> {
    let mut source = Source {
        input: Input::new(body),
        place: Place::default(),
    };
    let reader = Reader {
        source: &mut source,
        writer: *writer,
    };
    let result = T::deserialize(reader).and_then(|value| {
        source.place.at(source.input.left(), None);
        source.input.end()?;
        Ok(value)
    });
    result.map_err(|refusal| {
        let fault = match refusal {
            Refusal::Fault(fault) => fault,
            Refusal::Missing(name) => {
                source.place.enter(Step::Field(name));
                source.place.at(source.input.left(), None);
                Fault::Missing
            }
        };
        Failure::new(&source.place, body.len(), fault)
    })
}

struct Source<'de> {
    input: Input<'de>,
    /// Where it is; after an error, where the error is.
    place: Place,
}

/// A value in the body, and the schema that it was written with.
struct Reader<'a, 'de> {
    source: &'a mut Source<'de>,
    writer: Schema,
}

/// Why reading stopped.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    Fault(Fault),
    Missing(&'static str),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::Missing(_) => Fault::Missing.fmt(f),
        }
    }
}

impl core::error::Error for Refusal {}

impl serde::de::Error for Refusal {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Fault::custom(message).into()
    }

    fn invalid_type(given: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Fault::invalid_type(given, expected).into()
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Fault::invalid_length(length, expected).into()
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }
}

impl<'de> Reader<'_, 'de> {
    /// Begins with a value.
    fn begin(&mut self) {
        let left = self.source.input.left();
        self.source.place.at(left, Some(&self.writer));
    }

    /// Begins with a value that must be there.
    fn required(mut self) -> Result<Self, Refusal> {
        self.begin();
        while let Schema::Optional(inner) = self.writer {
            if !self.source.input.is_some()? {
                return Err(Fault::Null.into());
            }
            self.writer = *inner;
            self.begin();
        }
        Ok(self)
    }

    fn text(self) -> Result<&'de str, Refusal> {
        let reader = self.required()?;
        match reader.writer {
            Schema::String(_) | Schema::Enum(_) | Schema::Bytes => {
                Ok(reader.source.input.text()?)
            }
            _ => Err(Fault::OtherType.into()),
        }
    }

    fn bytes(self) -> Result<&'de [u8], Refusal> {
        let reader = self.required()?;
        match reader.writer {
            Schema::Bytes => Ok(reader.source.input.bytes()?),
            Schema::String(_) | Schema::Enum(_) => Ok(reader.source.input.text()?.as_bytes()),
            _ => Err(Fault::OtherType.into()),
        }
    }

    /// Reads a list or a map.
    fn items<T>(
        self,
        schema: &'static Schema,
        visit: impl FnOnce(&mut Items<'_, 'de>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let source = self.source;
        source.input.enter()?;
        let mut items = Items {
            blocks: Blocks::new(&mut source.input)?,
            source,
            schema,
            index: 0,
        };
        let value = visit(&mut items)?;
        if !items.blocks.have_ended() {
            return Err(Fault::OtherType.into());
        }
        items.source.input.leave();
        Ok(value)
    }

    fn list<V: Visitor<'de>>(
        self,
        schema: &'static Schema,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.items(schema, |items| visitor.visit_seq(items))
    }

    fn map<V: Visitor<'de>>(
        self,
        schema: &'static Schema,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.items(schema, |items| visitor.visit_map(items))
    }

    fn record<V: Visitor<'de>>(
        self,
        fields: &'static [FieldSchema],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.source.input.enter()?;
        let mut fields = Fields {
            source: self.source,
            rest: fields.iter(),
            current: None,
        };
        let value = visitor.visit_map(&mut fields)?;
        if fields.rest.next().is_some() {
            return Err(Fault::OtherType.into());
        }
        fields.source.input.leave();
        Ok(value)
    }
}

/// What the model does not have.
macro_rules! refuse {
    ($($method:ident($($argument:ty),*))*) => {
        $(fn $method<V: Visitor<'de>>(self, $(_: $argument,)* _: V) -> Result<V::Value, Refusal> {
            Err(Fault::OutsideModel.into())
        })*
    };
}

impl<'de> Deserializer<'de> for Reader<'_, 'de> {
    type Error = Refusal;

    refuse! {
        deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_char() deserialize_unit() deserialize_identifier()
        deserialize_unit_struct(&'static str)
        deserialize_tuple(usize)
        deserialize_tuple_struct(&'static str, usize)
        deserialize_enum(&'static str, &'static [&'static str])
    }

    /// A text, as in `Decoder`.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let reader = self.required()?;
        match reader.writer {
            Schema::Boolean => visitor.visit_bool(reader.source.input.boolean()?),
            _ => Err(Fault::OtherType.into()),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let reader = self.required()?;
        match reader.writer {
            Schema::Long => visitor.visit_i64(reader.source.input.long()?),
            _ => Err(Fault::OtherType.into()),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let reader = self.required()?;
        match reader.writer {
            Schema::Double => visitor.visit_f64(reader.source.input.double()?),
            #[expect(clippy::cast_precision_loss, reason = "Avro promotes so")]
            Schema::Long => visitor.visit_f64(reader.source.input.long()? as f64),
            _ => Err(Fault::OtherType.into()),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_borrowed_bytes(self.bytes()?)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refusal> {
        self.begin();
        if let Schema::Optional(inner) = self.writer {
            if !self.source.input.is_some()? {
                return visitor.visit_none();
            }
            self.writer = *inner;
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let reader = self.required()?;
        match reader.writer {
            Schema::Array(items) => reader.list(items, visitor),
            _ => Err(Fault::OtherType.into()),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let reader = self.required()?;
        match reader.writer {
            Schema::Map(values) => reader.map(values, visitor),
            _ => Err(Fault::OtherType.into()),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let reader = self.required()?;
        match reader.writer {
            Schema::Record(schema) => reader.record(schema.fields, visitor),
            _ => Err(Fault::OtherType.into()),
        }
    }

    /// What the reader does not know.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let source = self.source;
        walk::skip(&mut source.input, &self.writer, &mut source.place)?;
        visitor.visit_unit()
    }
}

/// The fields of a record by name, in the order of the writer.
struct Fields<'a, 'de> {
    source: &'a mut Source<'de>,
    rest: slice::Iter<'static, FieldSchema>,
    /// The field whose value comes next.
    current: Option<&'static FieldSchema>,
}

impl<'de> MapAccess<'de> for &mut Fields<'_, 'de> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refusal> {
        self.current = self.rest.next();
        match self.current {
            Some(field) => seed
                .deserialize(BorrowedStrDeserializer::new(field.name))
                .map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        // Asked without a name before: that is no visitor of a record.
        let field = self.current.take().ok_or(Fault::OtherType)?;
        self.source.place.enter(Step::Field(field.name));
        let value = seed.deserialize(Reader {
            source: self.source,
            writer: *field.schema,
        })?;
        self.source.place.leave();
        Ok(value)
    }
}

/// The items of a list or the entries of a map.
struct Items<'a, 'de> {
    source: &'a mut Source<'de>,
    blocks: Blocks,
    schema: &'static Schema,
    index: usize,
}

impl Items<'_, '_> {
    fn next(&mut self) -> Result<bool, Refusal> {
        self.source.place.at(self.source.input.left(), None);
        Ok(self.blocks.next(&mut self.source.input)?)
    }

    fn value<'de, T: DeserializeSeed<'de>>(
        source: &mut Source<'de>,
        writer: Schema,
        seed: T,
    ) -> Result<T::Value, Refusal> {
        let value = seed.deserialize(Reader { source, writer })?;
        source.place.leave();
        Ok(value)
    }
}

impl<'de> SeqAccess<'de> for &mut Items<'_, 'de> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refusal> {
        if !self.next()? {
            return Ok(None);
        }
        self.source.place.enter(Step::Item(self.index));
        self.index += 1;
        Items::value(self.source, *self.schema, seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.blocks.size_hint(&self.source.input))
    }
}

impl<'de> MapAccess<'de> for &mut Items<'_, 'de> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refusal> {
        if !self.next()? {
            return Ok(None);
        }
        // Left again after the value.
        self.source.place.enter(Step::Value);
        let key = seed.deserialize(Reader {
            source: self.source,
            writer: Schema::String(StringFormat::Text),
        })?;
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        Items::value(self.source, *self.schema, seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.blocks.size_hint(&self.source.input))
    }
}
