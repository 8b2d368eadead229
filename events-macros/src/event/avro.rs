//! Reads Avro JSON into the constant of the schema model.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::{Map, Value};

/// A `&RecordSchema` for the schema of an event, or what is wrong with it. Expects `__private` in scope.
pub(super) fn constant(text: &str, event_type: &str) -> Result<TokenStream, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    let Value::Object(record) = &value else {
        return Err("expected the object of an Avro record".to_owned());
    };
    match record.get("namespace").and_then(Value::as_str) {
        Some(namespace) if namespace == event_type => {}
        Some(namespace) => {
            return Err(format!(
                "it is the schema of `{namespace}`, by its `namespace`"
            ));
        }
        None => return Err(format!("expected \"namespace\": \"{event_type}\"")),
    }
    let mut reader = Reader {
        namespace: event_type,
        records: HashMap::new(),
        depth: 0,
    };
    let (name, fields) = reader.record(record, "")?;
    Ok(quote!(&__private::RecordSchema::new(#name, "", &[#(#fields),*])))
}

struct Reader<'a> {
    namespace: &'a str,
    /// Records by name: one that appears again is named only.
    records: HashMap<String, TokenStream>,
    depth: usize,
}

impl Reader<'_> {
    fn record(
        &mut self,
        record: &Map<String, Value>,
        path: &str,
    ) -> Result<(String, Vec<TokenStream>), String> {
        if record.get("type").and_then(Value::as_str) != Some("record") {
            return Err(at(path, "expected \"type\": \"record\""));
        }
        let name = record
            .get("name")
            .and_then(Value::as_str)
            .ok_or_else(|| at(path, "a record without a \"name\""))?;
        let fields = record
            .get("fields")
            .and_then(Value::as_array)
            .ok_or_else(|| at(path, "a record without a list of \"fields\""))?;
        let mut constants = Vec::with_capacity(fields.len());
        let mut names = std::collections::HashSet::new();
        for field in fields {
            let (Some(name), Some(ty)) =
                (field.get("name").and_then(Value::as_str), field.get("type"))
            else {
                return Err(at(path, "a field without \"name\" or \"type\""));
            };
            if !names.insert(name) {
                return Err(at(path, &format!("two fields are called `{name}`")));
            }
            let dot = if path.is_empty() { "" } else { "." };
            let schema = self.schema(ty, &format!("{path}{dot}{name}"))?;
            let default = field.get("default").filter(|default| !default.is_null());
            let default = default.map(|value| {
                let json = value.to_string();
                quote!(.with_default(#json))
            });
            constants.push(quote!(__private::FieldSchema::new(#name, "", #schema)#default));
        }
        Ok((short(name).to_owned(), constants))
    }

    /// A `&Schema`.
    fn schema(&mut self, value: &Value, path: &str) -> Result<TokenStream, String> {
        if self.depth > 60 {
            return Err(format!("{path}: nested more than 60 deep"));
        }
        self.depth += 1;
        let schema = match value {
            Value::String(name) => self.named(name, path),
            Value::Object(object) => self.object(object, value, path),
            Value::Array(branches) => self.union(branches, value, path),
            _ => Err(format!("{path}: expected a type")),
        };
        self.depth -= 1;
        schema
    }

    fn named(&self, name: &str, path: &str) -> Result<TokenStream, String> {
        Ok(match name {
            "boolean" => quote!(&__private::Schema::Boolean),
            "long" => quote!(&__private::Schema::Long),
            "double" => quote!(&__private::Schema::Double),
            "string" => quote!(&__private::Schema::String(__private::StringFormat::Text)),
            "bytes" => quote!(&__private::Schema::Bytes),
            "int" | "float" | "null" => {
                let json = format!("\"{name}\"");
                quote!(&__private::Schema::Foreign(#json))
            }
            _ => {
                let name = name
                    .strip_prefix(self.namespace)
                    .and_then(|name| name.strip_prefix('.'))
                    .unwrap_or(name);
                let record = self.records.get(name);
                record.cloned().ok_or_else(|| {
                    format!(
                        "{path}: `{name}` is neither a type of Avro nor a record defined before"
                    )
                })?
            }
        })
    }

    fn object(
        &mut self,
        object: &Map<String, Value>,
        value: &Value,
        path: &str,
    ) -> Result<TokenStream, String> {
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
                let (name, fields) = self.record(object, path)?;
                let constant = quote!(&__private::Schema::Record(
                    &__private::RecordSchema::new(#name, "", &[#(#fields),*])
                ));
                self.records.insert(name, constant.clone());
                Ok(constant)
            }
            Some("array") => {
                let items = self.schema(inner("items")?, &format!("{path}[]"))?;
                Ok(quote!(&__private::Schema::Array(#items)))
            }
            Some("map") => {
                let values = self.schema(inner("values")?, &format!("{path}{{}}"))?;
                Ok(quote!(&__private::Schema::Map(#values)))
            }
            Some("string") if object.contains_key("variants") => variants(object, path),
            Some("enum" | "fixed") => {
                let json = value.to_string();
                Ok(quote!(&__private::Schema::Foreign(#json)))
            }
            // `{"type": "long"}`, with or without attributes such as a logical type.
            _ => self.schema(ty, path),
        }
    }

    fn union(
        &mut self,
        branches: &[Value],
        value: &Value,
        path: &str,
    ) -> Result<TokenStream, String> {
        match branches {
            [Value::String(null), inner] if null == "null" => {
                let inner = self.schema(inner, path)?;
                Ok(quote!(&__private::Schema::Optional(#inner)))
            }
            _ => {
                let json = value.to_string();
                Ok(quote!(&__private::Schema::Foreign(#json)))
            }
        }
    }
}

fn variants(object: &Map<String, Value>, path: &str) -> Result<TokenStream, String> {
    let variants = object.get("variants").and_then(Value::as_array);
    let variants: Option<Vec<_>> =
        variants.and_then(|variants| variants.iter().map(Value::as_str).collect());
    let Some(variants) = variants else {
        return Err(format!(
            "{path}: expected \"variants\" to be a list of texts"
        ));
    };
    let open = object.get("unknown").and_then(Value::as_str) == Some("kept");
    Ok(quote!(&__private::Schema::Enum(
        &__private::EnumSchema::new("", "", &[#(#variants),*], #open)
    )))
}

/// A problem with its place, which is empty for the event itself.
fn at(path: &str, problem: &str) -> String {
    if path.is_empty() {
        problem.to_owned()
    } else {
        format!("{path}: {problem}")
    }
}

/// The name of a record without its namespace.
fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
