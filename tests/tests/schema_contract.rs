//! What `#[event]` accepts when it compares an event with its schema files: that this file compiles is the test.
//!
//! The files are in `tests/schemas`. What is refused, and how, is in `tests/ui/schema`.

use std::collections::BTreeMap;

use events_core::{DateTime, Event, EventData, event};

#[derive(Debug, Clone, PartialEq, EventData)]
struct Buyer {
    name: String,
    since: Option<DateTime>,
}

/// The same as its file, with a record that appears twice and a type that is a text on the wire.
#[event(type = "org.example.contract.equal.happened.v1")]
struct EqualHappened {
    id: i64,
    buyer: Buyer,
    labels: BTreeMap<String, Vec<f64>>,
    second: Buyer,
}

#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(name = "Buyer")]
struct Customer {
    #[event_data(name = "name")]
    full_name: String,
}

/// Everything has another name in Rust, and the same on the wire.
#[event(type = "org.example.contract.renamed.happened.v1")]
struct RenamedHappened {
    #[event_data(name = "order_id")]
    number: i64,
    #[event_data(name = "buyer")]
    customer: Customer,
}

/// One default is another one, one is gone, and one is new.
#[event(type = "org.example.contract.defaults.happened.v1")]
struct DefaultsHappened {
    #[event_data(default = "app")]
    channel: String,
    enabled: bool,
    #[event_data(default = -1)]
    count: i64,
}

/// Newer than its newest file, which is not there yet, and with a field that older readers do not know.
#[event(type = "org.example.contract.raised.happened.v1", minor_version = 2)]
struct RaisedHappened {
    id: i64,
    note: Option<String>,
    #[event_data(default)]
    lines: Vec<String>,
}

/// A field was removed, and the reason is with the schema files.
#[event(type = "org.example.contract.waived.happened.v1", minor_version = 1)]
struct WaivedHappened {
    id: i64,
}

/// `version` came into the middle, without a new minor version.
#[event(type = "org.example.contract.former.happened.v1")]
struct FormerHappened {
    id: i64,
    version: Option<String>,
    source: String,
}

/// The file has another layout as a text, documentation, and attributes that nobody here knows.
#[event(type = "org.example.contract.reformatted.happened.v1")]
struct ReformattedHappened {
    id: i64,
    lines: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, EventData)]
enum Mode {
    Audit,
    Verified,
}

/// The variants stand in another order, which is not on the wire.
#[event(type = "org.example.contract.variants.happened.v1")]
struct VariantsHappened {
    mode: Mode,
}

#[test]
fn the_schema_of_an_event_is_its_file() {
    let file = include_str!("../schemas/org.example.contract.equal.happened.v1.0.avsc");
    assert_eq!(EqualHappened::INFO.avro_schema().to_string(), file);
}

#[test]
fn an_event_knows_its_schema_files() {
    let kept = |info: &events_core::EventInfo| -> Vec<_> {
        let kept = info.kept.iter();
        kept.map(|kept| (kept.minor_version, kept.label)).collect()
    };
    assert_eq!(kept(EqualHappened::INFO), [(0, None)]);
    assert_eq!(kept(RaisedHappened::INFO), [(1, None), (0, None)]);
    assert_eq!(
        kept(FormerHappened::INFO),
        [(0, None), (0, Some("before-version"))]
    );
    let names = FormerHappened::INFO.kept[1].schema.fields.iter();
    let names: Vec<_> = names.map(|field| field.name).collect();
    assert_eq!(names, ["id", "source"]);
}

#[test]
fn a_waiver_has_its_reason() {
    let [waiver] = WaivedHappened::INFO.waivers else {
        panic!("{:?}", WaivedHappened::INFO.waivers)
    };
    assert_eq!((waiver.rule, waiver.path), ("field-removed", "note"));
    assert!(waiver.reason.contains("nobody read it"));
}

#[test]
fn a_field_that_is_not_there_has_its_default() {
    let event: DefaultsHappened = serde_json::from_str(r#"{"enabled": true}"#).unwrap();
    assert_eq!((event.channel.as_str(), event.count), ("app", -1));
    let event: RaisedHappened = serde_json::from_str(r#"{"id": 1}"#).unwrap();
    assert_eq!((event.note, event.lines), (None, Vec::new()));
    let error = serde_json::from_str::<DefaultsHappened>("{}").unwrap_err();
    assert!(error.to_string().contains("enabled"), "{error}");
}

#[test]
fn defaults_stand_in_the_schema() {
    let schema = DefaultsHappened::INFO.avro_schema().to_string();
    assert!(schema.contains("\"default\": \"app\""), "{schema}");
    assert!(schema.contains("\"default\": -1"), "{schema}");
    let schema = RaisedHappened::INFO.avro_schema().to_string();
    assert!(schema.contains("\"default\": []"), "{schema}");
}

#[derive(Debug, Clone, PartialEq, EventData)]
enum Plan {
    #[event_data(name = "free-of-charge")]
    Free,
    Paid,
    #[event_data(unknown)]
    Other(String),
}

#[test]
fn an_open_enum_keeps_what_it_does_not_know() {
    for (text, plan) in [
        ("\"free-of-charge\"", Plan::Free),
        ("\"Paid\"", Plan::Paid),
        ("\"Leased\"", Plan::Other("Leased".to_owned())),
    ] {
        assert_eq!(serde_json::from_str::<Plan>(text).unwrap(), plan);
        assert_eq!(serde_json::to_string(&plan).unwrap(), text);
    }
    let schema = Plan::SCHEMA.to_string();
    assert_eq!(schema, "string (free-of-charge | Paid | …)");
}

#[test]
fn a_closed_enum_refuses_what_it_does_not_know_without_showing_it() {
    let error = serde_json::from_str::<Mode>("\"Secret\"").unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("expected one of Audit, Verified"),
        "{message}"
    );
    assert!(!message.contains("Secret"), "{message}");
}

#[derive(Clone, PartialEq, EventData)]
struct Person {
    id: i64,
    #[event_data(pii)]
    email: String,
}

#[event(type = "org.example.contract.person.moved.v1")]
struct PersonMoved {
    person: Person,
    #[event_data(pii)]
    address: Option<String>,
}

#[test]
fn personal_data_does_not_show() {
    let event = PersonMoved {
        person: Person {
            id: 7,
            email: "ada@example.com".to_owned(),
        },
        address: Some("1 Example Street".to_owned()),
    };
    let shown = format!("{event:?}");
    assert_eq!(
        shown,
        "PersonMoved { person: Person { id: 7, email: <redacted> }, address: <redacted> }"
    );
    assert!(!format!("{event:#?}").contains("Example"));
    let fields = PersonMoved::INFO.schema.fields;
    assert_eq!(
        fields
            .iter()
            .map(|field| field.personal)
            .collect::<Vec<_>>(),
        [false, true]
    );
    let json = serde_json::to_string(&event).unwrap();
    assert!(json.contains("ada@example.com"), "{json}");
}
