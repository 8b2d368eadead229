//! The document. Source: AsyncAPI specification 3.0.0.
//!
//! An event type is a channel, and its address: on which topic it travels is for a bus to say. The headers are those
//! of the Redis stream of the reference, all of them text.

use crate::commands::docs::fields;
use crate::examples::{Example, Json, object, reference};
use crate::world::{SignalView, World};

/// The version of the specification.
pub(super) const ASYNCAPI: &str = "3.0.0";
/// The version of the document, where none is given.
pub(in crate::commands) const VERSION: &str = "1.0.0";

const AVRO: &str = "application/vnd.apache.avro+json;version=1.9.0";
const CONTENT_TYPE: &str = "application/avro";
const HEADERS: &str = "CloudEventsHeaders";

/// The catalog as a document.
pub(in crate::commands) fn document(world: &World, title: &str, version: &str) -> Json {
    let entries = entries(world);
    let members = |make: &dyn Fn(&Entry<'_>) -> Json| {
        Json::Object(
            entries
                .iter()
                .map(|entry| (entry.id.clone(), make(entry)))
                .collect(),
        )
    };
    object([
        ("asyncapi", ASYNCAPI.into()),
        (
            "info",
            object([
                ("title", title.into()),
                ("version", version.into()),
                (
                    "description",
                    "The events of this binary, and who receives them in it. Made by `events asyncapi`.".into(),
                ),
                ("tags", subdomains(world).map(tag).collect()),
            ]),
        ),
        ("defaultContentType", CONTENT_TYPE.into()),
        ("channels", members(&channel)),
        (
            "operations",
            Json::Object(entries.iter().flat_map(operations).collect()),
        ),
        (
            "components",
            object([
                ("messages", members(&message)),
                ("schemas", object([(HEADERS, headers())])),
            ]),
        ),
    ])
}

/// An event, with the name that it has in the document.
struct Entry<'w> {
    signal: &'w SignalView,
    /// The event type, or that with a number where several events claim it.
    id: String,
    /// The signal's name, likewise.
    name: String,
}

fn entries(world: &World) -> Vec<Entry<'_>> {
    let numbered = |name: &str, before: usize| match before {
        0 => name.to_owned(),
        before => format!("{name}-{}", before + 1),
    };
    let signals = world.signals.iter().enumerate();
    signals
        .map(|(index, signal)| {
            let before = || world.signals.iter().take(index);
            let same_type = before()
                .filter(|other| other.event.event_type == signal.event.event_type)
                .count();
            let same_name = before()
                .filter(|other| other.info.name == signal.info.name)
                .count();
            Entry {
                signal,
                id: numbered(signal.event.event_type, same_type),
                name: numbered(signal.info.name, same_name),
            }
        })
        .collect()
}

fn subdomains(world: &World) -> impl Iterator<Item = &'static str> {
    let mut subdomains: Vec<_> = world.signals.iter().map(subdomain).collect();
    subdomains.sort_unstable();
    subdomains.dedup();
    subdomains.into_iter()
}

fn subdomain(signal: &SignalView) -> &'static str {
    match signal.event.subdomain() {
        "" => "other",
        subdomain => subdomain,
    }
}

fn tag(subdomain: &str) -> Json {
    object([
        ("name", subdomain.into()),
        (
            "description",
            format!("Events of the subdomain `{subdomain}`").into(),
        ),
    ])
}

fn channel(entry: &Entry<'_>) -> Json {
    let Entry { signal, id, .. } = entry;
    object([
        ("address", signal.event.event_type.into()),
        ("title", signal.info.name.into()),
        ("description", signal.event.doc.into()),
        ("tags", Json::Array(vec![tag(subdomain(signal))])),
        (
            "messages",
            object([(
                id.as_str(),
                reference(&format!("#/components/messages/{id}")),
            )]),
        ),
    ])
}

/// Whoever has the catalog may send the event; it is received where receivers are connected.
fn operations(entry: &Entry<'_>) -> Vec<(String, Json)> {
    let mut operations = vec![operation(entry, "send", &[])];
    let receivers = &entry.signal.connected;
    if !receivers.is_empty() {
        let members = receivers
            .iter()
            .map(|receiver| {
                object([
                    ("id", receiver.id.as_ref().into()),
                    ("plugin", receiver.plugin().into()),
                    ("priority", Json::Integer(receiver.priority.into())),
                ])
            })
            .collect::<Vec<_>>();
        operations.push(operation(entry, "receive", &members));
    }
    operations
}

fn operation(entry: &Entry<'_>, action: &str, receivers: &[Json]) -> (String, Json) {
    let Entry { signal, id, name } = entry;
    let messages = format!("#/channels/{id}/messages/{id}");
    let mut operation = object([
        ("action", action.into()),
        ("channel", reference(&format!("#/channels/{id}"))),
        ("title", format!("{action} {}", signal.info.name).into()),
        ("tags", Json::Array(vec![tag(subdomain(signal))])),
        ("messages", Json::Array(vec![reference(&messages)])),
    ]);
    if !receivers.is_empty() {
        operation.push("x-receivers", Json::Array(receivers.to_vec()));
    }
    (format!("{action}.{name}"), operation)
}

fn message(entry: &Entry<'_>) -> Json {
    let event = entry.signal.event;
    let schema = event.avro_schema().to_string();
    // What is written as JSON is read as JSON.
    let mut schema: Json = serde_json::from_str(&schema).unwrap_or(Json::Null);
    if let Json::Object(members) = &mut schema {
        for (name, value) in members {
            if name == "namespace" {
                *value = avro_name(event.event_type).into();
            }
        }
    }
    let rows = fields::rows(event);
    let personal: Json = rows
        .iter()
        .filter(|row| row.marked())
        .map(|row| row.path.as_str())
        .collect();
    let mut message = object([
        ("name", event.name.into()),
        ("title", entry.signal.info.name.into()),
        ("summary", first_paragraph(event.doc).into()),
        ("description", event.doc.into()),
        ("contentType", CONTENT_TYPE.into()),
        ("tags", Json::Array(vec![tag(subdomain(entry.signal))])),
        (
            "headers",
            object([
                ("type", "object".into()),
                (
                    "allOf",
                    Json::Array(vec![reference(&format!("#/components/schemas/{HEADERS}"))]),
                ),
                (
                    "properties",
                    object([("type", object([("const", event.event_type.into())]))]),
                ),
            ]),
        ),
        (
            "payload",
            object([("schemaFormat", AVRO.into()), ("schema", schema)]),
        ),
        (
            "examples",
            Json::Array(vec![object([
                ("name", "example".into()),
                (
                    "summary",
                    "Made from the schema; the payload as JSON".into(),
                ),
                (
                    "headers",
                    header_values(event.event_type, event.minor_version),
                ),
                ("payload", Example::of(event.schema).payload),
            ])]),
        ),
        ("x-minor-version", Json::Integer(event.minor_version.into())),
        ("x-signal", entry.signal.info.path().into()),
    ]);
    if let Some(key) = event.key {
        message.push("x-key", key);
    }
    if personal != Json::Array(Vec::new()) {
        message.push("x-personal-data", personal);
    }
    message
}

/// The event type as Avro allows a name to be: an event type may have `-` in it, a name must not. The namespace is not
/// on the wire, and the schema files keep it as the reference has it.
fn avro_name(event_type: &str) -> String {
    event_type.replace('-', "_")
}

fn first_paragraph(doc: &str) -> String {
    let first = doc.split("\n\n").next().unwrap_or_default();
    first.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The header's name, what it means, and an example.
const HEADER_TEXTS: [(&str, &str, &str); 6] = [
    (
        "id",
        "The id of this event, a UUID",
        "00000000-0000-1000-8000-000000000001",
    ),
    ("source", "The service that sent it", "openedx/lms/web"),
    (
        "time",
        "When it was sent, in UTC",
        "2030-01-15T09:30:00+00:00",
    ),
    ("minorversion", "The minor version of the schema", ""),
    ("sourcehost", "The host that sent it", "lms.example.com"),
    (
        "sourcelib",
        "The version of the library that sent it",
        "11.2.0",
    ),
];

fn headers() -> Json {
    let text = |description: &str| {
        object([
            ("type", "string".into()),
            ("description", description.into()),
        ])
    };
    let mut properties = object([("type", text("The event type"))]);
    for (name, description, _) in HEADER_TEXTS {
        properties.push(name, text(description));
    }
    object([
        ("title", "The CloudEvents headers".into()),
        (
            "description",
            "All of them are text, and only `type` must be there: readers have a default for what is missing or empty."
                .into(),
        ),
        ("type", "object".into()),
        ("required", ["type"].into_iter().collect()),
        ("properties", properties),
    ])
}

fn header_values(event_type: &str, minor_version: u32) -> Json {
    let mut values = object([("type", event_type.into())]);
    for (name, _, value) in HEADER_TEXTS {
        if name == "minorversion" {
            values.push(name, minor_version.to_string());
        } else {
            values.push(name, value);
        }
    }
    values
}
