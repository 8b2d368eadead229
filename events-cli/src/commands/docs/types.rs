//! The types that the events of the site share: records, enums, and texts with a form of their own.

use events_core::{EnumSchema, RecordSchema, Schema, StringFormat};

/// A type with a place of its own on the page of the data types.
#[derive(Debug)]
pub(super) struct DataType {
    pub(super) kind: Kind,
    pub(super) anchor: String,
    /// The events that carry it, by their number on the site.
    pub(super) events: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Record(&'static RecordSchema),
    Enum(&'static EnumSchema),
    /// A text with a form of its own.
    Text(&'static str),
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Record(record) => record.name,
            Self::Enum(list) => list.name,
            Self::Text(name) => name,
        }
    }

    fn of(schema: &'static Schema) -> Option<Self> {
        match schema {
            Schema::Record(record) => Some(Self::Record(record)),
            Schema::Enum(list) => Some(Self::Enum(list)),
            Schema::String(StringFormat::Custom(name)) => Some(Self::Text(name)),
            _ => None,
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Record(_) => "record",
            Self::Enum(_) => "enum",
            Self::Text(_) => "text",
        }
    }
}

/// All of them, by name.
#[derive(Debug, Default)]
pub(super) struct DataTypes(Vec<DataType>);

impl DataTypes {
    pub(super) fn of<'e>(events: impl Iterator<Item = &'e RecordSchema>) -> Self {
        let mut types = Self::default();
        for (index, event) in events.enumerate() {
            for field in event.fields {
                types.visit(field.schema, index);
            }
        }
        types
            .0
            .sort_by_key(|one| (one.kind.name().to_lowercase(), one.kind.prefix()));
        // Events of different catalogs may use one name for different types.
        let mut taken: Vec<String> = Vec::new();
        for one in &mut types.0 {
            one.anchor = free(
                &format!("{}-{}", one.kind.prefix(), one.kind.name()),
                &taken,
            );
            taken.push(one.anchor.clone());
        }
        types
    }

    fn visit(&mut self, schema: &'static Schema, event: usize) {
        match schema {
            Schema::Optional(inner) | Schema::Array(inner) | Schema::Map(inner) => {
                return self.visit(inner, event);
            }
            _ => {}
        }
        let Some(kind) = Kind::of(schema) else {
            return;
        };
        match self.0.iter_mut().find(|one| one.kind == kind) {
            Some(one) => {
                if one.events.last() != Some(&event) {
                    one.events.push(event);
                }
            }
            None => self.0.push(DataType {
                kind,
                anchor: String::new(),
                events: vec![event],
            }),
        }
        if let Kind::Record(record) = kind {
            for field in record.fields {
                self.visit(field.schema, event);
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &DataType> {
        self.0.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The place of a type on the page of the data types.
    pub(super) fn anchor(&self, schema: &'static Schema) -> Option<&str> {
        let kind = Kind::of(schema)?;
        let one = self.0.iter().find(|one| one.kind == kind)?;
        Some(&one.anchor)
    }
}

/// The name, or the name with the first number that makes it one of its own.
pub(super) fn free(name: &str, taken: &[String]) -> String {
    let is_free = |candidate: &str| !taken.iter().any(|other| other == candidate);
    if is_free(name) {
        return name.to_owned();
    }
    let numbered = (2_usize..).map(|number| format!("{name}-{number}"));
    let mut numbered = numbered.filter(|candidate| is_free(candidate));
    numbered.next().unwrap_or_default()
}
