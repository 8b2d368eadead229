//! Reading a time with serde, without ever repeating a wrong value in the error.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserializer, Error, Unexpected, Visitor};

use super::ParseTimeError;

/// Reads a `T` from its text; `expecting` completes "expected …" where there is no text.
pub(super) fn from_text<'de, D, T>(deserializer: D, expecting: &'static str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = ParseTimeError>,
{
    let text = Text {
        expecting,
        time: PhantomData,
    };
    // Asked for a string, serde_json refuses anything else by itself and shows the value; asked for anything, it
    // leaves the refusal to the visitor. Compact formats often cannot tell what they hold and have to be asked.
    if deserializer.is_human_readable() {
        deserializer.deserialize_any(text)
    } else {
        deserializer.deserialize_str(text)
    }
}

struct Text<T> {
    expecting: &'static str,
    time: PhantomData<T>,
}

impl<T> Text<T> {
    /// serde's own message for a wrong type contains the value, and this may be a payload.
    fn refuse<E: Error>(&self, given: &'static str) -> Result<T, E> {
        Err(E::invalid_type(Unexpected::Other(given), &self.expecting))
    }
}

impl<T: FromStr<Err = ParseTimeError>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
        self.refuse("a boolean")
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<T, E> {
        self.refuse("a number")
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<T, E> {
        self.refuse("a number")
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<T, E> {
        self.refuse("a number")
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<T, E> {
        self.refuse("a number")
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
        self.refuse("a number")
    }
}
