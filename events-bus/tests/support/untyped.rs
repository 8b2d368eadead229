//! The two ways of reading and writing an event: with its type, and with its signal.

use std::borrow::Cow;

use events_bus::wire::{self, DecodeError};
use events_core::delivery::OwnedEvent;
use events_core::{
    Event, EventData, EventInfo, FieldSchema, RecordSchema, Schema, Signal, SignalInfo,
    SourceLocation,
};
use serde::{Deserialize, Serialize};

/// A signal that the registry does not know. Never freed.
pub fn signal<E: Event>() -> &'static Signal<E> {
    let location = SourceLocation::new(file!(), line!(), column!());
    Box::leak(Box::new(Signal::new(SignalInfo::new(
        "SIGNAL",
        module_path!(),
        location,
    ))))
}

/// An event of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: EventData")]
pub struct One<T> {
    pub value: T,
}

impl<T: EventData> One<T> {
    const FIELDS: &'static [FieldSchema] = &[FieldSchema::new("value", "", T::SCHEMA)];
    const RECORD: &'static RecordSchema = &RecordSchema::new("One", "", Self::FIELDS);
}

impl<T: EventData> EventData for One<T> {
    const SCHEMA: &'static Schema = &Schema::Record(Self::RECORD);
}

impl<T: EventData> Event for One<T> {
    const INFO: &'static EventInfo =
        &EventInfo::new("org.example.one.v1", 0, None, "One", "", Self::RECORD);

    fn signal() -> &'static Signal<Self> {
        signal()
    }

    fn key(&self) -> Option<Cow<'_, str>> {
        None
    }
}

/// Reads a body both ways, which must give the same: the event, or the error and its texts.
#[track_caller]
pub fn decode<E: Event>(body: &[u8], minor_version: i64) -> Result<E, DecodeError> {
    let typed = wire::decode::<E>(body, minor_version);
    let untyped = wire::decode_any(E::signal(), body, minor_version);
    match (&typed, untyped) {
        (Ok(typed), Ok(untyped)) => {
            let untyped: E = untyped.downcast().unwrap();
            // Not the events themselves: a NaN is not equal to itself.
            assert_eq!(wire::encode(typed), wire::encode(&untyped));
            encode(&untyped);
        }
        (Err(typed), Err(untyped)) => {
            assert_eq!(typed, &untyped);
            assert_eq!(typed.to_string(), untyped.to_string());
            assert_eq!(format!("{typed:?}"), format!("{untyped:?}"));
        }
        (typed, untyped) => panic!("typed {typed:?}, untyped {untyped:?}"),
    }
    typed
}

/// Writes an event both ways, which must give the same.
#[track_caller]
pub fn encode<E: Event>(event: &E) -> Vec<u8> {
    let typed = wire::encode(event).unwrap();
    let owned = OwnedEvent::new(event.clone());
    assert_eq!(wire::encode(&owned.get()).unwrap(), typed);
    let mut out = b"before".to_vec();
    wire::encode_any_into(&mut out, owned.get()).unwrap();
    assert_eq!(out, [b"before", typed.as_slice()].concat());
    typed
}
