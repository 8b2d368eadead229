//! The version of the library that sent an event.

use std::borrow::Cow;
use std::fmt;

use serde::ser::{Serialize, SerializeSeq, Serializer};

/// The version of the sender's events library: `[10, 5, 0]` in JSON, `10.5.0` in a header and as `Display`.
///
/// The default is the version of this crate.
///
/// The reference holds a tuple and makes one of whatever it reads. So do we, without loss, for everything a version
/// may be: a list of integers, of strings, of both, an empty list, and a string, which Python makes a tuple of its
/// characters. The one difference: a list with anything else in it (lists, objects, fractions, booleans, `null`,
/// integers beyond 64 bits) is refused, where the reference carries it along.
///
/// ```
/// use events_core::SourceLib;
///
/// assert_eq!(SourceLib::from([10, 5, 0]).to_string(), "10.5.0");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SourceLib(Cow<'static, [SourceLibPart]>);

/// One part of a version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceLibPart {
    /// A number, which is what every part of a sound version is.
    Number(i64),
    /// A text. Senders that are not the reference send such.
    Text(Box<str>),
}

/// This crate's version. A static, so that the default of every send borrows it.
pub(super) static OWN: SourceLib = SourceLib(Cow::Borrowed(&[
    SourceLibPart::Number(number(env!("CARGO_PKG_VERSION_MAJOR"))),
    SourceLibPart::Number(number(env!("CARGO_PKG_VERSION_MINOR"))),
    SourceLibPart::Number(number(env!("CARGO_PKG_VERSION_PATCH"))),
]));

/// Cargo's own digits, read by the compiler.
const fn number(text: &str) -> i64 {
    match i64::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => 0,
    }
}

impl SourceLib {
    /// The parts in order.
    pub fn parts(&self) -> &[SourceLibPart] {
        &self.0
    }

    /// What the reference makes of a string: a tuple of its characters.
    pub(super) fn from_characters(text: &str) -> Self {
        let mut utf8 = [0; 4];
        text.chars()
            .map(|char| SourceLibPart::Text((&*char.encode_utf8(&mut utf8)).into()))
            .collect()
    }
}

/// The version of this crate.
impl Default for SourceLib {
    fn default() -> Self {
        OWN.clone()
    }
}

impl<const N: usize> From<[i64; N]> for SourceLib {
    fn from(numbers: [i64; N]) -> Self {
        numbers.into_iter().collect()
    }
}

impl From<Vec<SourceLibPart>> for SourceLib {
    fn from(parts: Vec<SourceLibPart>) -> Self {
        Self(Cow::Owned(parts))
    }
}

impl FromIterator<i64> for SourceLib {
    fn from_iter<I: IntoIterator<Item = i64>>(numbers: I) -> Self {
        numbers.into_iter().map(SourceLibPart::Number).collect()
    }
}

impl FromIterator<SourceLibPart> for SourceLib {
    fn from_iter<I: IntoIterator<Item = SourceLibPart>>(parts: I) -> Self {
        Self(parts.into_iter().collect())
    }
}

/// The form of the bus's header: the parts with dots between them, as Python's `".".join(map(str, sourcelib))`.
impl fmt::Display for SourceLib {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, part) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(".")?;
            }
            part.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for SourceLib {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|part| match part {
                SourceLibPart::Number(number) => number as &dyn fmt::Debug,
                SourceLibPart::Text(text) => text,
            }))
            .finish()
    }
}

impl fmt::Display for SourceLibPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => fmt::Display::fmt(number, f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// A list of numbers and strings, as it was read.
impl Serialize for SourceLib {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for part in self.0.iter() {
            match part {
                SourceLibPart::Number(number) => list.serialize_element(number)?,
                SourceLibPart::Text(text) => list.serialize_element(text)?,
            }
        }
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_this_crates_version_and_borrowed() {
        let own = SourceLib::default();
        assert_eq!(
            own.to_string(),
            env!("CARGO_PKG_VERSION")
                .split(['-', '+'])
                .next()
                .expect("a version")
        );
        assert!(matches!(own.0, Cow::Borrowed(_)));
    }

    #[test]
    fn a_string_is_its_characters() {
        let characters = SourceLib::from_characters("1.é");
        assert_eq!(format!("{characters:?}"), r#"["1", ".", "é"]"#);
        assert_eq!(characters.to_string(), "1...é");
    }
}
