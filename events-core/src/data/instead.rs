//! What to use instead of a type of the standard library that no event can carry.
//!
//! A derive sees the name of a field's type, not the type: `Duration` may be somebody's own, and an `EventData`. So it
//! does not refuse the name, but asks for one of these traits in place of [`EventData`]. Whatever is an `EventData` has
//! them all; where one is missing, the message has the remedy for the type that has such a name.

#![expect(
    missing_docs,
    clippy::missing_errors_doc,
    reason = "the members are those of `EventData`"
)]

use serde::de::{Error, MapAccess, SeqAccess};
use serde::ser::SerializeStruct;

use super::EventData;
use crate::schema::Schema;

macro_rules! instead {
    ($($trait:ident: $label:literal, $note:literal;)*) => {$(
        #[diagnostic::on_unimplemented(
            message = "`{Self}` cannot be carried by an event",
            label = $label,
            note = $note
        )]
        pub trait $trait: Sized {
            const SCHEMA: &'static Schema;
            fn __write<S: SerializeStruct>(&self, record: &mut S, name: &'static str) -> Result<(), S::Error>;
            fn __next<'de, A: SeqAccess<'de>>(seq: &mut A, index: usize, expected: &'static str) -> Result<Self, A::Error>;
            fn __read<'de, A: MapAccess<'de>>(map: &mut A, slot: &mut Option<Self>, name: &'static str) -> Result<(), A::Error>;
            fn __finish<E: Error>(slot: Option<Self>, name: &'static str) -> Result<Self, E>;
        }

        #[diagnostic::do_not_recommend]
        impl<T: EventData> $trait for T {
            const SCHEMA: &'static Schema = <T as EventData>::SCHEMA;

            fn __write<S: SerializeStruct>(&self, record: &mut S, name: &'static str) -> Result<(), S::Error> {
                EventData::__write(self, record, name)
            }

            fn __next<'de, A: SeqAccess<'de>>(seq: &mut A, index: usize, expected: &'static str) -> Result<Self, A::Error> {
                EventData::__next(seq, index, expected)
            }

            fn __read<'de, A: MapAccess<'de>>(map: &mut A, slot: &mut Option<Self>, name: &'static str) -> Result<(), A::Error> {
                EventData::__read(map, slot, name)
            }

            fn __finish<E: Error>(slot: Option<Self>, name: &'static str) -> Result<Self, E> {
                EventData::__finish(slot, name)
            }
        }
    )*};
}

instead! {
    MapOnTheWire:
        "write `BTreeMap<String, T>`",
        "the wire has one kind of map, with texts as keys, and a `BTreeMap` has an order, so that equal events are equal bytes";
    ListOnTheWire:
        "write `Vec<T>`",
        "the wire has one kind of list";
    TimeOnTheWire:
        "write `events_core::DateTime`",
        "a point in time travels as a text with its offset, which is what `DateTime` is";
    DurationOnTheWire:
        "write `i64`, and the unit into the name of the field",
        "the wire has no durations: for instance `pub timeout_ms: i64`";
    ValueOnTheWire:
        "write the type inside",
        "an event is a value of its own: what points to a value, shares it or locks it means nothing to another process";
    TextOnTheWire:
        "write `String`",
        "the wire has one kind of text; a type of your own travels as text with `#[event_data(string)]`";
    RecordOnTheWire:
        "write a struct with `#[derive(EventData)]`",
        "an event has a schema, and a value that may be anything has none; a `String` can hold the JSON as text";
}
