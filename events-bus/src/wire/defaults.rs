//! The values of fields that a writer's layout does not have.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::ptr;

use events_core::{FieldSchema, RecordSchema, Schema};

use super::from_json;

/// The bodies of defaults, one behind the other: what is read from them lives as long as this.
#[derive(Debug, Default)]
pub(super) struct Defaults {
    bodies: Vec<u8>,
    /// Where that of a field of the reader is; none where it has no default.
    places: HashMap<*const FieldSchema, Option<Range<usize>>>,
    /// The records that were compared. Schemas may hold themselves.
    seen: HashSet<(*const RecordSchema, *const RecordSchema)>,
}

impl Defaults {
    /// Those that a reader needs for what was written with a schema.
    pub(super) fn new(writer: &Schema, reader: &Schema) -> Self {
        let mut defaults = Self::default();
        defaults.gather(writer, reader);
        defaults
    }

    /// The body of the default of a field.
    pub(super) fn of(&self, field: &'static FieldSchema) -> Option<&[u8]> {
        let place = self.places.get(&ptr::from_ref(field))?.clone()?;
        self.bodies.get(place)
    }

    fn gather(&mut self, writer: &Schema, reader: &Schema) {
        match (writer, reader) {
            (Schema::Record(writer), Schema::Record(reader)) => self.gather_fields(writer, reader),
            (Schema::Array(writer), Schema::Array(reader))
            | (Schema::Map(writer), Schema::Map(reader))
            | (Schema::Optional(writer), Schema::Optional(reader)) => self.gather(writer, reader),
            (Schema::Optional(writer), reader) => self.gather(writer, reader),
            (writer, Schema::Optional(reader)) => self.gather(writer, reader),
            _ => {}
        }
    }

    fn gather_fields(&mut self, writer: &RecordSchema, reader: &RecordSchema) {
        if !self
            .seen
            .insert((ptr::from_ref(writer), ptr::from_ref(reader)))
        {
            return;
        }
        for field in reader.fields {
            match find(writer, field.name) {
                Some(written) => self.gather(written.schema, field.schema),
                None => self.add(field),
            }
        }
    }

    fn add(&mut self, field: &FieldSchema) {
        let place = from_json::default(field).map(|body| {
            let start = self.bodies.len();
            self.bodies.extend(body);
            start..self.bodies.len()
        });
        self.places.insert(ptr::from_ref(field), place);
    }
}

/// The field of a record that has this name.
fn find<'a>(record: &'a RecordSchema, name: &str) -> Option<&'a FieldSchema> {
    record.fields.iter().find(|field| field.name == name)
}
