//! `events schema list`.

use events_core::{EventInfo, FieldSchema, Schema};
use serde::Serialize;

use super::args::ListArgs;
use super::packages;
use crate::commands::{Facts, Failure};
use crate::text::{Page, Table, count};
use crate::world::{SignalView, World};

/// The schemas that were asked for.
#[derive(Debug, Serialize)]
pub(super) struct List {
    schemas: Vec<SchemaFacts>,
    /// How many there are without the filters.
    total: usize,
    #[serde(skip)]
    personal: bool,
}

/// The schema of an event, as its crate was compiled.
#[derive(Debug, Serialize)]
struct SchemaFacts {
    event_type: &'static str,
    signal: &'static str,
    catalog: &'static str,
    minor_version: u32,
    /// `ok`, `no_file` or `waived`.
    state: &'static str,
    /// The newest version first.
    files: Vec<FileFacts>,
    waivers: Vec<WaiverFacts>,
    /// The paths of the fields that hold personal data.
    personal: Vec<String>,
}

#[derive(Debug, Serialize)]
struct FileFacts {
    file: &'static str,
    minor_version: u32,
    label: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct WaiverFacts {
    against: &'static str,
    rule: &'static str,
    path: &'static str,
    reason: &'static str,
}

/// Gathers the schemas.
pub(super) fn list(world: &World, args: &ListArgs) -> Result<List, Failure> {
    let signals: Vec<_> = world.signals.iter().collect();
    let catalogs = match &args.package {
        Some(package) => Some(packages::chosen(&signals, core::slice::from_ref(package))?),
        None => None,
    };
    let text = args.text.as_deref().unwrap_or_default().to_lowercase();
    let is_wanted = |signal: &&&SignalView| {
        catalogs
            .as_ref()
            .is_none_or(|catalogs| catalogs.contains_key(signal.catalog()))
            && (signal.event.event_type.to_lowercase().contains(&text)
                || signal.info.name.to_lowercase().contains(&text))
    };
    let schemas = signals
        .iter()
        .filter(is_wanted)
        .map(|signal| SchemaFacts::new(signal))
        .filter(|schema| !args.personal || !schema.personal.is_empty());
    Ok(List {
        schemas: schemas.collect(),
        total: world.signals.len(),
        personal: args.personal,
    })
}

impl SchemaFacts {
    fn new(signal: &SignalView) -> Self {
        let event = signal.event;
        let files = event.kept.iter().map(|kept| FileFacts {
            file: kept.file,
            minor_version: kept.minor_version,
            label: kept.label,
        });
        let waivers = event.waivers.iter().map(|waiver| WaiverFacts {
            against: waiver.against,
            rule: waiver.rule,
            path: waiver.path,
            reason: waiver.reason,
        });
        let mut personal = Vec::new();
        personal_data(event.schema.fields, "", &mut personal);
        Self {
            event_type: event.event_type,
            signal: signal.info.name,
            catalog: signal.catalog(),
            minor_version: event.minor_version,
            state: state(event),
            files: files.collect(),
            waivers: waivers.collect(),
            personal,
        }
    }

    /// `1, 0, 0-before-note`.
    fn versions(&self) -> String {
        let versions = self
            .files
            .iter()
            .map(|file| version(file.minor_version, file.label));
        versions.collect::<Vec<_>>().join(", ")
    }

    fn state(&self) -> String {
        match self.state {
            "no_file" => String::from("no file yet"),
            "waived" => count(self.waivers.len(), "waiver"),
            state => state.to_owned(),
        }
    }
}

fn state(event: &EventInfo) -> &'static str {
    let has_file = event
        .kept
        .iter()
        .any(|kept| kept.minor_version == event.minor_version && kept.label.is_none());
    if !has_file {
        "no_file"
    } else if event.waivers.is_empty() {
        "ok"
    } else {
        "waived"
    }
}

/// `0`, or `0-before-note` for a former layout.
pub(super) fn version(minor_version: u32, label: Option<&str>) -> String {
    match label {
        Some(label) => format!("{minor_version}-{label}"),
        None => minor_version.to_string(),
    }
}

/// The paths of what is marked; not what is below it, which is personal with it.
fn personal_data(fields: &[FieldSchema], path: &str, found: &mut Vec<String>) {
    for field in fields {
        let dot = if path.is_empty() { "" } else { "." };
        let path = format!("{path}{dot}{}", field.name);
        if field.personal {
            found.push(path);
        } else {
            let (marks, record) = inside(field.schema);
            if let Some(record) = record {
                personal_data(record, &format!("{path}{marks}"), found);
            }
        }
    }
}

/// The fields of the record inside, and what a path has for each list and map on the way.
fn inside(schema: &Schema) -> (String, Option<&'static [FieldSchema]>) {
    match schema {
        Schema::Record(record) => (String::new(), Some(record.fields)),
        Schema::Optional(inner) => inside(inner),
        Schema::Array(inner) => {
            let (marks, fields) = inside(inner);
            (format!("[]{marks}"), fields)
        }
        Schema::Map(inner) => {
            let (marks, fields) = inside(inner);
            (format!("{{}}{marks}"), fields)
        }
        _ => (String::new(), None),
    }
}

impl Facts for List {
    fn lay_out(&self, page: &mut Page) {
        let mut catalogs: Vec<_> = self.schemas.iter().map(|schema| schema.catalog).collect();
        catalogs.sort_unstable();
        catalogs.dedup();
        for catalog in catalogs {
            let mut table = Table::default()
                .left("EVENT TYPE")
                .right("MINOR")
                .left("FILES")
                .right("PERSONAL")
                .left("STATE");
            for schema in self
                .schemas
                .iter()
                .filter(|schema| schema.catalog == catalog)
            {
                let personal = match schema.personal.len() {
                    0 => String::new(),
                    number => number.to_string(),
                };
                let cells = [
                    schema.event_type.to_owned(),
                    schema.minor_version.to_string(),
                    schema.versions(),
                    personal,
                    schema.state(),
                ];
                table.row(cells, Vec::new());
            }
            page.line(&format!("Catalog {catalog}"));
            page.blank();
            table.print(page, 0);
            page.blank();
        }
        if self.personal {
            page.line("Personal data");
            for schema in &self.schemas {
                page.line(&format!("  {}", schema.event_type));
                page.hanging(4, "", &schema.personal.join(", "));
            }
            page.blank();
        }
        let shown = self.schemas.len();
        page.line(&if shown == self.total {
            count(shown, "schema")
        } else {
            format!("{shown} of {}", count(self.total, "schema"))
        });
    }
}
