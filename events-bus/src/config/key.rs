//! The field of an event that is its key on a topic.

use std::fmt;

use events_core::config::kit::{did_you_mean, list, quoted};
use events_core::{AnyEvent, EventInfo, RecordSchema, Schema};
use serde::ser::{Impossible, Serialize, SerializeStruct, Serializer};

/// The path of a field of an event, which is its key on a topic instead of [its own](events_core::Event::key):
/// `user.pii.username`. The names are those on the wire, and so those of the schema.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyPath(Box<str>);

impl KeyPath {
    /// A path of names with dots between them. Whether an event has such a field,
    /// [`BusConfig::check`](super::BusConfig::check) says.
    pub fn new(path: impl Into<Box<str>>) -> Self {
        Self(path.into())
    }

    /// The path as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of an event, in the form that its own key would have. `None` where an optional field on the path is empty, and
    /// where there is no such field.
    pub fn of(&self, event: AnyEvent<'_>) -> Option<String> {
        // What fails to serialize here fails the same way when the event is encoded, and is reported there.
        event
            .serialize(Walk {
                rest: Some(&self.0),
            })
            .ok()
            .flatten()
    }
}

impl KeyPath {
    /// Why it can be no key of an event; `None` where it can.
    pub(super) fn problem(&self, event: &EventInfo) -> Option<String> {
        let mut record = event.schema;
        let mut walked = String::new();
        let mut names = self.0.split('.').peekable();
        while let Some(name) = names.next() {
            let owner = match walked.as_str() {
                "" => "the event".to_owned(),
                walked => quoted(walked),
            };
            let field = record.fields.iter().find(|field| field.name == name);
            let Some(field) = field else {
                return Some(format!(
                    "{owner} has no field {}{} its fields are {}; write one of them",
                    quoted(name),
                    did_you_mean(name, names_of(record)),
                    list(names_of(record), "none"),
                ));
            };
            if !walked.is_empty() {
                walked.push('.');
            }
            walked.push_str(name);
            let schema = match field.schema {
                Schema::Optional(inner) => inner,
                schema => schema,
            };
            match schema {
                Schema::Record(inner) if names.peek().is_some() => record = inner,
                Schema::Record(inner) => {
                    return Some(format!(
                        "{} is a record, expected a field that is a text, a whole number or a boolean; its fields are {}; \
                         write one of them behind it",
                        quoted(&walked),
                        list(names_of(inner), "none"),
                    ));
                }
                _ if names.peek().is_some() => {
                    return Some(format!(
                        "{} is of type {schema}, which has no fields; end the path with it",
                        quoted(&walked)
                    ));
                }
                Schema::Boolean | Schema::Long | Schema::String(_) | Schema::Enum(_) => {}
                _ => {
                    return Some(format!(
                        "{} is of type {schema}, expected a text, a whole number or a boolean; write another field",
                        quoted(&walked)
                    ));
                }
            }
        }
        None
    }
}

fn names_of(record: &RecordSchema) -> impl Iterator<Item = &'static str> {
    record.fields.iter().map(|field| field.name)
}

impl From<&str> for KeyPath {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Goes down to one field of a value, and takes its text. Other fields are not serialized.
struct Walk<'a> {
    /// The names that are left; none at the field itself.
    rest: Option<&'a str>,
}

impl Walk<'_> {
    fn text(self, text: impl fmt::Display) -> Result<Option<String>, fmt::Error> {
        match self.rest {
            None => Ok(Some(text.to_string())),
            Some(_) => Err(fmt::Error),
        }
    }
}

/// A struct on the way.
struct Fields<'a> {
    name: &'a str,
    rest: Option<&'a str>,
    found: Option<String>,
}

impl SerializeStruct for Fields<'_> {
    type Ok = Option<String>;
    type Error = fmt::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), fmt::Error> {
        if name == self.name {
            self.found = value.serialize(Walk { rest: self.rest })?;
        }
        Ok(())
    }

    fn end(self) -> Result<Option<String>, fmt::Error> {
        Ok(self.found)
    }
}

type No = Impossible<Option<String>, fmt::Error>;

macro_rules! take_text {
    ($($method:ident($type:ty))*) => {
        $(
            fn $method(self, value: $type) -> Result<Option<String>, fmt::Error> {
                self.text(value)
            }
        )*
    };
}

macro_rules! refuse {
    ($($method:ident($($argument:ty),*) -> $ok:ty)*) => {
        $(
            fn $method(self, $(_: $argument),*) -> Result<$ok, fmt::Error> {
                Err(fmt::Error)
            }
        )*
    };
}

impl<'a> Serializer for Walk<'a> {
    type Ok = Option<String>;
    type Error = fmt::Error;
    type SerializeSeq = No;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = No;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = No;

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'a>, fmt::Error> {
        let path = self.rest.ok_or(fmt::Error)?;
        let (name, rest) = match path.split_once('.') {
            Some((name, rest)) => (name, Some(rest)),
            None => (path, None),
        };
        Ok(Fields {
            name,
            rest,
            found: None,
        })
    }

    fn serialize_none(self) -> Result<Option<String>, fmt::Error> {
        Ok(None)
    }

    fn serialize_some<T: Serialize + ?Sized>(
        self,
        value: &T,
    ) -> Result<Option<String>, fmt::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Option<String>, fmt::Error> {
        value.serialize(self)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Option<String>, fmt::Error> {
        self.text(variant)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, text: &T) -> Result<Option<String>, fmt::Error> {
        self.text(text)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Option<String>, fmt::Error> {
        Err(fmt::Error)
    }

    take_text! {
        serialize_bool(bool)
        serialize_i8(i8)
        serialize_i16(i16)
        serialize_i32(i32)
        serialize_i64(i64)
        serialize_u8(u8)
        serialize_u16(u16)
        serialize_u32(u32)
        serialize_u64(u64)
        serialize_char(char)
        serialize_str(&str)
    }

    // What cannot be a key: `BusConfig::check` refuses paths that end there.
    refuse! {
        serialize_f32(f32) -> Option<String>
        serialize_f64(f64) -> Option<String>
        serialize_bytes(&[u8]) -> Option<String>
        serialize_unit() -> Option<String>
        serialize_unit_struct(&'static str) -> Option<String>
        serialize_seq(Option<usize>) -> No
        serialize_tuple(usize) -> No
        serialize_tuple_struct(&'static str, usize) -> No
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> No
        serialize_map(Option<usize>) -> No
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> No
    }
}
