//! Metadata against what the reference implementation was seen to do with it: `metadata.jsonl`, recorded from its
//! `EventsMetadata.from_json` and `to_json`.

use std::fmt;
use std::path::PathBuf;

use events_core::{EventMetadata, SourceLib, SourceLibPart};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Value, json};

/// Accepted by the reference and refused here, each for a reason that the documentation states.
const REFUSED_ON_PURPOSE: [(&str, &str); 2] = [
    ("sourcelib nested", "a list in it"),
    // Python's parser takes NaN; it is no JSON, so serde_json refuses the document before we see it.
    ("NaN minorversion (Python accepts the JSON)", "expected"),
];

fn cases() -> Vec<Value> {
    let directory = std::env::var_os("EVENTS_CONFORMANCE").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../shared/conformance"
            ))
        },
        PathBuf::from,
    );
    let text = std::fs::read_to_string(directory.join("metadata.jsonl"))
        .expect("metadata.jsonl can be read");
    let cases: Vec<_> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    assert!(cases.len() >= 73, "only {} cases", cases.len());
    cases
}

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().expect("a string")
}

fn read(case: &Value) -> Result<EventMetadata, serde_json::Error> {
    serde_json::from_str(text(case, "input"))
}

fn is_refused_on_purpose(case: &Value) -> bool {
    REFUSED_ON_PURPOSE
        .iter()
        .any(|(name, _)| *name == text(case, "name"))
}

/// The cases both accept, with what we made of them.
fn accepted() -> Vec<(Value, EventMetadata)> {
    let both = cases()
        .into_iter()
        .filter(|case| case["ok"] == true && !is_refused_on_purpose(case));
    both.map(|case| {
        let read = read(&case).unwrap_or_else(|error| panic!("{}: {error}", text(&case, "name")));
        (case, read)
    })
    .collect()
}

/// What the reference recorded, but for the two things that cannot be the same: its defaults are those of its own
/// process, and it drops `minorversion`, which we keep.
fn expected(case: &Value, mut recorded: Value) -> Value {
    let own = EventMetadata::new("");
    for field in case["filled_with_default"].as_array().expect("a list") {
        match field.as_str() {
            Some("source") => recorded["source"] = own.source().into(),
            Some("sourcehost") => recorded["sourcehost"] = own.source_host().into(),
            other => panic!("{}: no default for {other:?}", text(case, "name")),
        }
    }
    let given: Value = serde_json::from_str(text(case, "input")).expect("JSON");
    assert_eq!(recorded["minorversion"], 0, "the reference drops it");
    recorded["minorversion"] = given["minorversion"].as_i64().unwrap_or(0).into();
    recorded
}

fn parts(source_lib: &SourceLib) -> Value {
    let part = |part: &SourceLibPart| match part {
        SourceLibPart::Number(number) => json!(number),
        SourceLibPart::Text(text) => json!(text),
        other => panic!("{other:?}"),
    };
    source_lib.parts().iter().map(part).collect()
}

/// The keys of an object as they follow each other.
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Keys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, IgnoredAny)) = map.next_entry()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

fn keys(text: &str) -> Vec<String> {
    serde_json::from_str::<Keys>(text).expect("an object").0
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_metadata_is_accepted_or_refused_as_recorded() {
    let mut wrong = Vec::new();
    for case in cases() {
        let ours = read(&case);
        let wanted = case["ok"] == true && !is_refused_on_purpose(&case);
        if ours.is_ok() != wanted {
            wrong.push(format!(
                "{}: {ours:?}, recorded {case}",
                text(&case, "name")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_metadata_fields_are_as_recorded() {
    for (case, ours) in accepted() {
        let ours = json!({
            "event_type": ours.event_type(),
            "id": ours.id().to_string(),
            "minorversion": ours.minor_version(),
            "source": ours.source(),
            "sourcehost": ours.source_host(),
            "time": ours.time().to_string(),
            "sourcelib": parts(ours.source_lib()),
        });
        assert_eq!(
            ours,
            expected(&case, case["result"].clone()),
            "{}",
            text(&case, "name")
        );
    }
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_metadata_is_written_as_recorded() {
    for (case, ours) in accepted() {
        let written = serde_json::to_string(&ours).expect("metadata is JSON");
        let recorded = text(&case, "to_json");
        assert_eq!(keys(&written), keys(recorded), "{}", text(&case, "name"));
        let written: Value = serde_json::from_str(&written).expect("JSON");
        let recorded = serde_json::from_str(recorded).expect("JSON");
        assert_eq!(
            written,
            expected(&case, recorded),
            "{}",
            text(&case, "name")
        );
    }
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_metadata_survives_being_written_and_read() {
    for (case, ours) in accepted() {
        let written = serde_json::to_string(&ours).expect("metadata is JSON");
        let back: EventMetadata = serde_json::from_str(&written).expect("what we write we read");
        assert_eq!(back, ours, "{}", text(&case, "name"));
    }
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_metadata_refused_on_purpose_is_recorded_and_explained() {
    let cases = cases();
    for (name, reason) in REFUSED_ON_PURPOSE {
        let case = cases
            .iter()
            .find(|case| text(case, "name") == name)
            .expect("the case is recorded");
        assert_eq!(case["ok"], true, "{name}");
        let error = read(case).expect_err(name).to_string();
        assert!(error.contains(reason), "{name}: {error}");
    }
}

/// A refusal names the field, what was given and what was expected.
#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_metadata_refusals_name_the_field() {
    const FIELDS: [&str; 6] = [
        "event_type",
        "id",
        "source",
        "sourcehost",
        "time",
        "sourcelib",
    ];
    let mut seen = 0;
    for case in cases().into_iter().filter(|case| case["ok"] == false) {
        let name = text(&case, "name");
        let Some(field) = FIELDS
            .iter()
            .find(|field| name.split(' ').next() == Some(field))
        else {
            continue;
        };
        let error = read(&case).expect_err(name).to_string();
        assert!(error.contains(&format!("\"{field}\"")), "{name}: {error}");
        if !name.ends_with("missing") {
            let given: Value = serde_json::from_str(text(&case, "input")).expect("JSON");
            assert!(error.contains("expected"), "{name}: {error}");
            assert!(error.contains(&given[field].to_string()), "{name}: {error}");
        }
        seen += 1;
    }
    assert!(seen >= 20, "only {seen} cases name a field");
}
