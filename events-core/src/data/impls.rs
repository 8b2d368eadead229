//! [`EventData`] for the types of the standard library and the scalars of this crate.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Bytes, EventData};
use crate::schema::{Schema, StringFormat};
use crate::time::DateTime;

macro_rules! scalars {
    ($($scalar:ty => $schema:expr),* $(,)?) => {
        $(impl EventData for $scalar {
            const SCHEMA: &'static Schema = &$schema;
        })*
    };
}

scalars! {
    bool => Schema::Boolean,
    i64 => Schema::Long,
    f64 => Schema::Double,
    String => Schema::String(StringFormat::Text),
    Bytes => Schema::Bytes,
    DateTime => Schema::String(StringFormat::DateTime),
    Uuid => Schema::String(StringFormat::Uuid),
}

impl<T: EventData> EventData for Option<T> {
    const SCHEMA: &'static Schema = &Schema::Optional(T::SCHEMA);
}

impl<T: EventData> EventData for Vec<T> {
    const SCHEMA: &'static Schema = &Schema::Array(T::SCHEMA);
}

impl<T: EventData> EventData for BTreeMap<String, T> {
    const SCHEMA: &'static Schema = &Schema::Map(T::SCHEMA);
}
