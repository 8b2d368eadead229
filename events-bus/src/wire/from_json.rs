//! A body from JSON, by its schema.

use core::fmt;

use events_core::{DateTime, EnumSchema, FieldSchema, RecordSchema, Schema, StringFormat, Uuid};
use serde_json::{Map, Value};

use super::put;

/// Writes the body of an event that is given as JSON, in the form that [`to_json`](super::to_json) gives.
///
/// A field that is not there becomes its default, if it has one.
///
/// # Errors
/// When the JSON is not what the schema asks for; all of its problems at once. Texts that travel for a type of the
/// catalog's own (a key) are not looked into: only the type knows them.
///
/// ```
/// use events_bus::wire;
/// use events_core::{Event, event};
///
/// #[event(type = "org.example.shop.cart.filled.v1")]
/// struct CartFilled {
///     cart_id: i64,
///     filled_at: events_core::DateTime,
/// }
///
/// let json = serde_json::json!({ "cart_id": "17", "filled_at": "yesterday" });
/// let error = wire::from_json(&json, CartFilled::INFO.schema).expect_err("two problems");
/// assert_eq!(
///     error.to_string(),
///     "the JSON is no such event:\n  \
///      `cart_id`: expected long, and there is a text\n  \
///      `filled_at`: expected string (date-time), and there is a text that is none"
/// );
/// ```
pub fn from_json(json: &Value, schema: &RecordSchema) -> Result<Vec<u8>, JsonError> {
    let mut writer = Writer::default();
    writer.record(json, schema);
    if writer.problems.is_empty() {
        Ok(writer.out)
    } else {
        Err(JsonError {
            problems: writer.problems,
        })
    }
}

/// What is wrong with the JSON of an event. No text of it repeats a value; it does name fields that are not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    problems: Vec<JsonProblem>,
}

/// One thing that is wrong with the JSON of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JsonProblem {
    /// Where: `user.pii.email`, `contexts[3].group_id`, `options{}`; empty for the event itself.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl JsonError {
    /// All problems, in the order of the fields.
    pub fn problems(&self) -> &[JsonProblem] {
        &self.problems
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the JSON is no such event:")?;
        for JsonProblem { path, message } in &self.problems {
            match path.as_str() {
                "" => write!(f, "\n  the event: {message}")?,
                path => write!(f, "\n  `{path}`: {message}")?,
            }
        }
        Ok(())
    }
}

impl core::error::Error for JsonError {}

/// The body of a field that is not there; none where it has to be.
pub(super) fn default(field: &FieldSchema) -> Option<Vec<u8>> {
    let Some(json) = field.default else {
        let is_optional = matches!(field.schema, Schema::Optional(_));
        return is_optional.then(|| vec![0]);
    };
    let mut writer = Writer {
        is_default: true,
        ..Writer::default()
    };
    writer.value(&serde_json::from_str(json).ok()?, field.schema);
    writer.problems.is_empty().then_some(writer.out)
}

#[derive(Default)]
struct Writer {
    /// In a default of a schema, bytes are a text, whose characters stand for one byte each (Avro 1.12, *Complex Types*).
    is_default: bool,
    out: Vec<u8>,
    path: String,
    problems: Vec<JsonProblem>,
}

impl Writer {
    fn problem(&mut self, message: String) {
        self.problems.push(JsonProblem {
            path: self.path.clone(),
            message,
        });
    }

    fn expected(&mut self, schema: &Schema, given: impl fmt::Display) {
        self.problem(format!("expected {schema}, and there is {given}"));
    }

    fn within(&mut self, step: fmt::Arguments<'_>, write: impl FnOnce(&mut Self)) {
        let len = self.path.len();
        self.path.push_str(&step.to_string());
        write(self);
        self.path.truncate(len);
    }

    fn field(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.within(format_args!("{dot}{name}"), write);
    }

    fn value(&mut self, json: &Value, schema: &Schema) {
        match (schema, json) {
            (Schema::Boolean, Value::Bool(value)) => self.out.push(u8::from(*value)),
            (Schema::Long, Value::Number(number)) => match number.as_i64() {
                Some(number) => put::long(&mut self.out, number),
                None => self.expected(schema, "a number with a fraction, or beyond 64 bits"),
            },
            (Schema::Double, _) => match double(json) {
                Some(number) => self.out.extend_from_slice(&number.to_le_bytes()),
                None => self.expected(schema, kind(json)),
            },
            (Schema::String(format), Value::String(text)) => self.text(text, *format, schema),
            (Schema::Enum(list), Value::String(text)) => self.variant(text, list, schema),
            (Schema::Bytes, Value::Array(items)) => match bytes(items) {
                Some(bytes) => put::bytes(&mut self.out, &bytes),
                None => self.expected(schema, "an array of something else than numbers to 255"),
            },
            (Schema::Bytes, Value::String(text)) if self.is_default => match latin_1(text) {
                Some(bytes) => put::bytes(&mut self.out, &bytes),
                None => self.expected(schema, "a text with characters beyond U+00FF"),
            },
            (Schema::Optional(_), Value::Null) => self.out.push(0),
            (Schema::Optional(inner), _) => {
                self.out.push(2);
                self.value(json, inner);
            }
            (Schema::Array(schema), Value::Array(items)) => self.list(items, schema),
            (Schema::Map(schema), Value::Object(entries)) => self.map(entries, schema),
            (Schema::Record(schema), _) => self.record(json, schema),
            _ => self.expected(schema, kind(json)),
        }
    }

    fn text(&mut self, text: &str, format: StringFormat, schema: &Schema) {
        match format {
            StringFormat::DateTime if text.parse::<DateTime>().is_err() => {
                self.expected(schema, "a text that is none");
            }
            StringFormat::Uuid => match text.parse::<Uuid>() {
                // As the type writes it, whatever form it was given in.
                Ok(uuid) => {
                    let mut buffer = Uuid::encode_buffer();
                    let text = uuid.hyphenated().encode_lower(&mut buffer);
                    put::bytes(&mut self.out, text.as_bytes());
                }
                Err(_) => self.expected(schema, "a text that is none"),
            },
            _ => put::bytes(&mut self.out, text.as_bytes()),
        }
    }

    fn variant(&mut self, text: &str, list: &EnumSchema, schema: &Schema) {
        if list.open || list.variants.contains(&text) {
            put::bytes(&mut self.out, text.as_bytes());
        } else {
            self.expected(schema, "another text");
        }
    }

    fn list(&mut self, items: &[Value], schema: &Schema) {
        if !items.is_empty() {
            put::count(&mut self.out, items.len());
        }
        for (index, item) in items.iter().enumerate() {
            self.within(format_args!("[{index}]"), |writer| {
                writer.value(item, schema);
            });
        }
        self.out.push(0);
    }

    fn map(&mut self, entries: &Map<String, Value>, schema: &Schema) {
        if !entries.is_empty() {
            put::count(&mut self.out, entries.len());
        }
        // A feature of serde_json that any crate may turn on keeps them as they were given.
        let mut entries: Vec<_> = entries.iter().collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        for (key, value) in entries {
            put::bytes(&mut self.out, key.as_bytes());
            self.within(format_args!("{{}}"), |writer| writer.value(value, schema));
        }
        self.out.push(0);
    }

    fn record(&mut self, json: &Value, schema: &RecordSchema) {
        let Value::Object(given) = json else {
            let name = schema.name;
            return self.problem(format!("expected {name}, and there is {}", kind(json)));
        };
        for name in given.keys() {
            if !schema.fields.iter().any(|field| field.name == name) {
                let known: Vec<_> = schema.fields.iter().map(|field| field.name).collect();
                let name: String = name.escape_debug().take(64).collect();
                let known = known.join(", ");
                self.problem(format!("no field is called \"{name}\"; there are {known}"));
            }
        }
        for field in schema.fields {
            self.field(field.name, |writer| match given.get(field.name) {
                Some(value) => writer.value(value, field.schema),
                None => writer.missing(field),
            });
        }
    }

    fn missing(&mut self, field: &FieldSchema) {
        match default(field) {
            Some(mut body) => self.out.append(&mut body),
            None => self.problem(format!("expected {}, and it is missing", field.schema)),
        }
    }
}

/// A number, or one of the texts that stand for what JSON does not have.
fn double(json: &Value) -> Option<f64> {
    match json {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

fn bytes(items: &[Value]) -> Option<Vec<u8>> {
    let byte = |item: &Value| u8::try_from(item.as_u64()?).ok();
    items.iter().map(byte).collect()
}

fn latin_1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|char| u8::try_from(char).ok()).collect()
}

fn kind(json: &Value) -> &'static str {
    match json {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
