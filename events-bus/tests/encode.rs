//! What is written, and what cannot be.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use events_bus::wire;
use events_core::{AnyEvent, Bytes, DateTime, EventData, Uuid, event, receiver};
use serde::ser::{SerializeMap, SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};

#[test]
fn each_type() {
    let check = |body: Vec<u8>, expected: &[u8]| assert_eq!(body, expected);
    check(wire::encode(&true).unwrap(), &[1]);
    check(wire::encode(&0_i64).unwrap(), &[0]);
    check(wire::encode(&-1_i64).unwrap(), &[1]);
    check(wire::encode(&63_i64).unwrap(), &[126]);
    check(wire::encode(&-64_i64).unwrap(), &[127]);
    check(wire::encode(&64_i64).unwrap(), &[128, 1]);
    check(
        wire::encode(&i64::MAX).unwrap(),
        &[254, 255, 255, 255, 255, 255, 255, 255, 255, 1],
    );
    check(
        wire::encode(&i64::MIN).unwrap(),
        &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
    );
    check(
        wire::encode(&1.0_f64).unwrap(),
        &[0, 0, 0, 0, 0, 0, 240, 63],
    );
    check(wire::encode("é").unwrap(), &[4, 0xC3, 0xA9]);
    check(wire::encode(&Bytes::from(&[7, 8][..])).unwrap(), &[4, 7, 8]);
    check(wire::encode(&None::<i64>).unwrap(), &[0]);
    check(wire::encode(&Some(0_i64)).unwrap(), &[2, 0]);
    check(wire::encode(&Vec::<i64>::new()).unwrap(), &[0]);
    check(wire::encode(&vec![1_i64, 2]).unwrap(), &[4, 2, 4, 0]);
    check(wire::encode(&BTreeMap::<String, i64>::new()).unwrap(), &[0]);
    let map: BTreeMap<String, i64> = [("b".to_owned(), 2), ("a".to_owned(), 1)].into();
    check(wire::encode(&map).unwrap(), &[4, 2, b'a', 2, 2, b'b', 4, 0]);
    let uuid = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    check(
        wire::encode(&uuid).unwrap(),
        b"\x4801234567-89ab-cdef-0123-456789abcdef",
    );
    let time: DateTime = "2024-06-11".parse().unwrap();
    check(wire::encode(&time).unwrap(), b"\x142024-06-11");
}

/// Texts of a `Display`: their length stands before them, and is known after them.
#[test]
fn displayed_texts_of_any_length() {
    struct Displayed(usize);

    impl fmt::Display for Displayed {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (0..self.0).try_for_each(|_| f.write_str("x"))
        }
    }

    impl Serialize for Displayed {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    for length in [0, 1, 63, 64, 65, 8191, 8192, 100_000] {
        let mut out = b"before".to_vec();
        wire::encode_into(&mut out, &Displayed(length)).unwrap();
        let expected = wire::encode(&"x".repeat(length)).unwrap();
        assert_eq!(out, [b"before", &*expected].concat(), "{length}");
    }
}

#[event(type = "org.example.encode.order.placed.v1")]
struct OrderPlaced {
    number: i64,
    note: Option<String>,
}

#[receiver(any)]
fn written_by_an_erased_view(event: AnyEvent<'_>) -> Result<(), wire::EncodeError> {
    assert_eq!(wire::encode(&event)?, [34, 2, 4, b'o', b'k']);
    Ok(())
}

#[test]
fn an_erased_event_is_written_as_itself() {
    let event = OrderPlaced {
        number: 17,
        note: Some("ok".into()),
    };
    assert_eq!(wire::encode(&event).unwrap(), [34, 2, 4, b'o', b'k']);
    let responses = ORDER_PLACED.send_event(event);
    assert!(responses.is_ok());
    assert_eq!(responses.len(), 1);
}

#[track_caller]
fn refused(value: &impl Serialize, expected: &str) {
    let mut out = b"before".to_vec();
    let error = wire::encode_into(&mut out, value).unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert_eq!(format!("{error:?}"), format!("EncodeError({expected})"));
    assert_eq!(out, b"before");
}

/// Calls the serializer.
struct With<F>(F);

impl<F: Fn(&mut Vec<String>) -> usize> Serialize for With<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut items = Vec::new();
        let stated = (self.0)(&mut items);
        let mut seq = serializer.serialize_seq(Some(stated))?;
        for item in items {
            seq.serialize_element(&item)?;
        }
        seq.end()
    }
}

#[test]
fn what_the_wire_does_not_have() {
    #[derive(Serialize)]
    struct Outer<T> {
        before: i64,
        inner: Inner<T>,
    }

    #[derive(Serialize)]
    struct Inner<T> {
        items: Vec<T>,
    }

    fn outer<T>(item: T) -> Outer<T> {
        Outer {
            before: 5,
            inner: Inner { items: vec![item] },
        }
    }

    #[derive(Serialize)]
    enum Enum {
        Payload(i64),
        Fields { a: i64 },
    }

    #[derive(Serialize)]
    struct Unit;

    #[derive(Serialize)]
    struct Skipping {
        #[serde(skip_serializing_if = "Option::is_none")]
        a: Option<i64>,
    }

    let at = "cannot write `inner.items[0]`: ";
    for (error, expected) in [
        (
            wire::encode(&outer(1_u8)),
            "the wire has no u8; use i64 or f64",
        ),
        (
            wire::encode(&outer(1_i32)),
            "the wire has no i32; use i64 or f64",
        ),
        (
            wire::encode(&outer(1_f32)),
            "the wire has no f32; use i64 or f64",
        ),
        (
            wire::encode(&outer(1_u64)),
            "the wire has no u64; use i64, f64 or a text",
        ),
        (
            wire::encode(&outer('x')),
            "the wire has no char; use i64, f64 or a text",
        ),
    ] {
        assert_eq!(error.unwrap_err().to_string(), format!("{at}{expected}"));
    }
    refused(
        &(1_i64, 2_i64),
        "cannot write the value: the wire does not have a tuple or an array",
    );
    refused(
        &(),
        "cannot write the value: the wire has no (); use i64, f64 or a text",
    );
    refused(
        &Unit,
        "cannot write the value: the wire does not have a struct without fields",
    );
    refused(
        &Enum::Payload(1),
        "cannot write the value: the wire does not have an enum with payload",
    );
    refused(
        &Enum::Fields { a: 1 },
        "cannot write the value: the wire does not have an enum with payload",
    );
    refused(
        &BTreeMap::from([(1_i64, 2_i64)]),
        "cannot write `{}`: the keys of a map are texts",
    );
    refused(
        &Skipping { a: None },
        "cannot write `a`: a field cannot be left out; write `None` of an `Option`",
    );
    refused(
        &With(|_: &mut Vec<String>| 2),
        "cannot write the value: it has not as many items as it said before",
    );
    refused(
        &With(|items: &mut Vec<String>| {
            items.push("S3CR3T".into());
            0
        }),
        "cannot write the value: it has not as many items as it said before",
    );
}

/// `HashMap` has no order; what is written must have one.
#[test]
fn keys_ascend_by_their_bytes() {
    struct Entries(Vec<&'static str>);

    impl Serialize for Entries {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(self.0.len()))?;
            for key in &self.0 {
                map.serialize_entry(key, &1_i64)?;
            }
            map.end()
        }
    }

    let message = "cannot write `{}`: the keys of a map ascend, by their bytes, and none comes twice; use a BTreeMap";
    assert!(
        wire::encode(&Entries(vec![
            "",
            "a",
            "aa",
            "b",
            "é",
            "\u{FFFF}",
            "\u{1F600}"
        ]))
        .is_ok()
    );
    refused(&Entries(vec!["b", "a"]), message);
    refused(&Entries(vec!["a", "a"]), message);
    refused(&Entries(vec!["a", ""]), message);
    refused(&Entries(vec!["", ""]), message);
    let one: HashMap<&str, i64> = [("a", 1)].into();
    assert_eq!(wire::encode(&one).unwrap(), [2, 2, b'a', 2, 0]);
}

/// What a type says of itself may hold the value.
#[test]
fn errors_of_types_are_not_repeated() {
    struct Refusing;

    impl Serialize for Refusing {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut record = serializer.serialize_struct("Refusing", 1)?;
            record.serialize_field("a", &1_i64)?;
            Err(serde::ser::Error::custom("S3CR3T"))
        }
    }

    refused(&Refusing, "cannot write the value: its type gave an error");
}

/// What was written is what is read: the reference loses values that are false in Python.
#[test]
fn falsy_values_survive() {
    #[derive(Debug, Clone, PartialEq, EventData)]
    struct Falsy {
        text: Option<String>,
        number: Option<i64>,
        flag: Option<bool>,
        list: Option<Vec<String>>,
        map: Option<BTreeMap<String, bool>>,
        #[event_data(default = true)]
        on: bool,
    }

    let falsy = Falsy {
        text: Some(String::new()),
        number: Some(0),
        flag: Some(false),
        list: Some(Vec::new()),
        map: Some(BTreeMap::new()),
        on: false,
    };
    let body = wire::encode(&falsy).unwrap();
    assert_eq!(body, [2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 0]);
    assert_eq!(wire::decode_data::<Falsy>(&body).unwrap(), falsy);
}
