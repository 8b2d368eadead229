//! An event's schema as Avro JSON.

use core::fmt;

use super::model::{EnumSchema, RecordSchema, Schema};

/// An event's schema as Avro JSON, in the form that `openedx-events` gives it: the record is called `CloudEvent`, its
/// namespace is the event type, and a record that appears again is named only.
///
/// Its `Display` is what a schema file holds, with two spaces of indentation and a line feed at the end.
///
/// ```
/// use events_core::{Event, event};
///
/// #[event(type = "org.example.shop.order.cancelled.v1")]
/// pub struct OrderCancelled {
///     pub order_id: i64,
/// }
///
/// let schema = OrderCancelled::INFO.avro_schema().to_string();
/// assert!(schema.starts_with("{\n  \"name\": \"CloudEvent\",\n  \"type\": \"record\","));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct AvroSchema<'a> {
    event_type: &'a str,
    schema: &'a RecordSchema,
}

impl<'a> AvroSchema<'a> {
    /// The schema of an event of the given type.
    pub const fn new(event_type: &'a str, schema: &'a RecordSchema) -> Self {
        Self { event_type, schema }
    }
}

/// What the reference writes into every schema.
const DOC: &str = "Avro Event Format for CloudEvents created with openedx_events/schema";

impl fmt::Display for AvroSchema<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut json = Json {
            f,
            depth: 0,
            first: true,
            records: Vec::new(),
        };
        json.open("{")?;
        json.text("name", "CloudEvent")?;
        json.text("type", "record")?;
        json.text("doc", DOC)?;
        json.fields(self.schema)?;
        json.text("namespace", self.event_type)?;
        json.close("}")?;
        f.write_str("\n")
    }
}

struct Json<'f, 'a> {
    f: &'f mut fmt::Formatter<'a>,
    depth: usize,
    first: bool,
    /// The names of the records that were written.
    records: Vec<&'static str>,
}

impl Json<'_, '_> {
    fn open(&mut self, bracket: &str) -> fmt::Result {
        self.depth += 1;
        self.first = true;
        self.f.write_str(bracket)
    }

    fn close(&mut self, bracket: &str) -> fmt::Result {
        self.depth -= 1;
        if !self.first {
            self.line()?;
        }
        self.first = false;
        self.f.write_str(bracket)
    }

    fn line(&mut self) -> fmt::Result {
        write!(self.f, "\n{:1$}", "", self.depth * 2)
    }

    /// Before a member of an object or an item of an array.
    fn item(&mut self) -> fmt::Result {
        if !self.first {
            self.f.write_str(",")?;
        }
        self.first = false;
        self.line()
    }

    fn key(&mut self, key: &str) -> fmt::Result {
        self.item()?;
        write!(self.f, "\"{key}\": ")
    }

    fn text(&mut self, key: &str, value: &str) -> fmt::Result {
        self.key(key)?;
        self.string(value)
    }

    /// Escapes as JSON asks for. Names are ASCII; what else comes here is a variant's name.
    fn string(&mut self, text: &str) -> fmt::Result {
        self.f.write_str("\"")?;
        for c in text.chars() {
            match c {
                '"' => self.f.write_str("\\\"")?,
                '\\' => self.f.write_str("\\\\")?,
                c if c < ' ' => write!(self.f, "\\u{:04x}", u32::from(c))?,
                c => write!(self.f, "{c}")?,
            }
        }
        self.f.write_str("\"")
    }

    fn fields(&mut self, record: &RecordSchema) -> fmt::Result {
        self.key("fields")?;
        self.open("[")?;
        for field in record.fields {
            self.item()?;
            self.open("{")?;
            self.text("name", field.name)?;
            self.key("type")?;
            self.schema(field.schema)?;
            let default = match field.schema {
                Schema::Optional(_) => Some("null"),
                _ => field.default,
            };
            if let Some(default) = default {
                self.key("default")?;
                self.f.write_str(default)?;
            }
            self.close("}")?;
        }
        self.close("]")
    }

    fn schema(&mut self, schema: &Schema) -> fmt::Result {
        match schema {
            Schema::Boolean => self.string("boolean"),
            Schema::Long => self.string("long"),
            Schema::Double => self.string("double"),
            Schema::String(_) => self.string("string"),
            Schema::Bytes => self.string("bytes"),
            Schema::Optional(inner) => {
                self.open("[")?;
                self.item()?;
                self.string("null")?;
                self.item()?;
                self.schema(inner)?;
                self.close("]")
            }
            Schema::Array(items) => self.container("array", "items", items),
            Schema::Map(values) => self.container("map", "values", values),
            Schema::Record(record) => self.record(record),
            Schema::Enum(list) => self.variants(list),
            Schema::Foreign(json) => self.f.write_str(json),
        }
    }

    fn container(&mut self, kind: &str, key: &str, inner: &Schema) -> fmt::Result {
        self.open("{")?;
        self.text("type", kind)?;
        self.key(key)?;
        self.schema(inner)?;
        self.close("}")
    }

    fn record(&mut self, record: &RecordSchema) -> fmt::Result {
        if self.records.contains(&record.name) {
            return self.string(record.name);
        }
        self.records.push(record.name);
        self.open("{")?;
        self.text("name", record.name)?;
        self.text("type", "record")?;
        self.fields(record)?;
        self.close("}")
    }

    /// Avro's own enum is a number on the wire; ours is text. The names stand in attributes of ours, which readers of
    /// Avro must take as metadata (Avro specification, *Schema Declaration*).
    fn variants(&mut self, list: &EnumSchema) -> fmt::Result {
        self.open("{")?;
        self.text("type", "string")?;
        self.key("variants")?;
        self.open("[")?;
        for variant in list.variants {
            self.item()?;
            self.string(variant)?;
        }
        self.close("]")?;
        if list.open {
            self.key("unknown")?;
            self.string("kept")?;
        }
        self.close("}")
    }
}
