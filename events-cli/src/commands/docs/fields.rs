//! The fields of an event, nested ones included, each with its path.

use events_core::{EventInfo, FieldSchema, RecordSchema, Schema};

/// A field somewhere in an event.
#[derive(Debug, Clone)]
pub(in crate::commands) struct FieldRow {
    /// `enrollment.user.pii.email`; `[]` stands for the items of a list and `{}` for the values of a map, as in the
    /// messages about schemas.
    pub(in crate::commands) path: String,
    /// How many records it stands in, below the event.
    pub(in crate::commands) depth: usize,
    pub(in crate::commands) field: &'static FieldSchema,
    /// Whether it is personal data, by its own mark or by that of a field that it stands in.
    pub(in crate::commands) personal: bool,
    /// Whether it is the key of the event.
    pub(in crate::commands) key: bool,
}

impl FieldRow {
    /// The path of the record that it stands in, with the dot behind it; empty on the event itself.
    pub(in crate::commands) fn parent(&self) -> &str {
        let parent = self.path.len() - self.field.name.len();
        self.path.get(..parent).unwrap_or_default()
    }

    /// Whether it is marked itself.
    pub(in crate::commands) fn marked(&self) -> bool {
        self.field.personal
    }
}

/// All fields, each record's directly below the field that holds it.
pub(in crate::commands) fn rows(event: &'static EventInfo) -> Vec<FieldRow> {
    let mut rows = Vec::new();
    add(event.schema, "", 0, false, &mut rows);
    for row in &mut rows {
        row.key = event.key == Some(row.path.as_str());
    }
    rows
}

fn add(
    record: &'static RecordSchema,
    parent: &str,
    depth: usize,
    personal: bool,
    rows: &mut Vec<FieldRow>,
) {
    for field in record.fields {
        let path = format!("{parent}{}", field.name);
        let personal = personal || field.personal;
        let inner = format!("{path}{}.", steps(field.schema));
        rows.push(FieldRow {
            path,
            depth,
            field,
            personal,
            key: false,
        });
        if let Some(record) = field.schema.record() {
            add(record, &inner, depth + 1, personal, rows);
        }
    }
}

/// How a path goes through lists and maps.
fn steps(schema: &Schema) -> String {
    match schema {
        Schema::Optional(inner) => steps(inner),
        Schema::Array(inner) => format!("[]{}", steps(inner)),
        Schema::Map(inner) => format!("{{}}{}", steps(inner)),
        _ => String::new(),
    }
}
