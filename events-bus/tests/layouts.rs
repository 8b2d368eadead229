//! Which layout a body is read by, and what happens to one that cannot be told.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use events_bus::wire::{self, DecodeErrorKind, Fault, Layouts};
use events_core::schema::KeptSchema;
use events_core::{Bytes, DateTime, EventData, RecordSchema, Schema};

fn record<T: EventData>() -> &'static RecordSchema {
    match T::SCHEMA {
        Schema::Record(record) => record,
        other => panic!("{other} is no record"),
    }
}

fn kept<T: EventData>(minor: u32, label: Option<&'static str>, file: &'static str) -> KeptSchema {
    KeptSchema::new(minor, label, file, record::<T>())
}

fn layouts<T: EventData>(minor: u32, kept: Vec<KeptSchema>) -> Layouts {
    Layouts::new("org.example.layouts.v1", minor, record::<T>(), kept.leak())
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct First {
    source: String,
    target: String,
}

/// The same bytes, and another meaning.
#[derive(Debug, Clone, PartialEq, EventData)]
struct Swapped {
    target: String,
    source: String,
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct Longer {
    source: String,
    target: String,
    note: Option<String>,
}

fn first(source: &str, target: &str) -> First {
    First {
        source: source.into(),
        target: target.into(),
    }
}

#[test]
fn one_layout_that_fits_is_the_layout() {
    let layouts = layouts::<Longer>(1, vec![kept::<First>(0, None, "first")]);
    let body = wire::encode(&first("a", "b")).unwrap();
    for minor_version in [-1, 0, 1, 2, i64::MAX] {
        let read: Longer = layouts.decode(&body, minor_version).unwrap();
        assert_eq!(
            (read.source.as_str(), read.target.as_str(), read.note),
            ("a", "b", None)
        );
        let layout = layouts.recognise(&body, minor_version).unwrap();
        assert_eq!((layout.minor_version, layout.file), (0, Some("first")));
    }
}

#[test]
fn several_that_fit_and_differ_are_ambiguous() {
    let layouts = layouts::<Swapped>(1, vec![kept::<First>(0, None, "first.avsc")]);
    let body = wire::encode(&first("a", "b")).unwrap();
    let error = layouts.decode::<Swapped>(&body, 0).unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::Ambiguous);
    assert_eq!(
        error.to_string(),
        "cannot tell which layout of org.example.layouts.v1 a body of 4 bytes has; each of these is another event:\n  \
         the struct (minor version 1)\n  \
         first.avsc\n\
         send it with the minor version of its layout, if that is not 0"
    );
    assert_eq!(
        layouts.recognise(&body, 0).unwrap_err().kind(),
        DecodeErrorKind::Ambiguous
    );
    // A minor version that nobody knows says nothing either.
    assert!(layouts.decode::<Swapped>(&body, 7).is_err());

    // The same event by both.
    let body = wire::encode(&first("same", "same")).unwrap();
    let read: Swapped = layouts.decode(&body, 0).unwrap();
    assert_eq!(
        (read.source.as_str(), read.target.as_str()),
        ("same", "same")
    );
}

#[test]
fn a_minor_version_above_zero_is_believed_where_its_layout_fits() {
    let layouts = layouts::<First>(
        2,
        vec![
            kept::<First>(2, None, "2"),
            kept::<Swapped>(1, None, "1"),
            kept::<Longer>(0, None, "0"),
        ],
    );
    let body = wire::encode(&first("a", "b")).unwrap();
    assert_eq!(layouts.decode::<First>(&body, 2).unwrap(), first("a", "b"));
    assert_eq!(layouts.decode::<First>(&body, 1).unwrap(), first("b", "a"));
    assert!(layouts.decode::<First>(&body, 0).is_err());

    // It does not fit: all are tried.
    let longer = Longer {
        source: "a".into(),
        target: "b".into(),
        note: None,
    };
    let body = wire::encode(&longer).unwrap();
    for minor_version in 0..3 {
        assert_eq!(
            layouts.decode::<First>(&body, minor_version).unwrap(),
            first("a", "b")
        );
    }
}

#[test]
fn former_layouts_of_a_minor_version_are_tried_with_it() {
    let layouts = layouts::<First>(
        1,
        vec![
            kept::<First>(1, None, "1"),
            kept::<Swapped>(1, Some("before"), "1-before"),
        ],
    );
    let body = wire::encode(&first("a", "b")).unwrap();
    assert_eq!(
        layouts.decode::<First>(&body, 1).unwrap_err().kind(),
        DecodeErrorKind::Ambiguous
    );
}

#[test]
fn the_layout_of_a_minor_version_may_be_that_of_another() {
    // 1.1 changed nothing on the wire; 1.2 did.
    let layouts = layouts::<Longer>(
        2,
        vec![
            kept::<Longer>(2, None, "2"),
            kept::<First>(1, None, "1"),
            kept::<First>(0, None, "0"),
        ],
    );
    let files: Vec<_> = layouts.iter().map(|layout| layout.file).collect();
    assert_eq!(files, [None, Some("1")]);
    let body = wire::encode(&first("a", "b")).unwrap();
    for minor_version in 0..3 {
        assert!(layouts.decode::<Longer>(&body, minor_version).is_ok());
    }
}

#[test]
fn what_fits_nothing_is_refused_with_every_place() {
    let layouts = layouts::<Longer>(1, vec![kept::<First>(0, None, "first.avsc")]);
    let error = layouts
        .decode::<Longer>(&[2, b'a', 2, b'b', 4], 1)
        .unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::NoLayout);
    assert_eq!(
        error.to_string(),
        "a body of 5 bytes has none of the layouts of org.example.layouts.v1 that are known here:\n  \
         the struct (minor version 1): `note` at byte 4 of 5: expected optional string, and the index of the union is \
         neither 0 nor 1\n  \
         first.avsc: the value at byte 4 of 5: bytes are left over after the last field\n\
         if a service writes it so, keep its schema file in the catalog"
    );
    assert_eq!(error.attempts().len(), 2);
    let failure = error.attempts()[0].failure.as_ref().unwrap();
    assert_eq!((&*failure.path, failure.offset), ("note", 4));
    assert_eq!(failure.fault, Fault::NotInUnion);
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct Times {
    at: DateTime,
    until: Option<DateTime>,
    history: Vec<BTreeMap<String, DateTime>>,
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct OldTimes {
    at: String,
    history: Vec<BTreeMap<String, String>>,
}

/// A layout that fits and a value that the type refuses: another layout is not sought, since it would be a guess.
#[test]
fn a_refused_value_is_named_by_its_place_only() {
    let written = OldTimes {
        at: "2024-01-01".into(),
        history: vec![
            BTreeMap::new(),
            [("secret".to_owned(), "private".to_owned())].into(),
        ],
    };
    let body = wire::encode(&written).unwrap();
    let layouts = layouts::<Times>(1, vec![kept::<OldTimes>(0, None, "old.avsc")]);
    let error = layouts.decode::<Times>(&body, 0).unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::Refused);
    assert_eq!(
        error.to_string(),
        "cannot read org.example.layouts.v1 by old.avsc: `history[1]{}` at byte 21 of 31: expected string, and the \
         type refuses the value"
    );

    let error = wire::decode_data::<Times>(&[6, b'a', b'b', b'c', 0, 0]).unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::Refused);
    assert_eq!(
        error.to_string(),
        "cannot read `at` at byte 0 of 6: expected string (date-time), and the type refuses the value"
    );
}

#[derive(Debug, Clone, PartialEq, EventData)]
enum Color {
    Red,
    Blue,
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct Mixed {
    color: Color,
    blob: Bytes,
    text: String,
    #[event_data(default = "none")]
    kind: String,
    ratio: f64,
    needed: i64,
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct OldMixed {
    needed: Option<i64>,
    ratio: i64,
    text: Bytes,
    blob: String,
    color: String,
}

fn old(needed: Option<i64>, text: &[u8], color: &str) -> Vec<u8> {
    let old = OldMixed {
        needed,
        ratio: 3,
        text: text.into(),
        blob: "bytes".into(),
        color: color.into(),
    };
    wire::encode(&old).unwrap()
}

#[test]
fn types_are_promoted_as_avro_promotes_them() {
    let layouts = layouts::<Mixed>(1, vec![kept::<OldMixed>(0, None, "old")]);
    let read: Mixed = layouts.decode(&old(Some(5), b"text", "Blue"), 0).unwrap();
    let expected = Mixed {
        color: Color::Blue,
        blob: b"bytes".as_slice().into(),
        text: "text".into(),
        kind: "none".into(),
        ratio: 3.0,
        needed: 5,
    };
    assert_eq!(read, expected);

    let fault = |body: &[u8]| {
        let error = layouts.decode::<Mixed>(body, 0).unwrap_err();
        assert_eq!(error.attempts().len(), 1, "{error}");
        let failure = error.attempts()[0].failure.clone().unwrap();
        (failure.path.to_string(), failure.fault)
    };
    assert_eq!(
        fault(&old(None, b"text", "Blue")),
        ("needed".into(), Fault::Null)
    );
    assert_eq!(
        fault(&old(Some(5), b"\xFF", "Blue")),
        ("text".into(), Fault::NotUtf8)
    );
    assert_eq!(
        fault(&old(Some(5), b"text", "Green")),
        ("color".into(), Fault::Refused)
    );
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct Outer {
    inner: Needy,
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct Needy {
    one: i64,
    two: i64,
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct OldOuter {
    inner: OldNeedy,
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct OldNeedy {
    one: i64,
}

#[test]
fn what_the_writer_did_not_have_and_the_reader_needs_is_named() {
    let layouts = layouts::<Outer>(1, vec![kept::<OldOuter>(0, None, "old.avsc")]);
    let error = layouts.decode::<Outer>(&[2], 0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read org.example.layouts.v1 by old.avsc: `inner.two` at byte 1 of 1: the writer's layout does not have \
         it, and it has no default"
    );
}

/// A schema file may name a type that events do not carry: bodies of it are never read.
#[test]
fn a_foreign_type_fits_nothing() {
    use events_core::FieldSchema;

    static FOREIGN: RecordSchema = RecordSchema::new(
        "R",
        "",
        &[FieldSchema::new("one", "", &Schema::Foreign("\"float\""))],
    );
    let kept = vec![KeptSchema::new(0, None, "foreign.avsc", &FOREIGN)].leak();
    let layouts = Layouts::new("test", 1, record::<OldNeedy>(), kept);
    let error = layouts.decode::<OldNeedy>(&[0, 0, 0, 0], 0).unwrap_err();
    assert!(
        error.to_string().contains(
            "foreign.avsc: `one` at byte 0 of 4: expected \"float\", and the type is none that events carry"
        ),
        "{error}"
    );
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct Numbered {
    id: i64,
}

/// With every kind of default there is.
#[derive(Debug, Clone, PartialEq, EventData)]
struct Grown {
    #[event_data(default)]
    blob: Bytes,
    #[event_data(default)]
    tags: Vec<String>,
    #[event_data(default)]
    counts: BTreeMap<String, i64>,
    id: i64,
    #[event_data(default = "none")]
    kind: String,
    #[event_data(default = true)]
    flag: bool,
    #[event_data(default = -1.5)]
    ratio: f64,
    note: Option<Numbered>,
}

#[test]
fn what_the_writer_did_not_have_is_its_default() {
    let layouts = layouts::<Grown>(1, vec![kept::<Numbered>(0, None, "numbered")]);
    let body = wire::encode(&Numbered { id: 17 }).unwrap();
    let grown = Grown {
        blob: Bytes::default(),
        tags: Vec::new(),
        counts: BTreeMap::new(),
        id: 17,
        kind: "none".into(),
        flag: true,
        ratio: -1.5,
        note: None,
    };
    assert_eq!(layouts.decode::<Grown>(&body, 0).unwrap(), grown);
    // JSON leaves them out in the same way.
    let json = serde_json::json!({ "id": 17 });
    let body = wire::from_json(&json, record::<Grown>()).unwrap();
    assert_eq!(body, wire::encode(&grown).unwrap());
}
