//! A body as JSON, by its schema.

use events_core::{RecordSchema, Schema};
use serde_json::{Map, Number, Value};

use super::error::{DecodeError, Failure};
use super::fault::Fault;
use super::input::{Blocks, Input};
use super::path::{Place, Step, Trace};

/// Shows a body of this layout as JSON, in the form in which the event itself serializes into JSON: bytes are an array
/// of numbers. A number that JSON does not have is one of the texts `NaN`, `Infinity` and `-Infinity`.
///
/// # Errors
/// When the body is not of this layout.
///
/// ```
/// use events_bus::wire;
/// use events_core::{Event, event};
///
/// #[event(type = "org.example.shop.cart.emptied.v1")]
/// struct CartEmptied {
///     cart_id: i64,
///     reason: Option<String>,
/// }
///
/// let body = wire::encode(&CartEmptied { cart_id: 17, reason: None })?;
/// let json = wire::to_json(&body, CartEmptied::INFO.schema)?;
/// assert_eq!(json.to_string(), r#"{"cart_id":17,"reason":null}"#);
/// assert_eq!(wire::from_json(&json, CartEmptied::INFO.schema)?, body);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_json(body: &[u8], schema: &RecordSchema) -> Result<Value, DecodeError> {
    let mut reader = Reader {
        input: Input::new(body),
        place: Place::default(),
    };
    let value = reader.record(schema).and_then(|value| {
        reader.place.at(reader.input.left(), None);
        reader.input.end()?;
        Ok(value)
    });
    value.map_err(|fault| DecodeError::of_value(Failure::new(&reader.place, body.len(), fault)))
}

struct Reader<'de> {
    input: Input<'de>,
    /// Where it is; after an error, where the error is.
    place: Place,
}

impl Reader<'_> {
    fn value(&mut self, schema: &Schema) -> Result<Value, Fault> {
        self.place.at(self.input.left(), Some(schema));
        Ok(match schema {
            Schema::Boolean => self.input.boolean()?.into(),
            Schema::Long => self.input.long()?.into(),
            Schema::Double => double(self.input.double()?),
            Schema::String(_) | Schema::Enum(_) => self.input.text()?.into(),
            Schema::Bytes => self.input.bytes()?.into(),
            Schema::Optional(inner) => {
                if self.input.is_some()? {
                    self.value(inner)?
                } else {
                    Value::Null
                }
            }
            Schema::Array(items) => self.list(items)?,
            Schema::Map(values) => self.map(values)?,
            Schema::Record(schema) => self.record(schema)?,
            _ => return Err(Fault::OutsideModel),
        })
    }

    fn record(&mut self, schema: &RecordSchema) -> Result<Value, Fault> {
        self.input.enter()?;
        let mut fields = Map::new();
        for field in schema.fields {
            self.place.enter(Step::Field(field.name));
            fields.insert(field.name.to_owned(), self.value(field.schema)?);
            self.place.leave();
        }
        self.input.leave();
        Ok(Value::Object(fields))
    }

    fn list(&mut self, schema: &Schema) -> Result<Value, Fault> {
        self.input.enter()?;
        let mut items = Vec::new();
        let mut blocks = Blocks::new(&mut self.input)?;
        while blocks.next(&mut self.input)? {
            self.place.enter(Step::Item(items.len()));
            items.push(self.value(schema)?);
            self.place.leave();
            self.place.at(self.input.left(), None);
        }
        self.input.leave();
        Ok(Value::Array(items))
    }

    fn map(&mut self, schema: &Schema) -> Result<Value, Fault> {
        self.input.enter()?;
        let mut entries = Map::new();
        let mut blocks = Blocks::new(&mut self.input)?;
        while blocks.next(&mut self.input)? {
            self.place.enter(Step::Value);
            let key = self.input.text()?.to_owned();
            let value = self.value(schema)?;
            entries.insert(key, value);
            self.place.leave();
            self.place.at(self.input.left(), None);
        }
        self.input.leave();
        Ok(Value::Object(entries))
    }
}

/// `NaN`, `Infinity` and `-Infinity` as texts.
fn double(number: f64) -> Value {
    match Number::from_f64(number) {
        Some(number) => Value::Number(number),
        None if number.is_nan() => "NaN".into(),
        None if number > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}
