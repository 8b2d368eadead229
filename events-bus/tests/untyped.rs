//! Events whose type is known at run time only are read and written as by those who know it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use events_bus::wire::{self, DecodeErrorKind, Fault};
use events_catalog::content_authoring::XBlockCreated;
use events_catalog::learning::{CourseEnrollmentCreated, ForumThreadCreated};
use events_core::delivery::OwnedEvent;
use events_core::schema::KeptSchema;
use events_core::{
    Bytes, DateTime, Event, EventData, EventInfo, RecordSchema, Schema, Signal, Uuid, event,
    registry,
};
use proptest::prelude::*;
use support::untyped::{self, One};

#[derive(Debug, Clone, PartialEq, EventData)]
enum Kind {
    One,
    Two,
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct Part {
    name: String,
    kind: Option<Kind>,
    ratio: f64,
    blob: Bytes,
}

/// Everything that an event can carry.
#[event(type = "org.example.untyped.everything.sent.v1")]
struct Everything {
    id: i64,
    on: bool,
    uuid: Uuid,
    at: Option<DateTime>,
    parts: Vec<Part>,
    by_name: BTreeMap<String, Vec<Option<Part>>>,
    counts: BTreeMap<String, i64>,
    nested: Option<One<String>>,
}

fn everything() -> Everything {
    let part = |kind| Part {
        name: "x".repeat(70),
        kind,
        ratio: -0.5,
        blob: b"\0\xFF".as_slice().into(),
    };
    let by_name = [
        ("a".to_owned(), vec![None, Some(part(Some(Kind::One)))]),
        ("b".to_owned(), Vec::new()),
    ];
    Everything {
        id: i64::MIN,
        on: true,
        uuid: Uuid::from_u128(17),
        at: Some("2024-06-11T14:12:45.123456+02:00".parse().unwrap()),
        parts: vec![part(Some(Kind::Two)), part(None)],
        by_name: by_name.into(),
        counts: [("c".to_owned(), 64)].into(),
        nested: Some(One {
            value: "é".to_owned(),
        }),
    }
}

const fn record<T: EventData>() -> &'static RecordSchema {
    match T::SCHEMA {
        Schema::Record(record) => record,
        _ => panic!("it is no record"),
    }
}

/// An event with this layout, and with former ones.
macro_rules! with_former_layouts {
    ($event:ident, $minor:literal: $($kept_minor:literal $file:literal $kept:ty),*) => {
        impl Event for $event {
            const INFO: &'static EventInfo =
                &EventInfo::new("org.example.untyped.v1", $minor, None, stringify!($event), "", record::<Self>())
                    .with_files(&[$(KeptSchema::new($kept_minor, None, $file, record::<$kept>())),*], &[]);

            fn signal() -> &'static Signal<Self> {
                static SIGNAL: LazyLock<&Signal<$event>> = LazyLock::new(untyped::signal);
                &SIGNAL
            }

            fn key(&self) -> Option<Cow<'_, str>> {
                None
            }
        }
    };
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct Now {
    id: i64,
    name: String,
    ratio: f64,
    note: Option<String>,
    tags: Vec<Option<DateTime>>,
    #[event_data(default = 7)]
    rank: i64,
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct Before {
    id: Option<i64>,
    ratio: i64,
    name: String,
    gone: Vec<BTreeMap<String, bool>>,
    tags: Vec<String>,
}

/// As long as `Now` may be, in another order.
#[derive(Debug, Clone, PartialEq, EventData)]
struct LongBefore {
    rank: i64,
    note: String,
    name: String,
    ratio: f64,
    tags: Vec<Option<String>>,
}

with_former_layouts! { Now, 2: 2 "2.avsc" Now, 1 "1.avsc" Before, 0 "0.avsc" LongBefore }

#[derive(Debug, Clone, PartialEq, EventData)]
struct First {
    source: String,
    target: String,
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct Swapped {
    target: String,
    source: String,
}

with_former_layouts! { First, 1: 1 "1.avsc" First, 0 "0.avsc" Swapped }

fn changed(mut body: Vec<u8>, changes: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    for (index, byte, change) in changes {
        if body.is_empty() {
            break;
        }
        let index = index.index(body.len());
        match change {
            0 => body[index] = *byte,
            1 => body[index] ^= 1 << (byte & 7),
            2 => body.insert(index, *byte),
            _ => drop(body.remove(index)),
        }
    }
    body
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_body_of_one_layout(changes in changes()) {
        let body = changed(wire::encode(&everything()).unwrap(), &changes);
        drop(untyped::decode::<Everything>(&body, 0));
    }

    #[test]
    fn any_body_of_several_layouts(
        changes in changes(),
        layout in 0..3,
        id in any::<Option<i64>>(),
        note in any::<Option<String>>(),
        ratio in -9..9_i32,
        minor_version in -1..4_i64,
    ) {
        let body = match layout {
            0 => wire::encode(&Now {
                id: id.unwrap_or(0),
                name: String::new(),
                ratio: ratio.into(),
                note,
                tags: vec![None],
                rank: 5,
            }),
            1 => wire::encode(&Before {
                id,
                ratio: ratio.into(),
                name: note.unwrap_or_default(),
                gone: vec![[("a".to_owned(), true)].into()],
                tags: vec!["2024-06-11".to_owned()],
            }),
            _ => wire::encode(&LongBefore {
                rank: id.unwrap_or(0),
                note: note.unwrap_or_default(),
                name: String::new(),
                ratio: ratio.into(),
                tags: vec![None, Some("2024-06-11".to_owned())],
            }),
        };
        let body = changed(body.unwrap(), &changes);
        drop(untyped::decode::<Now>(&body, minor_version));
    }

    #[test]
    fn any_bytes(body in prop::collection::vec(prop_oneof![any::<u8>(), 0..8_u8], 0..60), minor_version in -1..4_i64) {
        drop(untyped::decode::<Everything>(&body, minor_version));
        drop(untyped::decode::<Now>(&body, minor_version));
        drop(untyped::decode::<First>(&body, minor_version));
        drop(untyped::decode::<XBlockCreated>(&body, minor_version));
        drop(untyped::decode::<CourseEnrollmentCreated>(&body, minor_version));
        drop(untyped::decode::<ForumThreadCreated>(&body, minor_version));
    }
}

#[test]
fn everything_is_read_and_written() {
    let event = everything();
    let body = untyped::encode(&event);
    assert_eq!(untyped::decode::<Everything>(&body, 0).unwrap(), event);

    let signal = registry::find("org.example.untyped.everything.sent.v1").unwrap();
    let read = wire::decode_any(signal, &body, 0).unwrap();
    assert_eq!(read, OwnedEvent::new(event));
    for length in 0..body.len() {
        untyped::decode::<Everything>(&body[..length], 0).unwrap_err();
    }
    let error = untyped::decode::<Everything>(&[&*body, &[0]].concat(), 0).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot read org.example.untyped.everything.sent.v1 by the struct (minor version 0): the value at byte {0} of \
             {1}: bytes are left over after the last field",
            body.len(),
            body.len() + 1
        )
    );
}

#[test]
fn what_several_layouts_give_is_compared() {
    let body = |source: &str, target: &str| {
        wire::encode(&First {
            source: source.into(),
            target: target.into(),
        })
        .unwrap()
    };
    let error = untyped::decode::<First>(&body("a", "b"), 0).unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::Ambiguous);
    assert!(untyped::decode::<First>(&body("same", "same"), 0).is_ok());
    let read = untyped::decode::<First>(&body("a", "b"), 1).unwrap();
    assert_eq!((&*read.source, &*read.target), ("a", "b"));
}

#[test]
fn a_former_layout_is_resolved_and_named() {
    let before = |tag: &str, id| {
        wire::encode(&Before {
            id,
            ratio: 3,
            name: "n".into(),
            gone: vec![[("a".to_owned(), true)].into()],
            tags: vec!["2024-06-11".into(), tag.into()],
        })
        .unwrap()
    };
    let read = untyped::decode::<Now>(&before("2024-06-12", Some(5)), 0).unwrap();
    assert_eq!((read.id, read.rank, read.note), (5, 7, None));

    let error = untyped::decode::<Now>(&before("S3CR3T", Some(5)), 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read org.example.untyped.v1 by 1.avsc: `tags[1]` at byte 24 of 32: expected string, and the type \
         refuses the value"
    );
    let error = untyped::decode::<Now>(&before("2024-06-12", None), 1).unwrap_err();
    let failure = error.attempts()[0].failure.as_ref().unwrap();
    assert_eq!((&*failure.path, failure.fault), ("id", Fault::Null));

    // It has no `id`, and there is no default.
    let body = wire::encode(&LongBefore {
        rank: 1,
        note: "note".into(),
        name: "name".into(),
        ratio: 0.5,
        tags: Vec::new(),
    });
    let error = untyped::decode::<Now>(&body.unwrap(), 0).unwrap_err();
    let failure = error.attempts()[0].failure.as_ref().unwrap();
    assert_eq!((&*failure.path, failure.fault), ("id", Fault::Missing));
}

#[test]
fn events_of_two_types_are_never_equal() {
    let (one, other) = (One { value: 1_i64 }, One { value: true });
    assert_eq!(OwnedEvent::new(one.clone()), OwnedEvent::new(one.clone()));
    assert_ne!(
        OwnedEvent::new(one.clone()),
        OwnedEvent::new(One { value: 2_i64 })
    );
    assert_ne!(OwnedEvent::new(one), OwnedEvent::new(other));
}
