//! What events carry: the [`EventData`] trait, its schema model and the types that implement it.

mod bytes;
mod impls;
pub(crate) mod instead;
mod key;
mod redacted;
pub(crate) mod support;

use serde::de::{MapAccess, SeqAccess};
use serde::ser::SerializeStruct;

pub use bytes::Bytes;
pub use key::EventKey;
pub use redacted::Redacted;

use crate::schema::Schema;

/// A type that an event can carry.
///
/// Derive it for structs with named fields and for enums without payload; `#[event]` derives it for the event itself.
/// The derive writes the serde implementations too, so that the names on the wire and in the schema are one thing.
///
/// | Rust | schema (Avro) |
/// | --- | --- |
/// | `bool` | `boolean` |
/// | `i64` | `long` |
/// | `f64` | `double` |
/// | `String` | `string` |
/// | [`Bytes`] | `bytes` |
/// | [`DateTime`](crate::DateTime), [`Uuid`](crate::Uuid) | `string` |
/// | `Option<T>` | `["null", T]`, default `null` |
/// | `Vec<T>` | `array` of `T` |
/// | `BTreeMap<String, T>` | `map` of `T` |
/// | struct with `#[derive(EventData)]` | `record` |
/// | enum without payload with `#[derive(EventData)]` | `string` |
/// | any type with `#[derive(EventData)] #[event_data(string)]` | `string`, by `Display` and `FromStr` |
///
/// Other numbers (`u32`, `i32`, `f32`…) are refused on purpose: the wire knows one integer and one float, and a silent
/// narrowing on the reading side would be a wrong value.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be carried by an event",
    label = "not a type that events can carry",
    note = "events carry `bool`, `i64`, `f64`, `String`, `Bytes`, `DateTime`, `Uuid`, `Option<T>`, `Vec<T>` and `BTreeMap<String, T>`",
    note = "for a struct or an enum of your own, add `#[derive(EventData)]` to it",
    note = "for another number, use `i64` or `f64`; for a type that travels as text, derive with `#[event_data(string)]`"
)]
pub trait EventData:
    Clone
    + core::fmt::Debug
    + PartialEq
    + serde::Serialize
    + serde::de::DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// The type's schema, known at compile time.
    const SCHEMA: &'static Schema;

    // What the derive of the record around a field calls. Methods of this trait, so that a field whose type does not
    // implement it gives one message, with the words above, and not one for each of serde's traits.

    #[doc(hidden)]
    fn __write<S: SerializeStruct>(
        &self,
        record: &mut S,
        name: &'static str,
    ) -> Result<(), S::Error> {
        record.serialize_field(name, self)
    }

    #[doc(hidden)]
    fn __next<'de, A: SeqAccess<'de>>(
        seq: &mut A,
        index: usize,
        expected: &'static str,
    ) -> Result<Self, A::Error> {
        support::next_field(seq, index, expected)
    }

    #[doc(hidden)]
    fn __read<'de, A: MapAccess<'de>>(
        map: &mut A,
        slot: &mut Option<Self>,
        name: &'static str,
    ) -> Result<(), A::Error> {
        support::read_field(map, slot, name)
    }

    #[doc(hidden)]
    fn __finish<E: serde::de::Error>(slot: Option<Self>, name: &'static str) -> Result<Self, E> {
        support::finish_field(slot, name)
    }
}
