//! Example payloads, made from the schema alone: the same schema always gives the same example.
//!
//! An example is a payload that the event accepts, with values that say at a glance what stands where. Personal data
//! in it is plainly nobody's: addresses and names from the ranges that are reserved for examples.

mod json;

use events_core::{FieldSchema, RecordSchema, Schema, StringFormat};

pub(crate) use json::{Json, object, reference};

/// A payload as an example.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Example {
    pub(crate) payload: Json,
    /// The types that travel as text in a form that this module does not know. Their values are placeholders.
    pub(crate) placeholders: Vec<&'static str>,
}

impl Example {
    /// An example of an event.
    pub(crate) fn of(event: &RecordSchema) -> Self {
        let mut placeholders = Vec::new();
        let payload = record(event, &mut placeholders);
        placeholders.sort_unstable();
        placeholders.dedup();
        Self {
            payload,
            placeholders,
        }
    }
}

/// The form of each kind of key that the Open edX platform has, and of what other catalogs are likely to have.
const FORMS: &[(&str, &str)] = &[
    ("CourseKey", "course-v1:OpenedX+DemoX+DemoCourse"),
    ("CourseLocator", "course-v1:OpenedX+DemoX+DemoCourse"),
    ("CcxKey", "ccx-v1:OpenedX+DemoX+DemoCourse+ccx@1"),
    ("CcxLocator", "ccx-v1:OpenedX+DemoX+DemoCourse+ccx@1"),
    (
        "UsageKey",
        "block-v1:OpenedX+DemoX+DemoCourse+type@problem+block@example",
    ),
    ("LibraryKey", "lib:OpenedX:DemoLibrary"),
    ("LibraryLocatorV2", "lib:OpenedX:DemoLibrary"),
    ("LibraryUsageKey", "lb:OpenedX:DemoLibrary:problem:example"),
    (
        "LibraryUsageLocatorV2",
        "lb:OpenedX:DemoLibrary:problem:example",
    ),
    (
        "LibraryCollectionLocator",
        "lib-collection:OpenedX:DemoLibrary:example",
    ),
    (
        "LibraryContainerLocator",
        "lct:OpenedX:DemoLibrary:unit:example",
    ),
    ("Url", "https://example.com/example"),
    ("Email", "user@example.com"),
    ("IpAddr", "192.0.2.1"),
    ("Ipv4Addr", "192.0.2.1"),
    ("Date", "2030-01-15"),
    ("Time", "09:30:00"),
];

const DATE_TIME: &str = "2030-01-15T09:30:00+00:00";
const UUID: &str = "00000000-0000-4000-8000-000000000001";

fn record(record: &RecordSchema, placeholders: &mut Vec<&'static str>) -> Json {
    let members = record.fields.iter().map(|field| {
        (
            field.name.to_owned(),
            value(field.schema, field, placeholders),
        )
    });
    Json::Object(members.collect())
}

/// A value for a field, or for what stands inside of it.
fn value(schema: &Schema, field: &FieldSchema, placeholders: &mut Vec<&'static str>) -> Json {
    match schema {
        Schema::Boolean => true.into(),
        Schema::Long => Json::Integer(1),
        Schema::Double => Json::Float(0.75),
        Schema::String(StringFormat::Text) => text(field).into(),
        Schema::String(StringFormat::DateTime) => DATE_TIME.into(),
        Schema::String(StringFormat::Uuid) => UUID.into(),
        Schema::String(StringFormat::Custom(name)) => {
            let form = FORMS.iter().find(|(known, _)| known == name);
            form.map_or_else(
                || {
                    placeholders.push(name);
                    "example".into()
                },
                |(_, form)| (*form).into(),
            )
        }
        // As the payload's own JSON has them.
        Schema::Bytes => Json::Array([101, 103].map(Json::Integer).into()),
        Schema::Optional(inner) => value(inner, field, placeholders),
        Schema::Array(item) => Json::Array(vec![value(item, field, placeholders)]),
        Schema::Map(item) => object([("example", value(item, field, placeholders))]),
        Schema::Record(inner) => record(inner, placeholders),
        Schema::Enum(list) => (*list.variants.first().unwrap_or(&"example")).into(),
        _ => Json::Null,
    }
}

/// A text that fits the name of its field.
fn text(field: &FieldSchema) -> &'static str {
    let name = field.name.to_ascii_lowercase();
    let has = |word: &str| name.split('_').any(|part| part == word);
    match name.as_str() {
        "mode" => "audit",
        "block_type" => "problem",
        "org_key" | "org" => "OpenedX",
        "course_id" => "course-v1:OpenedX+DemoX+DemoCourse",
        "display_name" | "title" => "Demonstration",
        "certificate_type" => "honor",
        "context" | "data" => "{}",
        "pacing" => "self",
        _ if has("email") => "user@example.com",
        _ if has("username") => "example_user",
        _ if has("url") => "https://example.com/example",
        _ if has("ip") => "192.0.2.1",
        _ if has("phone") => "+1-555-0100",
        _ if has("uuid") => UUID,
        _ if has("name") && field.personal => "Example User",
        _ if has("date") || has("time") || has("timestamp") || name.ends_with("_at") => DATE_TIME,
        "start" | "end" => DATE_TIME,
        _ => "example",
    }
}

#[cfg(test)]
mod tests {
    use events_core::EventData;

    use super::*;

    #[derive(Debug, Clone, PartialEq, EventData)]
    #[event_data(string)]
    struct Odd(u8);

    impl core::fmt::Display for Odd {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            write!(f, "{}", self.0)
        }
    }

    impl core::str::FromStr for Odd {
        type Err = core::num::ParseIntError;

        fn from_str(text: &str) -> Result<Self, Self::Err> {
            text.parse().map(Self)
        }
    }

    #[derive(Clone, PartialEq, EventData)]
    struct Customer {
        at: Option<events_core::DateTime>,
        email: String,
        #[event_data(pii)]
        name: String,
        odd: Vec<Odd>,
    }

    #[test]
    fn an_example_says_what_stands_where() {
        let schema = Customer::SCHEMA.record().expect("a struct");
        let example = Example::of(schema);
        assert_eq!(
            serde_json::to_string(&example.payload).expect("JSON"),
            "{\"at\":\"2030-01-15T09:30:00+00:00\",\"email\":\"user@example.com\",\
             \"name\":\"Example User\",\"odd\":[\"example\"]}"
        );
        assert_eq!(example.placeholders, ["Odd"]);
    }
}
