//! Bytes from outside: nothing panics, nothing is allocated that the bytes are not worth, nothing of them is in errors.
//! In a binary of its own: `allocation-counter` is its global allocator.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use events_bus::wire::{self, DecodeErrorKind, Fault, Layouts};
use events_core::schema::KeptSchema;
use events_core::{
    Bytes, DateTime, Event, EventData, EventInfo, FieldSchema, RecordSchema, Schema, Signal, Uuid,
};
use proptest::prelude::*;
use support::untyped::{self, One};

#[derive(Debug, Clone, PartialEq, EventData)]
enum Kind {
    One,
    Two,
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct Nothing {}

#[derive(Debug, Clone, PartialEq, EventData)]
struct Part {
    name: String,
    kind: Option<Kind>,
    ratio: f64,
    blob: Bytes,
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct All {
    id: i64,
    on: bool,
    uuid: Uuid,
    at: DateTime,
    parts: Vec<Part>,
    by_name: BTreeMap<String, Vec<Option<Part>>>,
    nothings: Vec<Nothing>,
    counts: BTreeMap<String, i64>,
}

/// Texts that are never part of what an error says by itself.
const SECRET: &str = "S3CR3T";

fn all() -> All {
    let part = |kind| Part {
        name: format!("{SECRET} name"),
        kind,
        ratio: 0.5,
        blob: SECRET.as_bytes().into(),
    };
    All {
        id: -1_234_567,
        on: true,
        uuid: Uuid::from_u128(17),
        at: "2024-06-11T14:12:45.123456+02:00".parse().unwrap(),
        parts: vec![part(Some(Kind::Two)), part(None)],
        by_name: [
            (
                format!("{SECRET} a"),
                vec![None, Some(part(Some(Kind::One)))],
            ),
            (format!("{SECRET} b"), Vec::new()),
        ]
        .into(),
        nothings: vec![Nothing {}; 3],
        counts: [(SECRET.to_owned(), i64::MIN)].into(),
    }
}

const fn record<T: EventData>() -> &'static RecordSchema {
    match T::SCHEMA {
        Schema::Record(record) => record,
        _ => panic!("it is no record"),
    }
}

/// Another layout, so that bodies are resolved.
#[derive(Debug, Clone, PartialEq, EventData)]
struct Other {
    id: Option<i64>,
    uuid: String,
    parts: Vec<Part>,
}

impl Event for All {
    const INFO: &'static EventInfo = &EventInfo::new("test", 1, None, "All", "", record::<Self>())
        .with_files(
            &[KeptSchema::new(0, None, "other.avsc", record::<Other>())],
            &[],
        );

    fn signal() -> &'static Signal<Self> {
        static ALL: LazyLock<&Signal<All>> = LazyLock::new(untyped::signal);
        &ALL
    }

    fn key(&self) -> Option<Cow<'_, str>> {
        None
    }
}

const LAYOUTS: Layouts = Layouts::of(All::INFO);

/// The most bytes in use at a time, and the result.
fn measured<T>(run: impl FnOnce() -> T) -> (u64, T) {
    let mut result = None;
    let info = allocation_counter::measure(|| result = Some(run()));
    (info.bytes_max, result.unwrap())
}

/// Everything that can be done with a body.
fn feed(body: &[u8]) {
    let schema = record::<All>();
    // An item of a few bytes is a value of some hundred, and a list makes room for what its count says there is.
    let most = 4096 + 1024 * body.len() as u64;

    let (bytes, read) = measured(|| wire::decode_data::<All>(body));
    assert!(bytes <= most, "{bytes} bytes for {}", body.len());
    match read {
        Ok(read) => {
            let again = wire::encode(&read).unwrap();
            let read_again: All = wire::decode_data(&again).unwrap();
            assert_eq!(wire::encode(&read_again).unwrap(), again);
            // The dynamic way takes it, too.
            wire::to_json(body, schema).unwrap();
        }
        Err(error) => {
            let text = format!("{error} {error:?}");
            assert!(!text.contains(SECRET) && !text.contains("2024"), "{text}");
        }
    }
    let (bytes, json) = measured(|| wire::to_json(body, schema));
    assert!(bytes <= most, "{bytes} bytes for {}", body.len());
    match json {
        Ok(json) => {
            // What the types refuse, a text of no UUID for instance, is refused here, too.
            if let Ok(again) = wire::from_json(&json, schema) {
                wire::to_json(&again, schema).unwrap();
            }
        }
        Err(error) => assert!(!format!("{error} {error:?}").contains(SECRET)),
    }
    let (bytes, resolved) = measured(|| LAYOUTS.decode::<All>(body, 0));
    assert!(bytes <= most, "{bytes} bytes for {}", body.len());
    if let Err(error) = resolved {
        assert!(!format!("{error} {error:?}").contains(SECRET));
    }
    let (bytes, untyped) = measured(|| wire::decode_any(All::signal(), body, 0));
    assert!(bytes <= most, "{bytes} bytes for {}", body.len());
    if let Err(error) = untyped {
        assert!(!format!("{error} {error:?}").contains(SECRET));
    }
    drop(untyped::decode::<All>(body, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn mutated_bodies(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..6),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let mut body = wire::encode(&all()).unwrap();
        for (index, byte, change) in changes {
            let index = index.index(body.len());
            match change {
                0 => body[index] = byte,
                1 => body[index] ^= 1 << (byte & 7),
                2 => body.insert(index, byte),
                _ => drop(body.remove(index)),
            }
        }
        if let Some(cut) = cut {
            body.truncate(cut.index(body.len()));
        }
        feed(&body);
    }

    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..200)) {
        feed(&body);
    }
}

#[test]
fn every_part_of_a_body_is_refused() {
    let body = wire::encode(&all()).unwrap();
    for length in 0..body.len() {
        let error = wire::decode_data::<All>(&body[..length]).unwrap_err();
        assert_eq!(error.kind(), DecodeErrorKind::NoLayout);
        feed(&body[..length]);
    }
    assert_eq!(wire::decode_data::<All>(&body).unwrap(), all());
    let error = wire::decode_data::<All>(&[&*body, &[0]].concat()).unwrap_err();
    assert_eq!(fault(&error), Fault::LeftOver);
}

fn fault(error: &wire::DecodeError) -> Fault {
    error.attempts()[0].failure.as_ref().unwrap().fault
}

#[track_caller]
fn refused<T: EventData>(body: &[u8], expected: Fault) {
    let (bytes, read) = measured(|| wire::decode_data::<T>(body));
    assert_eq!(fault(&read.unwrap_err()), expected);
    assert!(bytes <= 4096, "{bytes} bytes");

    // The same as an event: a record adds no bytes.
    let signal = One::<T>::signal();
    let (bytes, read) = measured(|| wire::decode_any(signal, body, 0));
    assert_eq!(fault(&read.unwrap_err()), expected);
    assert!(bytes <= 4096, "{bytes} bytes");
    untyped::decode::<One<T>>(body, 0).unwrap_err();
}

/// The bytes of a number.
fn long(number: i64) -> Vec<u8> {
    wire::encode(&number).unwrap()
}

#[test]
fn lengths_and_counts_that_cannot_be_true() {
    for huge in [1 << 20, 1 << 40, i64::MAX] {
        refused::<String>(&long(huge), Fault::LengthBeyondEnd);
        refused::<Bytes>(&long(huge), Fault::LengthBeyondEnd);
        refused::<Vec<String>>(&long(huge), Fault::CountBeyondEnd);
        refused::<Vec<All>>(&long(huge), Fault::CountBeyondEnd);
        refused::<BTreeMap<String, i64>>(&long(huge), Fault::CountBeyondEnd);
        refused::<Vec<Nothing>>(&long(huge), Fault::CountBeyondEnd);
        // With the size of the block.
        refused::<Vec<String>>(&[long(-huge), long(0)].concat(), Fault::CountBeyondEnd);
        refused::<Vec<String>>(&[long(-1), long(huge)].concat(), Fault::LengthBeyondEnd);
    }
    refused::<String>(&long(-1), Fault::NegativeLength);
    refused::<Bytes>(&long(i64::MIN), Fault::NegativeLength);
    refused::<Vec<String>>(&[long(i64::MIN), long(0)].concat(), Fault::CountBeyondEnd);
    refused::<Vec<String>>(&[long(-1), long(-1)].concat(), Fault::NegativeLength);
}

#[test]
fn numbers_that_do_not_end_and_values_that_are_none() {
    refused::<i64>(&[0x80; 9], Fault::Truncated);
    refused::<i64>(&[0x80; 10], Fault::NumberTooLong);
    refused::<i64>(&[0x80; 100], Fault::NumberTooLong);
    refused::<i64>(&[&[0xFF; 9][..], &[2]].concat(), Fault::NumberTooLong);
    let least: i64 = wire::decode_data(&[&[0xFF; 9][..], &[1]].concat()).unwrap();
    assert_eq!(least, i64::MIN);
    // More bytes than it needs, as the specification does not forbid.
    assert_eq!(wire::decode_data::<i64>(&[0x82, 0x80, 0]).unwrap(), 1);

    refused::<i64>(&[], Fault::Truncated);
    refused::<f64>(&[0; 7], Fault::Truncated);
    refused::<bool>(&[2], Fault::NotBoolean);
    refused::<bool>(&[], Fault::Truncated);
    refused::<Option<bool>>(&[1, 1], Fault::NotInUnion);
    refused::<Option<bool>>(&[4, 1], Fault::NotInUnion);
    refused::<Option<bool>>(&[2], Fault::Truncated);
    refused::<String>(&[2, 0xFF], Fault::NotUtf8);
    refused::<BTreeMap<String, bool>>(&[2, 2, 0xFF, 1, 0], Fault::NotUtf8);
    refused::<Uuid>(&[2, b'x'], Fault::Refused);
    refused::<DateTime>(&[2, b'x'], Fault::Refused);
    refused::<Kind>(&[2, b'x'], Fault::Refused);
    refused::<Vec<bool>>(&[2, 1], Fault::Truncated);
}

#[test]
fn blocks_as_the_specification_has_them() {
    let expected = vec![true, false, true];
    let read = |body: &[u8]| wire::decode_data::<Vec<bool>>(body);
    assert_eq!(read(&[6, 1, 0, 1, 0]).unwrap(), expected);
    assert_eq!(read(&[4, 1, 0, 2, 1, 0]).unwrap(), expected);
    assert_eq!(read(&[3, 4, 1, 0, 2, 1, 0]).unwrap(), expected);
    assert_eq!(read(&[5, 6, 1, 0, 1, 0]).unwrap(), expected);
    refused::<Vec<bool>>(&[5, 4, 1, 0, 1, 0], Fault::BlockSize);
    refused::<Vec<bool>>(&[3, 6, 1, 0, 2, 1, 0], Fault::BlockSize);

    let map: BTreeMap<String, i64> =
        wire::decode_data(&[1, 6, 2, b'b', 2, 4, 2, b'a', 4, 2, b'b', 6, 0]).unwrap();
    // The last value of a key counts.
    assert_eq!(map, [("a".to_owned(), 2), ("b".to_owned(), 3)].into());
}

/// They have no bytes that could bound them.
#[test]
fn items_without_bytes() {
    let body = |count: i64| [long(count), long(0)].concat();
    let read: Vec<Nothing> = wire::decode_data(&body(1024)).unwrap();
    assert_eq!(read.len(), 1024);
    refused::<Vec<Nothing>>(&body(1025), Fault::TooManyEmptyItems);

    // All lists of a body together.
    let lists = |count: usize| {
        let count = i64::try_from(count).unwrap();
        let lists = (0..count).flat_map(|_| body(16));
        [long(count), lists.collect(), long(0)].concat()
    };
    assert!(wire::decode_data::<Vec<Vec<Nothing>>>(&lists(64)).is_ok());
    refused::<Vec<Vec<Nothing>>>(&lists(65), Fault::CountBeyondEnd);
    // A body as large as it likes is not a reason to run for long.
    let body = [long(1_000_000), vec![0; 1_000_000]].concat();
    refused::<Vec<Nothing>>(&body, Fault::TooManyEmptyItems);
}

/// Only a type that is no event could nest without end.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Chain {
    next: Option<Box<Self>>,
}

static CHAIN: RecordSchema = RecordSchema::new(
    "Chain",
    "",
    &[FieldSchema::new(
        "next",
        "",
        &Schema::Optional(&Schema::Record(&CHAIN)),
    )],
);

impl EventData for Chain {
    const SCHEMA: &'static Schema = &Schema::Record(&CHAIN);
}

#[test]
fn nesting_without_end() {
    let body = vec![2; 1_000_000];
    let error = wire::decode_data::<Chain>(&body).unwrap_err();
    assert_eq!(fault(&error), Fault::TooDeep);
    let error = wire::to_json(&body, &CHAIN).unwrap_err();
    assert_eq!(fault(&error), Fault::TooDeep);
    let layouts = Layouts::new("test", 0, &CHAIN, &[]);
    assert!(layouts.recognise(&body, 0).is_err());

    let mut chain = Chain { next: None };
    for _ in 0..127 {
        chain = Chain {
            next: Some(Box::new(chain)),
        };
    }
    let body = wire::encode(&chain).unwrap();
    assert_eq!(wire::decode_data::<Chain>(&body).unwrap(), chain);
    // Its schema has no end, and so has the `Debug` of its layout: not by the way that compares what is shown.
    let error = wire::decode_any(One::<Chain>::signal(), &body, 0).unwrap_err();
    assert_eq!(fault(&error), Fault::TooDeep);
    let error = wire::encode(&Chain {
        next: Some(Box::new(chain)),
    })
    .unwrap_err();
    assert!(
        error.to_string().ends_with("it is nested too deep"),
        "{error}"
    );
}

/// The schema can name what it likes; values come from the body alone.
#[test]
fn json_that_is_no_event_is_named_without_values() {
    let json = serde_json::json!({
        "id": SECRET, "on": 1, "uuid": SECRET, "at": SECRET, "parts": [{ "name": [SECRET], "kind": SECRET, "ratio": SECRET }],
        "by_name": { SECRET: 5 }, "nothings": [{}], "counts": { SECRET: 1.5 }, "extra": SECRET,
    });
    let error = wire::from_json(&json, record::<All>()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the JSON is no such event:\n  \
         the event: no field is called \"extra\"; there are id, on, uuid, at, parts, by_name, nothings, counts\n  \
         `id`: expected long, and there is a text\n  \
         `on`: expected boolean, and there is a number\n  \
         `uuid`: expected string (uuid), and there is a text that is none\n  \
         `at`: expected string (date-time), and there is a text that is none\n  \
         `parts[0].name`: expected string, and there is an array\n  \
         `parts[0].kind`: expected string (One | Two), and there is another text\n  \
         `parts[0].ratio`: expected double, and there is a text\n  \
         `parts[0].blob`: expected bytes, and it is missing\n  \
         `by_name{}`: expected array of optional Part, and there is a number\n  \
         `counts{}`: expected long, and there is a number with a fraction, or beyond 64 bits"
    );
}
