//! `events show`.

use events_core::{FieldSchema, Schema};
use serde::Serialize;

use super::Facts;
use crate::args::ShowArgs;
use crate::facts::{ReceiverFacts, SignalFacts};
use crate::names::{self, Unknown};
use crate::text::{Page, Table, count, width};
use crate::world::{SignalView, World};

/// The events that a name means: one, unless it is ambiguous.
#[derive(Debug, Serialize)]
pub(crate) struct Show {
    events: Vec<EventFacts>,
}

#[derive(Debug, Serialize)]
struct EventFacts {
    signal: SignalFacts,
    /// The path of the Rust struct.
    event: String,
    doc: &'static str,
    key: Option<&'static str>,
    fields: Vec<Field>,
    schema_files: Vec<&'static str>,
    receivers: Vec<ReceiverFacts>,
    not_connected: Vec<ReceiverFacts>,
}

/// A field, with the fields of the record that it holds, directly or in an optional, array or map.
#[derive(Debug, Serialize)]
struct Field {
    name: &'static str,
    #[serde(rename = "type")]
    schema: String,
    doc: &'static str,
    /// What a reader takes where the field is absent, as JSON.
    default: Option<&'static str>,
    /// Whether the field holds personal data.
    personal: bool,
    fields: Vec<Self>,
}

/// Gathers what is known of an event.
pub(crate) fn show(world: &World, args: &ShowArgs) -> Result<Show, Unknown> {
    let signals = names::signals(world, &args.event);
    if signals.is_empty() {
        return Err(Unknown::signal(world, &args.event));
    }
    Ok(Show {
        events: signals
            .into_iter()
            .map(|signal| EventFacts::new(world, signal))
            .collect(),
    })
}

impl EventFacts {
    fn new(world: &World, signal: &SignalView) -> Self {
        let facts = |receivers: &[_]| {
            receivers
                .iter()
                .map(|receiver| ReceiverFacts::new(world, receiver))
                .collect()
        };
        Self {
            signal: SignalFacts::new(signal),
            event: signal.event_path(),
            doc: signal.event.doc,
            key: signal.event.key,
            fields: fields(signal.event.schema.fields),
            schema_files: signal.event.kept.iter().map(|kept| kept.file).collect(),
            receivers: facts(&signal.connected),
            not_connected: facts(&signal.idle),
        }
    }
}

fn fields(fields: &[FieldSchema]) -> Vec<Field> {
    fields
        .iter()
        .map(|field| Field {
            name: field.name,
            schema: field.schema.to_string(),
            doc: field.doc,
            default: field.default,
            personal: field.personal,
            fields: nested(field.schema),
        })
        .collect()
}

fn nested(schema: &Schema) -> Vec<Field> {
    schema
        .record()
        .map(|record| fields(record.fields))
        .unwrap_or_default()
}

impl Field {
    /// What the field is for, with its marks.
    fn text(&self) -> String {
        let personal = self.personal.then(|| "[personal data]".to_owned());
        let default = self.default.map(|json| format!("[default {json}]"));
        let doc = (!self.doc.is_empty()).then(|| self.doc.to_owned());
        let parts: Vec<_> = [personal, default, doc].into_iter().flatten().collect();
        parts.join(" ")
    }
}

impl Facts for Show {
    fn lay_out(&self, page: &mut Page) {
        for event in &self.events {
            page.blank();
            event.lay_out(page);
        }
    }
}

impl EventFacts {
    /// The schema files by what follows the event type: `0, 0-before-version`.
    fn files(&self) -> String {
        let versions = self.schema_files.iter().map(|file| {
            let file = file.strip_suffix(".avsc").unwrap_or(file);
            let version = file.strip_prefix(self.signal.event_type);
            version.map_or(file, |version| version.trim_start_matches('.'))
        });
        let versions: Vec<_> = versions.collect();
        if versions.is_empty() {
            return "none yet".to_owned();
        }
        versions.join(", ")
    }

    fn lay_out(&self, page: &mut Page) {
        page.line(self.signal.name);
        page.paragraph(2, self.doc);
        page.blank();
        let minor = self.signal.minor_version.to_string();
        let state = if self.signal.enabled {
            ""
        } else {
            "disabled: sending has no effect"
        };
        page.pairs(
            2,
            &[
                ("event type", self.signal.event_type),
                ("minor version", &minor),
                ("signal", &self.signal.path),
                ("event", &self.event),
                ("key", self.key.unwrap_or("none")),
                ("schema files", &self.files()),
                ("declared", &self.signal.location()),
                ("state", state),
            ],
        );
        page.blank();
        page.line("Fields");
        let mut rows = Vec::new();
        flatten(&self.fields, 0, &mut rows);
        if rows.is_empty() {
            page.line("  none");
        }
        lay_out_fields(page, &rows);
        page.blank();
        lay_out_receivers(page, &self.receivers, &self.not_connected);
    }
}

fn flatten<'f>(fields: &'f [Field], depth: usize, rows: &mut Vec<(String, &'f Field)>) {
    for field in fields {
        rows.push((
            format!("{:indent$}{}", "", field.name, indent = depth * 2),
            field,
        ));
        flatten(&field.fields, depth + 1, rows);
    }
}

fn lay_out_fields(page: &mut Page, rows: &[(String, &Field)]) {
    let names = rows.iter().map(|(name, _)| width(name)).max();
    // One type that is very wide, as an enum's may be, is not to push every text to the right.
    let types = rows
        .iter()
        .map(|(_, field)| width(&field.schema))
        .filter(|width| *width <= 32)
        .max();
    let (names, types) = (names.unwrap_or_default(), types.unwrap_or_default());
    for (name, field) in rows {
        let label = format!("{name:names$}  {:types$}  ", field.schema);
        let fits = width(&field.schema) <= types;
        let text = field.text();
        if fits {
            page.hanging(2, &label, &text);
        } else {
            page.line(&format!("  {}", label.trim_end()));
            let hang = names + types + 4;
            if !text.is_empty() {
                page.hanging(2, &" ".repeat(hang), &text);
            }
        }
    }
}

fn lay_out_receivers(page: &mut Page, connected: &[ReceiverFacts], idle: &[ReceiverFacts]) {
    page.line(&match connected.len() {
        0 => String::from("No receivers"),
        number => format!(
            "{}, in the order in which they run",
            count(number, "receiver")
        ),
    });
    print(page, connected);
    if !idle.is_empty() {
        page.blank();
        page.line("Manual receivers that nothing connects");
        print(page, idle);
    }
}

fn print(page: &mut Page, receivers: &[ReceiverFacts]) {
    if receivers.is_empty() {
        return;
    }
    let mut table = Table::default()
        .right("PRIORITY")
        .left("RECEIVER")
        .left("KIND");
    for receiver in receivers {
        table.row(
            [
                receiver.priority.to_string(),
                receiver.id.clone(),
                receiver.traits(),
            ],
            vec![receiver.origin()],
        );
    }
    table.print(page, 2);
}
