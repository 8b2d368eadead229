//! Reads Avro JSON into the schema model, as `#[event]` does at compile time.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::schema::model::{EnumSchema, FieldSchema, RecordSchema, Schema, StringFormat};

/// The schema of an event, read from the text of a schema file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadSchema {
    /// The event type that the schema is of: its `namespace`.
    pub event_type: String,
    /// The schema.
    pub schema: &'static RecordSchema,
}

/// Reads the text of a schema file. The rules are those of `#[event]`.
///
/// The schema model is made of constants, so what is read here is never freed: this is for tools and tests.
///
/// ```
/// use events_core::schema::folder;
///
/// let read = folder::read_schema(r#"{
///     "name": "CloudEvent",
///     "type": "record",
///     "fields": [{"name": "number", "type": "long"}],
///     "namespace": "org.example.shop.order.placed.v1"
/// }"#)?;
/// assert_eq!(read.event_type, "org.example.shop.order.placed.v1");
/// assert_eq!(read.schema.fields[0].name, "number");
/// # Ok::<(), String>(())
/// ```
///
/// # Errors
/// What is wrong with the text, in words.
pub fn read_schema(text: &str) -> Result<ReadSchema, String> {
    let json =
        serde_json::from_str::<Json>(text).map_err(|problem| format!("not JSON: {problem}"))?;
    schema_of(&json)
}

pub(super) fn schema_of(json: &Json) -> Result<ReadSchema, String> {
    if !matches!(json, Json::Object(_)) {
        return Err("expected the object of an Avro record".to_owned());
    }
    let Some(namespace) = json.get("namespace").and_then(Json::as_str) else {
        return Err("expected a \"namespace\", which is the event type".to_owned());
    };
    let mut reader = Reader {
        namespace,
        records: BTreeMap::new(),
        depth: 0,
    };
    Ok(ReadSchema {
        event_type: namespace.to_owned(),
        schema: reader.record(json, "")?,
    })
}

struct Reader<'a> {
    namespace: &'a str,
    /// Records by name: one that appears again is named only.
    records: BTreeMap<&'static str, &'static RecordSchema>,
    depth: usize,
}

impl Reader<'_> {
    fn record(&mut self, record: &Json, path: &str) -> Result<&'static RecordSchema, String> {
        if record.get("type").and_then(Json::as_str) != Some("record") {
            return Err(at(path, "expected \"type\": \"record\""));
        }
        let name = record
            .get("name")
            .and_then(Json::as_str)
            .ok_or_else(|| at(path, "a record without a \"name\""))?;
        let fields = record
            .get("fields")
            .and_then(Json::as_array)
            .ok_or_else(|| at(path, "a record without a list of \"fields\""))?;
        let mut read = Vec::with_capacity(fields.len());
        let mut names = BTreeSet::new();
        for field in fields {
            let (Some(name), Some(ty)) =
                (field.get("name").and_then(Json::as_str), field.get("type"))
            else {
                return Err(at(path, "a field without \"name\" or \"type\""));
            };
            if !names.insert(name) {
                return Err(at(path, &format!("two fields are called `{name}`")));
            }
            let dot = if path.is_empty() { "" } else { "." };
            let schema = self.schema(ty, &format!("{path}{dot}{name}"))?;
            let mut constant = FieldSchema::new(leak(name), "", leaked(schema));
            match field.get("default") {
                None | Some(Json::Null) => {}
                Some(default) => constant = constant.with_default(leak(&default.to_string())),
            }
            read.push(constant);
        }
        let short = name.rsplit('.').next().unwrap_or(name);
        Ok(leaked(RecordSchema::new(leak(short), "", read.leak())))
    }

    fn schema(&mut self, json: &Json, path: &str) -> Result<Schema, String> {
        if self.depth > 60 {
            return Err(format!("{path}: nested more than 60 deep"));
        }
        self.depth += 1;
        let schema = match json {
            Json::String(name) => self.named(name, path),
            Json::Object(_) => self.object(json, path),
            Json::Array(branches) => self.union(branches, json, path),
            _ => Err(format!("{path}: expected a type")),
        };
        self.depth -= 1;
        schema
    }

    fn named(&self, name: &str, path: &str) -> Result<Schema, String> {
        Ok(match name {
            "boolean" => Schema::Boolean,
            "long" => Schema::Long,
            "double" => Schema::Double,
            "string" => Schema::String(StringFormat::Text),
            "bytes" => Schema::Bytes,
            "int" | "float" | "null" => Schema::Foreign(leak(&format!("\"{name}\""))),
            _ => {
                let name = name
                    .strip_prefix(self.namespace)
                    .and_then(|name| name.strip_prefix('.'))
                    .unwrap_or(name);
                let record = self.records.get(name).ok_or_else(|| {
                    format!(
                        "{path}: `{name}` is neither a type of Avro nor a record defined before"
                    )
                })?;
                Schema::Record(record)
            }
        })
    }

    fn object(&mut self, object: &Json, path: &str) -> Result<Schema, String> {
        let Some(ty) = object.get("type") else {
            return Err(format!("{path}: a type without \"type\""));
        };
        let inner = |key: &str| {
            object
                .get(key)
                .ok_or_else(|| format!("{path}: expected \"{key}\""))
        };
        match ty.as_str() {
            Some("record") => {
                let record = self.record(object, path)?;
                self.records.insert(record.name, record);
                Ok(Schema::Record(record))
            }
            Some("array") => {
                let items = self.schema(inner("items")?, &format!("{path}[]"))?;
                Ok(Schema::Array(leaked(items)))
            }
            Some("map") => {
                let values = self.schema(inner("values")?, &format!("{path}{{}}"))?;
                Ok(Schema::Map(leaked(values)))
            }
            Some("string") if object.get("variants").is_some() => variants(object, path),
            Some("enum" | "fixed") => Ok(foreign(object)),
            // `{"type": "long"}`, with or without attributes such as a logical type.
            _ => self.schema(ty, path),
        }
    }

    fn union(&mut self, branches: &[Json], json: &Json, path: &str) -> Result<Schema, String> {
        match branches {
            [Json::String(null), inner] if null == "null" => {
                Ok(Schema::Optional(leaked(self.schema(inner, path)?)))
            }
            _ => Ok(foreign(json)),
        }
    }
}

fn variants(object: &Json, path: &str) -> Result<Schema, String> {
    let variants = object.get("variants").and_then(Json::as_array);
    let variants: Option<Vec<_>> = variants.and_then(|variants| {
        variants
            .iter()
            .map(|variant| Some(leak(variant.as_str()?)))
            .collect()
    });
    let Some(variants) = variants else {
        return Err(format!(
            "{path}: expected \"variants\" to be a list of texts"
        ));
    };
    let open = object.get("unknown").and_then(Json::as_str) == Some("kept");
    Ok(Schema::Enum(leaked(EnumSchema::new(
        "",
        "",
        variants.leak(),
        open,
    ))))
}

/// A problem with its place, which is empty for the event itself.
fn at(path: &str, problem: &str) -> String {
    if path.is_empty() {
        problem.to_owned()
    } else {
        format!("{path}: {problem}")
    }
}

fn foreign(json: &Json) -> Schema {
    Schema::Foreign(leak(&json.to_string()))
}

fn leak(text: &str) -> &'static str {
    String::from(text).leak()
}

fn leaked<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}
