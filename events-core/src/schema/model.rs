//! The schema model: what a type looks like on the wire, as constants.

use core::fmt;

/// The schema of a type that an event can carry. Its parts are constants, so that the compiler can compare schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Schema {
    /// `bool`; Avro `boolean`.
    Boolean,
    /// `i64`; Avro `long`.
    Long,
    /// `f64`; Avro `double`.
    Double,
    /// Text; Avro `string`.
    String(StringFormat),
    /// [`Bytes`](crate::Bytes); Avro `bytes`.
    Bytes,
    /// `Option<T>`; Avro union of `null` and `T` with `null` as default.
    Optional(&'static Self),
    /// `Vec<T>`; Avro `array`.
    Array(&'static Self),
    /// `BTreeMap<String, T>`; Avro `map`.
    Map(&'static Self),
    /// A struct; Avro `record`.
    Record(&'static RecordSchema),
    /// An enum without payload, which travels as the name of its variant; Avro `string`.
    Enum(&'static EnumSchema),
    /// A type that a schema file has and no Rust type: its Avro JSON, without spaces.
    Foreign(&'static str),
}

/// What the text of a [`Schema::String`] means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StringFormat {
    /// Any text.
    Text,
    /// A date and time in the form of Python's `datetime.isoformat()`.
    DateTime,
    /// A UUID with hyphens.
    Uuid,
    /// A type of its own that travels as text, with its Rust name.
    Custom(&'static str),
}

/// A struct: its name on the wire and its fields in their order, which is the order on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordSchema {
    /// The record's name on the wire: the Rust name unless `#[event_data(name = "…")]` says otherwise.
    pub name: &'static str,
    /// The documentation of the Rust type.
    pub doc: &'static str,
    /// The fields in order.
    pub fields: &'static [FieldSchema],
}

/// A field of a [`RecordSchema`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldSchema {
    /// The field's name on the wire.
    pub name: &'static str,
    /// The documentation of the Rust field.
    pub doc: &'static str,
    /// The field's schema.
    pub schema: &'static Schema,
    /// What a reader takes where the field is not there, as JSON: `#[event_data(default = …)]`. An optional field has
    /// `null` whatever stands here.
    pub default: Option<&'static str>,
    /// Whether the field holds personal data: `#[event_data(pii)]`.
    pub personal: bool,
}

/// An enum without payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnumSchema {
    /// The enum's name.
    pub name: &'static str,
    /// The documentation of the Rust type.
    pub doc: &'static str,
    /// The names of the variants on the wire, in order.
    pub variants: &'static [&'static str],
    /// Whether a reader keeps names that are not in the list: the enum has a variant `#[event_data(unknown)]`.
    pub open: bool,
}

impl RecordSchema {
    /// Called by the derive.
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        doc: &'static str,
        fields: &'static [FieldSchema],
    ) -> Self {
        Self { name, doc, fields }
    }
}

impl RecordSchema {
    /// Whether one of the fields, at any depth, holds [personal data](FieldSchema::personal).
    pub fn has_personal_data(&self) -> bool {
        self.fields.iter().any(|field| {
            field.personal || field.schema.record().is_some_and(Self::has_personal_data)
        })
    }
}

impl FieldSchema {
    /// Called by the derive.
    #[doc(hidden)]
    pub const fn new(name: &'static str, doc: &'static str, schema: &'static Schema) -> Self {
        Self {
            name,
            doc,
            schema,
            default: None,
            personal: false,
        }
    }

    /// Called by the derive.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_default(mut self, json: &'static str) -> Self {
        self.default = Some(json);
        self
    }

    /// Called by the derive.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_personal_data(mut self) -> Self {
        self.personal = true;
        self
    }

    /// Whether a reader has a value for the field where it is not there.
    pub const fn has_default(&self) -> bool {
        self.default.is_some() || matches!(self.schema, Schema::Optional(_))
    }
}

impl EnumSchema {
    /// Called by the derive.
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        doc: &'static str,
        variants: &'static [&'static str],
        open: bool,
    ) -> Self {
        Self {
            name,
            doc,
            variants,
            open,
        }
    }
}

impl Schema {
    /// The record inside, through `Option`, `Vec` and maps.
    pub const fn record(&self) -> Option<&'static RecordSchema> {
        match self {
            Self::Record(record) => Some(record),
            Self::Optional(inner) | Self::Array(inner) | Self::Map(inner) => inner.record(),
            _ => None,
        }
    }
}

/// The default of `#[event_data(default)]`, as JSON.
///
/// # Panics
/// Where the schema has no value that is empty.
#[doc(hidden)]
#[track_caller]
pub const fn zero(schema: &Schema) -> &'static str {
    match schema {
        Schema::Boolean => "false",
        Schema::Long => "0",
        Schema::Double => "0.0",
        Schema::String(StringFormat::Text) | Schema::Bytes => "\"\"",
        Schema::Optional(_) => "null",
        Schema::Array(_) => "[]",
        Schema::Map(_) => "{}",
        _ => panic!(
            "only `bool`, `i64`, `f64`, `String`, `Bytes`, `Vec` and maps have a `default` without a value; make the \
             field an `Option`"
        ),
    }
}

/// The type as a short text: `long`, `optional string`, `array of UserData`.
impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("boolean"),
            Self::Long => f.write_str("long"),
            Self::Double => f.write_str("double"),
            Self::String(StringFormat::Text) => f.write_str("string"),
            Self::String(StringFormat::DateTime) => f.write_str("string (date-time)"),
            Self::String(StringFormat::Uuid) => f.write_str("string (uuid)"),
            Self::String(StringFormat::Custom(name)) => write!(f, "string ({name})"),
            Self::Bytes => f.write_str("bytes"),
            Self::Optional(inner) => write!(f, "optional {inner}"),
            Self::Array(inner) => write!(f, "array of {inner}"),
            Self::Map(inner) => write!(f, "map of {inner}"),
            Self::Record(record) => f.write_str(record.name),
            Self::Enum(schema) => {
                let open = if schema.open { " | …" } else { "" };
                write!(f, "string ({}{open})", schema.variants.join(" | "))
            }
            Self::Foreign(json) => f.write_str(json),
        }
    }
}
