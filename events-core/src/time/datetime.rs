//! A time in a payload.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::de::from_text;
use super::isoformat::{self, Parts};
use super::timestamp::micros;
use super::{ParseTimeError, Timestamp};

/// A date and time of a payload: naive or with any offset, kept exactly as it was written.
///
/// It is read with Python 3.12's `datetime.fromisoformat`, the parser of the reference, and keeps the given text byte
/// for byte. Nothing is rewritten on the way through: what arrived is what leaves. To send what the reference itself
/// would send, write what Python's `isoformat()` writes (microseconds not at all or with six digits,
/// `+HH:MM[:SS[.ffffff]]`); [`From<Timestamp>`](#impl-From<Timestamp>-for-DateTime) does.
///
/// Two values are equal when their texts are: `14:00Z` and `14:00+00:00` are one instant and two values, as they are
/// on the wire. The order agrees with that: by instant (a naive time counts as UTC), then by text. Compare instants
/// with [`to_timestamp`](Self::to_timestamp).
///
/// A clone shares the text.
///
/// ```
/// use events_core::DateTime;
///
/// let time: DateTime = "2024-06-11T14:12:45+05:53:28".parse()?;
/// assert_eq!(time.as_str(), "2024-06-11T14:12:45+05:53:28");
/// assert_eq!((time.year(), time.hour(), time.offset()), (2024, 14, Some(21_208_000_000)));
/// # Ok::<(), events_core::ParseTimeError>(())
/// ```
#[derive(Clone)]
pub struct DateTime {
    text: Arc<str>,
    parts: Parts,
}

impl DateTime {
    /// The text, as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The year, 1 to 9999. Like the month, day and so on it is the local one, as written.
    pub fn year(&self) -> u16 {
        self.parts.civil.year().unsigned_abs()
    }

    /// The month, 1 to 12.
    pub fn month(&self) -> u8 {
        self.parts.civil.month().unsigned_abs()
    }

    /// The day of the month, 1 to 31.
    pub fn day(&self) -> u8 {
        self.parts.civil.day().unsigned_abs()
    }

    /// The hour, 0 to 23.
    pub fn hour(&self) -> u8 {
        self.parts.civil.hour().unsigned_abs()
    }

    /// The minute, 0 to 59.
    pub fn minute(&self) -> u8 {
        self.parts.civil.minute().unsigned_abs()
    }

    /// The second, 0 to 59: Python knows no leap seconds.
    pub fn second(&self) -> u8 {
        self.parts.civil.second().unsigned_abs()
    }

    /// The microsecond, 0 to 999,999. Further digits of the text are not in it.
    pub fn microsecond(&self) -> u32 {
        self.parts.civil.subsec_nanosecond().unsigned_abs() / 1000
    }

    /// The offset in microseconds, positive east of UTC and less than a day either way; `None` for a naive time.
    ///
    /// It is what Python makes of the text, which takes an offset of less than one second for UTC.
    pub fn offset(&self) -> Option<i64> {
        self.parts.offset
    }

    /// Whether there is no offset, so that the instant is anyone's guess.
    pub fn is_naive(&self) -> bool {
        self.parts.offset.is_none()
    }

    /// The instant; `None` when the time is naive, or when its offset leads out of the years 1 to 9999.
    pub fn to_timestamp(&self) -> Option<Timestamp> {
        self.parts.offset?;
        Timestamp::from_micros(micros(self.parts))
    }
}

/// Reads what Python 3.12's `datetime.fromisoformat` reads, and keeps the text.
///
/// # Errors
///
/// [`ParseTimeError`] where Python would raise. The message does not repeat the text.
impl FromStr for DateTime {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, ParseTimeError> {
        let parts = isoformat::parse(text)?;
        Ok(Self {
            text: text.into(),
            parts,
        })
    }
}

/// The instant in UTC, written as Python's `isoformat()` writes it.
impl From<Timestamp> for DateTime {
    fn from(time: Timestamp) -> Self {
        Self {
            text: time.text().as_str().into(),
            parts: time.parts(),
        }
    }
}

/// The text, as it was given.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

impl AsRef<str> for DateTime {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl PartialEq for DateTime {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for DateTime {}

impl Hash for DateTime {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl PartialOrd for DateTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By instant, then by text; see the type.
impl Ord for DateTime {
    fn cmp(&self, other: &Self) -> Ordering {
        micros(self.parts)
            .cmp(&micros(other.parts))
            .then_with(|| self.text.cmp(&other.text))
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "a date and time as text")
    }
}
