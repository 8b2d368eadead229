//! Reading metadata as the reference's `from_json` reads it.
//!
//! A document is taken in whole before anything in it is judged: of a key given twice the last counts, so what the
//! first one said, even nonsense, is no error.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use uuid::Uuid;

use super::{EventMetadata, Parts, Sender, SourceLib, SourceLibPart, defaults, id};
use crate::time::Timestamp;

/// Reads what the reference's `from_json` reads; see the type for the rules and the differences.
impl<'de> Deserialize<'de> for EventMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Document)
    }
}

/// Reads a list of integers and strings, or a string; see the type.
impl<'de> Deserialize<'de> for SourceLib {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        source_lib(
            "the version",
            Any { lists: true }.deserialize(deserializer)?,
        )
    }
}

/// Any value, as far as metadata can make use of it.
#[derive(Clone, Copy)]
struct Any {
    /// Whether lists are kept; in a list they are not, as nothing in metadata is nested twice.
    lists: bool,
}

enum Given {
    Null,
    Bool(bool),
    Integer(i64),
    /// A number that is no `i64`.
    Number(String),
    Text(String),
    List(Vec<Self>),
    Nested(&'static str),
}

/// For error messages: what was given, shortened. Metadata is no payload and may be shown.
impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 100;
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Number(value) => f.write_str(value),
            Self::Text(text) => match text
                .char_indices()
                .nth(SHOWN)
                .and_then(|(end, _)| text.get(..end))
            {
                Some(start) => write!(f, "{start:?}…"),
                None => write!(f, "{text:?}"),
            },
            Self::List(_) => f.write_str("a list"),
            Self::Nested(kind) => f.write_str(kind),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Any {
    type Value = Given;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Given, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Given, E> {
        Ok(Given::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Given, E> {
        Ok(Given::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Given, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Given, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Given, E> {
        Ok(Given::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Given, E> {
        Ok(Given::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Given, E> {
        Ok(i64::try_from(value).map_or_else(|_| Given::Number(value.to_string()), Given::Integer))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Given, E> {
        Ok(i64::try_from(value).map_or_else(|_| Given::Number(value.to_string()), Given::Integer))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Given, E> {
        Ok(i64::try_from(value).map_or_else(|_| Given::Number(value.to_string()), Given::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Given, E> {
        Ok(Given::Number(value.to_string()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Given, E> {
        Ok(Given::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Given, E> {
        Ok(Given::Text(text))
    }

    fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<Given, E> {
        Ok(Given::Nested("bytes"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Given, A::Error> {
        if !self.lists {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Given::Nested("a list"));
        }
        let mut list = Vec::new();
        while let Some(given) = seq.next_element_seed(Self { lists: false })? {
            list.push(given);
        }
        Ok(Given::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Given::Nested("an object"))
    }
}

/// The keys, in the order in which they are written.
const KEYS: [&str; 7] = [
    "event_type",
    "id",
    "minorversion",
    "source",
    "sourcehost",
    "time",
    "sourcelib",
];

/// A key's place in [`KEYS`], if it is one of them.
struct Key(Option<usize>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
                Ok(Key(KEYS.iter().position(|key| *key == name)))
            }
        }

        deserializer.deserialize_identifier(Name)
    }
}

struct Document;

impl<'de> Visitor<'de> for Document {
    type Value = EventMetadata;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event's metadata as an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<EventMetadata, A::Error> {
        let mut given = [const { None }; KEYS.len()];
        while let Some(Key(place)) = map.next_key()? {
            match place.and_then(|place| given.get_mut(place)) {
                Some(value) => *value = Some(map.next_value_seed(Any { lists: true })?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let [
            event_type,
            id,
            minor_version,
            source,
            source_host,
            time,
            lib,
        ] = given;
        // In the order of the document, so that of several mistakes the first is reported.
        let event_type = text("event_type", required("event_type", event_type)?)?.into();
        let id = read_id(&required("id", id)?)?;
        let minor_version = match minor_version {
            Some(Given::Integer(number)) => number,
            // The reference does not look at it at all, so whatever it is, the event counts.
            _ => 0,
        };
        let source = text_or("source", required("source", source)?, defaults::source)?;
        let host = required("sourcehost", source_host)?;
        let source_host = text_or("sourcehost", host, defaults::source_host)?;
        let time = read_time(&required("time", time)?)?;
        let source_lib = source_lib("sourcelib", required("sourcelib", lib)?)?;
        let parts = Parts {
            event_type,
            source,
            source_host,
            source_lib,
        };
        Ok(EventMetadata {
            id,
            time,
            minor_version,
            sender: Sender::Elsewhere(Arc::new(parts)),
        })
    }
}

fn required<E: Error>(field: &'static str, given: Option<Given>) -> Result<Given, E> {
    given.ok_or_else(|| {
        E::custom(format_args!(
            "metadata lacks {field:?}, which every sender writes"
        ))
    })
}

fn refuse<E: Error>(field: &str, given: impl fmt::Display, expected: impl fmt::Display) -> E {
    E::custom(format_args!(
        "metadata has {given} for {field:?}, expected {expected}"
    ))
}

fn text<E: Error>(field: &str, given: Given) -> Result<String, E> {
    match given {
        Given::Text(text) => Ok(text),
        other => Err(refuse(field, &other, "a string")),
    }
}

/// `null` stands for this process's own value, which the reference fills in.
fn text_or<E: Error>(
    field: &str,
    given: Given,
    own: fn() -> &'static str,
) -> Result<Cow<'static, str>, E> {
    match given {
        Given::Null => Ok(Cow::Borrowed(own())),
        Given::Text(text) => Ok(Cow::Owned(text)),
        other => Err(refuse(
            field,
            &other,
            "a string, or null for this process's own",
        )),
    }
}

fn read_id<E: Error>(given: &Given) -> Result<Uuid, E> {
    const EXPECTED: &str = "a UUID as a string of 32 hexadecimal digits";
    match given {
        Given::Text(text) => id::parse_id(text).ok_or_else(|| refuse("id", given, EXPECTED)),
        _ => Err(refuse("id", given, EXPECTED)),
    }
}

fn read_time<E: Error>(given: &Given) -> Result<Timestamp, E> {
    match given {
        Given::Text(text) => text.parse().map_err(|error| {
            refuse(
                "time",
                given,
                format_args!("a time in UTC such as 2024-06-11T14:12:45.320819+00:00 ({error})"),
            )
        }),
        _ => Err(refuse("time", given, "a time in UTC as a string")),
    }
}

fn source_lib<E: Error>(field: &str, given: Given) -> Result<SourceLib, E> {
    let expected = "a list of integers and strings, such as [10, 5, 0]";
    match given {
        Given::Text(text) => Ok(SourceLib::from_characters(&text)),
        Given::List(list) => list
            .into_iter()
            .map(|part| match part {
                Given::Integer(number) => Ok(SourceLibPart::Number(number)),
                Given::Text(text) => Ok(SourceLibPart::Text(text.into())),
                other => Err(refuse(
                    field,
                    format_args!("a list with {other} in it"),
                    expected,
                )),
            })
            .collect(),
        other => Err(refuse(field, &other, expected)),
    }
}
